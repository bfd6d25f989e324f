"""The list prior against the plain reference."""

import dataclasses

import numpy as np
import pytest
from scipy.cluster.vq import kmeans

from partsjax.emergence.fixed_boxes import LIST_PRIOR, STARTS, _candidates, _centres
from partsjax.emergence.ground import Ground
from partsjax.emergence.method import Method
from tests.emergence.bare_crops import bare_crops
from tests.emergence.test_scoring import padded, plain_truth
from tests.plain.average_precision import in_random_orders
from tests.plain.combination import fixed_boxes_ap

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


def of_list(train, val, part=0) -> Fixed | None:
    """The list prior; None where there is no train box."""
    if not train.positives[part]:
        return None
    ground = Ground(*(bare_crops(truth) for truth in (train, val)), METHOD, 0)
    on_train, judged = ground.detected(LIST_PRIOR, part)[0], ground.judged(LIST_PRIOR, part)
    assert (np.bincount(on_train.crops) == (on_train.crops == 0).sum()).all()
    return Fixed(on_train.boxes[on_train.crops == 0], judged.ap_train, judged.ap_val.value)


@pytest.mark.parametrize("seed", range(6))
def test_judged_in_random_orders_and_never_worse_on_train_than_the_mean_box(seed):
    lists = [plain_truth(30, 2, seed + 10 * s) for s in (0, 1)]
    train, val = (padded(t) for t in lists)
    for part in (0, 1):
        prior = of_list(train, val, part)
        for split, ap in ((0, prior.ap_train), (1, prior.ap_val)):
            there = [crop[part] for crop in lists[split]]
            expected = fixed_boxes_ap(prior.boxes, there, judged=in_random_orders)
            assert ap == pytest.approx(expected, abs=1e-6)
        there = [crop[part] for crop in lists[0]]
        mean = np.concatenate(there).mean(axis=0)[None]
        assert fixed_boxes_ap(prior.boxes, there) >= fixed_boxes_ap(mean, there) - 1e-6


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_the_next_box_of_a_list_is_always_the_one_that_raises_train_ap_most(seed):
    truth = with_difficult(padded(plain_truth(30, 2, seed)), seed)
    there, hard = of_part(truth, 0)
    placed = truth.boxes[:, 0][:, truth.valid[0] & ~truth.difficult[0]].T.astype(np.float64)
    candidates = np.concatenate([_centres(placed, k) for k in range(1, 9)])
    several = of_list(truth, truth)
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
    expected = fixed_boxes_ap(several.boxes, there, hard, judged=in_random_orders)
    assert several.ap_train == pytest.approx(expected, abs=1e-8)


def test_of_the_centres_the_one_of_most_boxes_comes_first():
    places = np.array([[2.0, 2, 6, 6], [20, 20, 30, 30], [50, 10, 60, 60]])
    boxes = np.concatenate(
        [np.repeat(place[None], n, axis=0) for place, n in zip(places, (3, 9, 5), strict=True)]
    )
    np.testing.assert_allclose(_centres(boxes, 3), places[[1, 2, 0]])


@pytest.mark.parametrize(("count", "k"), [(1, 1), (9, 3), (9, 8), (60, 1), (60, 5)])
def test_the_centres_are_scipys(count, k):
    """Of few boxes, some of them equal, clusters are left empty."""
    random = np.random.default_rng(count * k)
    boxes = np.round(random.uniform(0, 4 if count < 60 else 60, (count, 4)))
    expected, _ = kmeans(boxes, k, iter=STARTS, rng=np.random.default_rng(k))
    found = _centres(boxes, k)
    assert len(found) == len(expected)
    np.testing.assert_allclose(*(np.unique(np.round(c, 9), axis=0) for c in (found, expected)))


def test_a_part_in_two_places_is_found_where_it_is_more_often_and_then_in_the_other():
    left, right = np.array([2, 20, 14, 30.0]), np.array([46, 20, 60, 30.0])
    lists = [
        [box[None] + np.random.default_rng(n).uniform(-1, 1)]
        for n, box in enumerate([left] * 14 + [right] * 6)
    ]
    train = padded(lists)
    prior = of_list(train, train)
    np.testing.assert_allclose(prior.boxes[:2], [left, right], atol=1)
    there = [crop[0] for crop in lists]
    assert fixed_boxes_ap(prior.boxes, there) == pytest.approx(0.7 * 0.7 + 0.3 * 0.5)  # 20 right of 40 shown


def test_difficult_boxes_place_no_prior_and_no_box_no_prior():
    truth = padded(plain_truth(20, 2, 0))
    hard = dataclasses.replace(truth, difficult=truth.valid & (truth.boxes[0] > 20))
    easy = truth.valid[0] & ~hard.difficult[0]
    one_center = _centres(truth.boxes[:, 0][:, easy].T.astype(float), 1)
    np.testing.assert_allclose(_candidates(bare_crops(hard))[0], one_center[0])
    nothing = dataclasses.replace(truth, valid=np.zeros_like(truth.valid))
    assert np.isnan(of_list(truth, nothing).ap_val)


@pytest.mark.parametrize("count", [1, 2, 7])
def test_one_box_again_and_again_is_its_own_prior(count):
    truth = padded([[np.array([[10.0, 10, 30, 30]])]] * count)
    prior = of_list(truth, truth)
    assert prior.ap_train == 1 and len(prior.boxes) == 1


def test_a_box_that_difficult_ones_hide_everywhere_finds_nothing():
    """Every crop's box has a difficult twin that comes first: nothing is shown and nothing found."""
    box = np.array([10.0, 10, 30, 30])
    truth = padded([[np.stack([box, box])]] * 4)
    hidden = dataclasses.replace(truth, difficult=truth.valid & (np.arange(3) == 0)[:, None])
    prior = of_list(hidden, hidden)
    assert len(prior.boxes) == 1 and prior.ap_train == 0 and prior.ap_val == 0
