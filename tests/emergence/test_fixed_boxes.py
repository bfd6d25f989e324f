"""Place-only detectors against the plain reference."""

import dataclasses

import numpy as np
import pytest

from partsjax.emergence.fixed_boxes import _centres
from partsjax.emergence.ground import Ground
from partsjax.emergence.method import Method
from tests.emergence.bare_crops import bare_crops
from tests.emergence.test_scoring import padded, plain_truth
from tests.plain.combination import fixed_boxes_ap
from tests.plain.pipeline import prior_ap

METHOD = Method()


def with_difficult(truth, seed):
    hard = truth.valid & (np.random.default_rng(seed).random(truth.valid.shape) < 0.3)
    return dataclasses.replace(truth, difficult=hard)


def of_part(truth, part):
    """A padded truth as plain lists: boxes and which are difficult, crop by crop."""
    there = [truth.valid[part, :, n] for n in range(truth.valid.shape[2])]
    boxes = [truth.boxes[:, part, t, n].T.astype(float) for n, t in enumerate(there)]
    return boxes, [truth.difficult[part, t, n] for n, t in enumerate(there)]


@dataclasses.dataclass(frozen=True)
class Fixed:
    """A prior on one part: its boxes, and its APs."""

    boxes: np.ndarray
    ap_train: float
    ap_val: float


def both(train, val, part=0):
    """The median box, one box and several boxes; None where there is no train box."""
    ground = Ground(*(bare_crops(truth) for truth in (train, val)), METHOD, 0)
    shown, judged = ground.prior_detections[part], ground.judged_priors[part]
    found = []
    for prior in shown:
        on_train = shown[prior][0]
        assert judged[prior].boxes == (on_train.crops == 0).sum() == len(on_train.crops) / len(ground.train)
        boxes = on_train.boxes[on_train.crops == 0]
        found.append(Fixed(boxes, judged[prior].ap_train, judged[prior].ap_val.value))
    return found or None


@pytest.mark.parametrize("seed", range(6))
def test_the_median_box_one_box_and_several_are_ever_stronger_on_train(seed):
    lists = [plain_truth(30, 2, seed + 10 * s) for s in (0, 1)]
    train, val = (padded(t) for t in lists)
    for part in (0, 1):
        median, one, several = both(train, val, part)
        boxes = np.concatenate([crop[part] for crop in lists[0]])
        np.testing.assert_allclose(median.boxes, [np.median(boxes, axis=0)], rtol=1e-5)
        assert median.ap_train == pytest.approx(prior_ap(lists[0], lists[0], part), abs=1e-6)
        assert median.ap_val == pytest.approx(prior_ap(lists[0], lists[1], part), abs=1e-6)
        mean = fixed_boxes_ap(boxes.mean(axis=0)[None], [crop[part] for crop in lists[0]])
        assert len(one.boxes) == 1 <= len(several.boxes)
        assert several.ap_train >= one.ap_train - 1e-6
        assert one.ap_train >= max(median.ap_train, mean) - 1e-6
        for prior in (one, several):
            for split, ap in ((0, prior.ap_train), (1, prior.ap_val)):
                expected = fixed_boxes_ap(prior.boxes, [crop[part] for crop in lists[split]])
                assert ap == pytest.approx(expected, abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_the_next_box_of_a_list_is_always_the_one_that_raises_train_ap_most(seed):
    truth = with_difficult(padded(plain_truth(30, 2, seed)), seed)
    there, hard = of_part(truth, 0)
    placed = truth.boxes[:, 0][:, truth.valid[0] & ~truth.difficult[0]].T.astype(np.float64)
    candidates = [np.median(placed, axis=0), *np.concatenate([_centres(placed, k) for k in range(1, 9)])]
    several = both(truth, truth)[2]
    chosen, best = [], -1.0
    while True:
        aps = [fixed_boxes_ap(np.array([*chosen, box]), there, hard) for box in candidates]
        aps = np.round(aps, 9)  # of equal ones the first
        if max(aps) <= best:
            break
        best = max(aps)
        chosen.append(candidates[int(np.argmax(aps))])
    assert len(chosen) > 2
    np.testing.assert_allclose(several.boxes, chosen)
    assert several.ap_train == pytest.approx(best, abs=1e-8)


def test_of_the_centres_the_one_of_most_boxes_comes_first():
    places = np.array([[2.0, 2, 6, 6], [20, 20, 30, 30], [50, 10, 60, 60]])
    boxes = np.concatenate(
        [np.repeat(place[None], n, axis=0) for place, n in zip(places, (3, 9, 5), strict=True)]
    )
    np.testing.assert_allclose(_centres(boxes, 3), places[[1, 2, 0]])


def test_a_part_in_two_places_is_found_where_it_is_more_often_and_then_in_the_other():
    left, right = np.array([2, 20, 14, 30.0]), np.array([46, 20, 60, 30.0])
    lists = [
        [box[None] + np.random.default_rng(n).uniform(-1, 1)]
        for n, box in enumerate([left] * 14 + [right] * 6)
    ]
    train = padded(lists)
    median, one, several = both(train, train)
    assert one.ap_train >= 0.7 * 0.7 - 1e-6 and one.ap_train >= median.ap_train
    np.testing.assert_allclose(one.boxes[0], left, atol=1)
    np.testing.assert_allclose(several.boxes[:2], [left, right], atol=1)
    assert several.ap_train == pytest.approx(0.7 * 0.7 + 0.3 * 0.5)  # then 20 right of 40 shown


def test_difficult_boxes_place_no_prior_and_no_box_no_prior():
    truth = padded(plain_truth(20, 2, 0))
    hard = dataclasses.replace(truth, difficult=truth.valid & (truth.boxes[0] > 20))
    median, *_ = both(hard, truth)
    easy = truth.valid[0] & ~hard.difficult[0]
    np.testing.assert_allclose(median.boxes[0], np.median(truth.boxes[:, 0][:, easy], axis=1), rtol=1e-5)
    assert both(dataclasses.replace(truth, difficult=truth.valid), truth) is None
    nothing = dataclasses.replace(truth, valid=np.zeros_like(truth.valid))
    assert both(nothing, truth) is None
    assert np.isnan(both(truth, nothing)[2].ap_val)


@pytest.mark.parametrize("count", [1, 2, 7])
def test_one_box_again_and_again_is_its_own_prior(count):
    truth = padded([[np.array([[10.0, 10, 30, 30]])]] * count)
    median, one, several = both(truth, truth)
    assert median.ap_train == one.ap_train == several.ap_train == 1 and len(several.boxes) == 1


def test_a_box_that_difficult_ones_hide_everywhere_finds_nothing():
    """Every crop's box has a difficult twin that comes first: nothing is shown and nothing found."""
    box = np.array([10.0, 10, 30, 30])
    truth = padded([[np.stack([box, box])]] * 4)
    hidden = dataclasses.replace(truth, difficult=truth.valid & (np.arange(3) == 0)[:, None])
    for prior in both(hidden, hidden):
        assert len(prior.boxes) == 1 and prior.ap_train == 0 and prior.ap_val == 0
