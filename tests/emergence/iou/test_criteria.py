"""Which filters each criterion calls detectors, and how far they agree, against a plain count."""

import dataclasses

import numpy as np
import pytest
from scipy.stats import spearmanr

from partsjax.emergence.iou import FilterIou, compared_criteria
from partsjax.emergence.verdict import Verdict

PARTS = [("horse", "head"), ("horse", "leg"), ("dog", "ear"), ("dog", "tail")]


def verdicts(best: list[int | None], members: list[tuple[int, ...]], beyond: list[bool]) -> list[Verdict]:
    return [
        Verdict("conv5", *names, 30, 30, f, combination=of, q_value=0.01 if found else 0.9)
        for names, f, of, found in zip(PARTS, best, members, beyond, strict=True)
    ]


def random_iou(filters: int, seed: int = 0) -> tuple[FilterIou, np.ndarray]:
    """IoU, and AP that goes with it."""
    random = np.random.default_rng(seed)
    common = random.random((filters, len(PARTS)))
    train, val, ap = (
        (scale * (common + 0.3 * random.random(common.shape)) ** 3).astype(np.float32)
        for scale in (0.05, 0.05, 0.5)
    )
    return FilterIou(np.ones(filters, np.float32), train, val), ap


def test_detectors_by_each_criterion():
    nan = np.nan
    train = np.array([[0.05, 0.01, 0.2, nan], [0.03, 0.02, 0, nan], [0.06, 0.05, 0, nan], [0] * 3 + [nan]])
    val = np.array([[0.9, 0, 0.04, nan], [0.9, 0.9, 0.9, nan], [0.05, 0, 0, nan], [0.1, 0, 0, nan]])
    iou = FilterIou(np.ones(4), train.astype(np.float32), val.astype(np.float32))
    said = verdicts([2, 2, 0, None], [(1, 2), (3,), (0,), ()], [True, False, True, False])
    found = compared_criteria(said, np.zeros((4, 4)), iou, {"random": iou}, 0)
    assert found.iou_parts == ("dog:ear", "horse:head", "horse:head", "")
    assert found.iou_train == (0, 2)
    assert found.iou_val == (1, 2)  # the first is at 0.04, not over it
    assert found.serving == (0, 1, 2)
    assert (found.both, found.iou_alone, found.serving_alone) == ((1, 2), (), (0,))
    assert found.same_part == 2
    assert found.null_detectors == {"random": (2, 2)}
    assert np.isnan(found.agreement.value)  # all APs are 0
    assert [part.by_iou for part in found.parts] == [2, 2, 0]  # the fourth was not fitted
    assert found.figures["agreement"] == [None] * 3


def test_the_same_part_is_the_one_it_serves():
    iou, ap = random_iou(6)
    best = int(iou.train[:, 0].argmax())
    train = iou.train.copy()
    train[best] = [0.9, 0, 0, 0]
    iou = dataclasses.replace(iou, train=train, val=train)
    for beyond, same in (([True, False, False, False], 1), ([False, True, False, False], 0)):
        said = verdicts([best] * 4, [(best,)] * 4, beyond)
        found = compared_criteria(said, ap, iou, {}, 0)
        assert best in found.both and found.same_part == same


def test_agreement_is_the_mean_rank_correlation():
    iou, ap = random_iou(80)
    ap[::9] = 0  # ties
    iou.val[:, 2] = 0  # a part that is nowhere found
    found = compared_criteria(verdicts([0] * 4, [()] * 4, [False] * 4), ap, iou, {}, 0)
    expected = [spearmanr(ap[:, p], iou.val[:, p]).statistic for p in (0, 1, 3)]
    np.testing.assert_allclose([found.parts[p].agreement for p in (0, 1, 3)], expected, atol=1e-6)
    assert np.isnan(found.parts[2].agreement)
    assert found.agreement.value == pytest.approx(np.mean(expected), abs=1e-6)
    assert found.agreement.low < found.agreement.value < found.agreement.high


@pytest.mark.slow
def test_the_interval_covers():
    """Layers of 60 filters out of one large one: its agreement is in about 95 of 100 intervals."""
    iou, ap = random_iou(20_000)
    said = verdicts([0] * 4, [()] * 4, [False] * 4)[:1]
    true = compared_criteria(said, ap[:, :1], one_part(iou, slice(None)), {}, 0).agreement.value
    covered = 0
    for start in range(0, 50 * 60, 60):
        some = slice(start, start + 60)
        agreement = compared_criteria(said, ap[some, :1], one_part(iou, some), {}, 0).agreement
        covered += agreement.low <= true <= agreement.high
    assert covered >= 44


def one_part(iou: FilterIou, filters: slice) -> FilterIou:
    return FilterIou(iou.thresholds[filters], iou.train[filters, :1], iou.val[filters, :1])


def test_figures_are_held_out_and_filters_chosen_on_train():
    iou, ap = random_iou(30)
    said = verdicts([4, 5, 6, 7], [()] * 4, [False] * 4)
    for p, part in enumerate(compared_criteria(said, ap, iou, {}, 0).parts):
        chosen = int(iou.train[:, p].argmax())
        assert (part.by_iou, part.iou, part.iou_ap) == (chosen, iou.val[chosen, p], ap[chosen, p])
        assert (part.by_ap, part.ap, part.ap_iou) == (4 + p, ap[4 + p, p], iou.val[4 + p, p])
