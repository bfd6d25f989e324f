"""The reference itself, from detections to APs, held against cases worked out by hand."""

import itertools

import numpy as np
import pytest

from tests.plain.average_precision import average_precision
from tests.plain.detections import iou, overlapped, suppress
from tests.plain.pipeline import detect, median_box_ap, score_class, score_layer, union


def test_suppression_by_hand():
    # shifted by 4 of 12 px, IoU is 8/16; by 6, 6/18; by 2, 10/14
    boxes = np.array([[0, 0, 12, 1], [4, 0, 16, 1], [2, 0, 14, 1], [6, 0, 18, 1], [0, 0, 12, 1]], float)
    assert iou(boxes[0], boxes[1]) == 0.5
    scores = np.array([5, 4, 3, 2, 0.0])
    # the second meets the first at exactly a half and stays; the third goes; the fourth overlaps
    # the second by 10/14
    assert suppress(boxes, scores).tolist() == [True, True, False, False, False]
    # a suppressed box suppresses nothing: 9/15 with its neighbours, 6/18 between first and third
    row = np.array([[0, 0, 12, 1], [3, 0, 15, 1], [6, 0, 18, 1]], float)
    assert suppress(row, scores[:3]).tolist() == [True, False, True]
    batch = suppress(np.stack([boxes, boxes[[0, 2, 3, 1, 4]]]), np.stack([scores, scores]))
    assert batch.tolist() == [[True, True, False, False, False], [True, False, True, False, False]]


def test_overlapped_takes_the_most_overlapped_box_at_two_fifths_or_more():
    truth = np.array([[0, 0, 10, 10], [0, 0, 10, 14]], float)
    boxes = np.array([[0, 0, 10, 4], [0, 0, 10, 3], [0, 0, 10, 13], [0, 0, 10, 11]], float)
    assert overlapped(boxes, truth).tolist() == [0, -1, 1, 0]
    assert overlapped(boxes, np.zeros((0, 4))).tolist() == [-1] * 4


def ap_by_definition(scores, found, difficult):
    """AP from its definition: at every threshold the set of detections at or above it is judged."""
    wanted = set(np.flatnonzero(~difficult))
    points = []
    for threshold in set(scores):
        above = [box for score, box in zip(scores, found, strict=True) if score >= threshold]
        true = len(wanted & set(above))
        judged = len([box for box in above if box < 0 or not difficult[box]])
        if judged:
            points.append((true / len(wanted), true / judged))
    levels = [i / len(wanted) for i in range(1, len(wanted) + 1)]  # recall moves in these steps
    best = [max([p for r, p in points if r >= level - 1e-12], default=0.0) for level in levels]
    return sum(best) / len(wanted)


def test_average_precision_agrees_with_its_definition_on_small_lists_with_ties():
    rng = np.random.default_rng(2)
    cases = itertools.product(range(0, 9, 2), range(1, 5), range(40))
    for detections, boxes, _ in cases:
        scores = rng.integers(1, 5, detections).astype(float)
        found = rng.integers(-1, boxes, detections)
        difficult = rng.random(boxes) < 0.2
        if difficult.all():
            continue
        got = average_precision(scores, found, difficult)
        assert got == pytest.approx(ap_by_definition(scores, found, difficult), abs=1e-12)
        shuffle = rng.permutation(detections)
        assert average_precision(scores[shuffle], found[shuffle], difficult) == got


def test_average_precision_by_hand():
    easy = np.zeros(2, bool)

    def ap(scores, found, difficult=easy):
        return average_precision(np.array(scores, float), np.array(found, int), difficult)

    assert ap([3, 2, 1], [0, -1, 1]) == pytest.approx(0.5 + 0.5 * 2 / 3)
    assert ap([3, 2, 1], [0, 0, 1]) == pytest.approx(0.5 + 0.5 * 2 / 3)  # the second claim is false
    assert ap([1, 1, 1], [0, -1, 1]) == pytest.approx(2 / 3)  # one step
    assert ap([3, 2, 1], [-1, 0, 1]) == pytest.approx(2 / 3)  # the envelope
    assert ap([], []) == 0
    assert ap([2, 1], [0, 1], np.array([True, False])) == 1
    assert np.isnan(ap([2, 1], [0, 1], np.array([True, True])))
    assert np.isnan(ap([1], [-1], np.zeros(0, bool)))


FIELD, SIDE = (163, 16, 15), 224


def planted(rng, crops):
    """Maps [N, 13, 13, 4] and truth with one box per crop for the first part, none for the second.

    Filter 0 fires in the middle of the part, as strongly as the part is large; 1 anywhere, always
    equally; 2 never; 3 as the first, and again a little weaker two cells further.
    """
    maps, truth = np.zeros((crops, 13, 13, 4), np.float32), []
    for n in range(crops):
        row, column = rng.integers(5, 9, 2)
        half = rng.uniform(60, 80)
        maps[n, row, column, [0, 3]] = half
        maps[n, row, column + 2, 3] = 0.99 * half
        maps[n, *rng.integers(0, 13, 2), 1] = 1
        cx, cy = 15.5 + 16 * column, 15.5 + 16 * row
        truth.append([np.array([[cx - half, cy - half, cx + half, cy + half]]), np.zeros((0, 4))])
    return maps, truth


def test_a_planted_detector_scores_one_and_a_silent_filter_nothing():
    rng = np.random.default_rng(3)
    (train, train_truth), (val, val_truth) = planted(rng, 40), planted(rng, 30)
    scores = score_layer(train, val, FIELD, train_truth, val_truth, SIDE)
    assert scores.ap_train[0, 0] == scores.ap_val[0, 0] == 1
    assert 0 < scores.ap_val_unregressed[1, 0] < 0.9
    assert scores.ap_val[2, 0] == scores.ap_train_unregressed[2, 0] == 0
    assert scores.ap_train_unregressed[[0, 3], 0].tolist() == [1, 1]  # the repeat is suppressed
    assert scores.num_pairs[:, 0].tolist()[::2] == [40, 0]
    assert np.isnan([scores.ap_train[:, 1], scores.ap_val_unregressed[:, 1]]).all()

    by_layer = score_class({"x": train}, {"x": val}, {"x": FIELD}, train_truth, val_truth, SIDE)
    np.testing.assert_array_equal(by_layer["x"].ap_val, scores.ap_val)
    # features are relative to the filter's largest stimulus, so units do not matter
    louder = score_layer(train * 2**14, val * 2**14, FIELD, train_truth, val_truth, SIDE)
    np.testing.assert_array_equal(louder.ap_val, scores.ap_val)


def test_val_is_judged_on_its_own_boxes_with_the_regressors_of_train():
    rng = np.random.default_rng(4)
    (train, train_truth), (val, _) = planted(rng, 40), planted(rng, 30)
    elsewhere = [[np.array([[0.0, 0, 30, 30]]), np.zeros((0, 4))]] * 30
    scores = score_layer(train, val, FIELD, train_truth, elsewhere, SIDE)
    assert scores.ap_train[0, 0] == scores.ap_train_unregressed[0, 0] == 1
    assert scores.ap_val[0, 0] == scores.ap_val_unregressed[0, 0] == 0


def test_detections_by_hand():
    rng = np.random.default_rng(5)
    (train, train_truth), (val, val_truth) = planted(rng, 40), planted(rng, 10)
    boxes, scores = detect(train, val, FIELD, [t[0] for t in train_truth], SIDE)
    assert boxes.shape == (10, 4, 8, 4) and (scores[:, 2] == 0).all()  # the silent filter
    np.testing.assert_allclose(boxes[:, 0, 0], np.concatenate([t[0] for t in val_truth]), atol=0.5)
    found, strength = union(boxes[:, [0, 3]], scores[:, [0, 3]])
    for n in range(10):  # one of filter 0, and of filter 3 no repeat
        assert found[n].shape == (2, 4) and strength[n].tolist() == [val[n].max()] * 2


def test_the_median_box_is_one_step():
    def boxes(*rights):
        return [[np.array([[0, 0, right, 10]], float)] for right in rights]

    train = boxes(10, 20, 90)
    # IoU with the median, 0..20 wide: 1, 20/40, 20/60; two of three are found by three detections
    assert median_box_ap(train, boxes(20, 40, 60), 0) == pytest.approx(2 / 3 * 2 / 3)
    none = [[np.zeros((0, 4))]] * 3
    assert median_box_ap(none, train, 0) == 0
    assert np.isnan(median_box_ap(train, none, 0))
    assert np.isnan(median_box_ap(none, none, 0))
