"""What a set knows, against plain loops over crops."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from partsjax.emergence.fixed_boxes import LIST_PRIOR
from partsjax.emergence.ground import Ground
from partsjax.emergence.knowledge import coverage, mean_area, ranked_by, what_it_knows
from partsjax.emergence.method import Method
from partsjax.emergence.place_prior import PriorDetections
from partsjax.emergence.ranked import Union, first_on_box, hit_rate
from tests.emergence.bare_crops import bare_crops, random_boxes
from tests.emergence.test_scoring import padded, plain_truth
from tests.plain.average_precision import in_random_orders
from tests.plain.detections import overlapped

METHOD = Method()


def random_union(crops: int, positives, seed, count=60) -> Union:
    """Detections by descending score, with ties; each finds a box of its crop or nothing."""
    random = np.random.default_rng(seed)
    where = random.integers(0, max(1, crops - 1), count)  # the last crop has none
    found = np.array([random.integers(-1, positives[n]) if positives[n] else -1 for n in where], np.int8)
    scores = np.sort(random.integers(1, 20, count).astype(float))[::-1]
    nothing = np.zeros(count, int)
    return Union(scores, found, first_on_box(found, where), where, nothing, nothing)


@given(some.integers(0, 2**32 - 1), some.integers(2, 15))
def test_hit_rate_and_coverage_against_plain_loops(seed, crops):
    positives = np.random.default_rng(seed).integers(0, 3, crops)
    found = random_union(crops, positives, seed)
    hits = []
    for n in np.flatnonzero(positives):
        mine = np.flatnonzero(found.crops == n)
        hits.append(bool(len(mine)) and found.found[mine[0]] >= 0)
    rate = hit_rate(found, positives > 0)
    assert np.isnan(rate) if not hits else rate == pytest.approx(np.mean(hits))
    boxes = {(n, f) for n, f in zip(found.crops, found.found, strict=True) if f >= 0}
    share = coverage(found, positives)
    assert np.isnan(share) if not positives.sum() else share == pytest.approx(len(boxes) / positives.sum())


def test_mean_area_is_of_what_lies_in_the_crop_and_is_not_difficult():
    truth = padded([[np.array([[0.0, 0, 32, 32], [-32, 0, 32, 64]])], [np.array([[60.0, 60, 64, 64]])]])
    crops = bare_crops(truth)
    assert mean_area(crops, 0) == pytest.approx(np.mean([0.25, 0.5, 1 / 256]))
    hard = dataclasses.replace(truth, difficult=truth.valid & (truth.boxes[0] == 60))
    assert mean_area(bare_crops(hard), 0) == pytest.approx(np.mean([0.25, 0.5]))
    assert np.isnan(mean_area(bare_crops(dataclasses.replace(truth, valid=truth.valid & False)), 0))


def test_boxes_are_ranked_by_their_own_score_and_then_by_the_set():
    found = random_union(4, [1, 1, 1, 1], 0, count=3)
    found = dataclasses.replace(found, crops=np.array([2, 0, 2]), scores=np.array([5.0, 3, 1]))
    boxes = PriorDetections(np.zeros((8, 4)), np.array([0.0] * 4 + [-1] * 4), np.tile(np.arange(4), 2))
    ranked = ranked_by(found, boxes, 4)
    first, second = ranked.scores[:4], ranked.scores[4:]
    assert first[2] > first[0] > first[1] == first[3] > second.max()
    np.testing.assert_array_equal(np.argsort(first), np.argsort(second))


@pytest.mark.parametrize("seed", range(5))
def test_where_and_whether_against_plain_lists(seed):
    lists = [plain_truth(25, 1, seed + 10 * s) for s in (0, 1)]
    train, val = (bare_crops(padded(t), boxes=random_boxes(25, seed)) for t in lists)
    ground = Ground(train, val, METHOD, 0)
    found = random_union(25, ground.positives(0), seed)
    ap = ground.resampled([found], 0)
    knows = what_it_knows(found, ap, ground, 0)

    there = [crop[0] for crop in lists[1]]
    first = np.cumsum([0] + [len(boxes) for boxes in there])
    boxes = ground.detected(LIST_PRIOR, 0)[0]
    boxes = boxes.boxes[boxes.crops == 0]
    strongest = [
        max([s for s, n in zip(found.scores, found.crops, strict=True) if n == c], default=0)
        for c in range(25)
    ]
    box = [[(i + first[c] if (i := overlapped(b, there[c])) >= 0 else -1) for c in range(25)] for b in boxes]
    number = np.repeat(np.arange(len(boxes)), 25)
    hard = np.zeros(first[-1], bool)
    by_set = in_random_orders(-100.0 * number + np.tile(strongest, len(boxes)), np.ravel(box), hard)
    by_list = in_random_orders(-number, np.ravel(box), hard)
    assert knows.where.value == pytest.approx(ap.value - by_set)
    assert knows.whether.value == pytest.approx(by_set - by_list)
