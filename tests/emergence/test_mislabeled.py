"""Detections judged with wrong labels: against the plain method, and detectors that were planted."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partsjax.data.crops import Truth
from partsjax.emergence.changed_truth import extra, missing
from partsjax.emergence.estimate import Estimate
from partsjax.emergence.ground import Ground
from partsjax.emergence.method import Method
from partsjax.emergence.mislabeled import detector_figures, part_sanity
from partsjax.emergence.place_prior import PriorDetections
from partsjax.emergence.sanity import score_sanities
from tests.emergence.bare_crops import bare_crops
from tests.emergence.examined import ALL_SEARCHES, examined, split
from tests.emergence.test_scoring import padded, plain_truth
from tests.emergence.test_verdict import verdict
from tests.plain import verdict as plain
from tests.plain.average_precision import average_precision
from tests.plain.detections import overlapped


def plainly(found: PriorDetections, truth: Truth) -> tuple[float, float]:
    """AP and hit rate, crop by crop."""
    numbers, first, difficult, boxes, scores, usable = np.full(len(found.scores), -1), 0, [], [], [], []
    for crop in range(truth.valid.shape[-1]):
        there = truth.valid[0, :, crop]
        of_crop, here = truth.boxes[:, 0, there, crop].T, found.crops == crop
        hard = truth.difficult[0, there, crop]
        local = overlapped(found.boxes[here], of_crop)
        numbers[here] = np.where(local >= 0, local + first, -1)
        counted = np.array([n < 0 or not hard[n] for n in local], bool)
        first += len(of_crop)
        difficult.append(hard)
        boxes.append(found.boxes[here][counted])
        scores.append(found.scores[here][counted])
        usable.append(of_crop[~hard])
    ap = average_precision(found.scores, numbers, np.concatenate(difficult))
    return ap, plain.hit_rate(boxes, scores, usable)


def random_detections(truth: Truth, seed: int) -> PriorDetections:
    """Three a crop, some near a box of the first part; scores all different, descending."""
    random, crops = np.random.default_rng(seed), truth.valid.shape[-1]
    near = truth.boxes[:, 0].transpose(2, 1, 0) + random.normal(0, 2, (crops, 3, 4)).astype(np.float32)
    order = random.permutation(3 * crops)
    boxes = near.reshape(-1, 4)[order]
    boxes = np.concatenate([boxes[:, :2], np.maximum(boxes[:, 2:], boxes[:, :2] + 1)], axis=1)
    return PriorDetections(
        boxes, np.sort(random.random(3 * crops))[::-1], np.repeat(np.arange(crops), 3)[order]
    )


@settings(max_examples=30)
@given(st.integers(0, 2**31 - 1))
def test_figures_are_those_of_the_plain_method(seed):
    truth = padded(plain_truth(9, 1, seed))
    truth.difficult[:] = truth.valid & (np.random.default_rng(seed).random(truth.valid.shape) < 0.2)
    found = random_detections(truth, seed)
    for labels in (truth, missing(truth, (seed, 0)), extra(truth, 64, (seed, 0))):
        np.testing.assert_allclose(
            detector_figures(found, labels, Method()), plainly(found, labels), atol=1e-9
        )


def planted(crops: int = 60) -> tuple[PriorDetections, Ground]:
    """A detector that finds every box of a part and nothing else, surest of any as it comes."""
    truth = padded([[boxes[:1]] for (boxes,) in plain_truth(crops, 1, 3)])
    there = np.flatnonzero(truth.valid[0, 0])
    boxes = truth.boxes[:, 0, 0, there].T
    crops = bare_crops(truth, boxes=np.tile([16.0, 16, 48, 48], (crops, 1)))
    ground = Ground(crops, crops, Method(), 0, sanity=True)
    return PriorDetections(boxes, -np.arange(len(there), dtype=float), there), ground


def test_a_perfect_detectors_ap_falls_and_a_score_that_reads_no_label_is_named():
    found, ground = planted()
    perfect = Estimate(1.0, 1.0, 1.0)
    of = verdict(combination_ap_val=perfect, best_filter_ap_val=perfect, hit_rate=1.0)
    scores = part_sanity(of, found, found, ground, 0)
    assert scores["combination_ap_val"] == scores["best_filter_ap_val"]
    ap, boxes = scores["combination_ap_val"], len(found.scores)
    assert 0.4 < ap.missing < 0.65  # of half of the boxes, in any order
    assert ap.extra == pytest.approx(boxes / (boxes + boxes // 2), abs=0.03)  # all found but the extra ones
    blind = {name: of.blind_to for name, of in score_sanities([scores]).items()}
    assert blind["combination_ap_val"] == () and blind["best_filter_ap_val"] == ()
    assert blind["hit_rate"] == ("missing", "extra")  # one box a crop: where it is missing, nobody asks


@pytest.fixture(scope="module")
def layer():
    train, val = (split(seed, (0.9, 0.5, 0.3)) for seed in (0, 1))
    return train, val


def test_labels_as_they_are_give_the_figures_of_the_verdict(layer, monkeypatch):
    """Of a set of calibrated scores with NMS across members; of a prior, in random orders."""
    monkeypatch.setattr(
        Ground,
        "val_mislabeled",
        property(lambda self: {"missing": (self.val.truth,), "extra": (self.val.truth,)}),
    )
    found = examined(*layer, ALL_SEARCHES[3:], sanity=True)
    for v in found.evidence.verdicts:
        assert list(v.sanity) == [
            "combination_ap_val", "best_filter_ap_val", "prior_ap_val", "excess_over_prior", "hit_rate"
        ]  # fmt: skip
        for name, of in v.sanity.items():
            np.testing.assert_allclose([of.missing, of.extra], of.as_labeled, atol=1e-6, err_msg=name)


def test_nothing_else_changes_and_nothing_is_there_where_it_was_not_asked_for(layer):
    searches = ALL_SEARCHES[3:]
    without, found = examined(*layer, searches), examined(*layer, searches, sanity=True)
    assert all(v.sanity for v in found.evidence.verdicts)
    assert not any(v.sanity for v in without.evidence.verdicts)
    same = [dataclasses.replace(v, sanity={}) for v in found.evidence.verdicts]
    assert repr(same) == repr(list(without.evidence.verdicts))
