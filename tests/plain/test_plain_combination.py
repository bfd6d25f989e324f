"""The reference itself, for sets of filters, held against cases worked out by hand."""

import numpy as np
import pytest

from tests.plain.combination import (
    detections,
    fixed_boxes_ap,
    isotonic,
    list_ap,
    resampled_ap,
    true_ones,
    union_ap,
    without_repeats,
)

# Two filters on two crops, one stimulus each; one box to be found in either crop.
SCORES = np.array([[[5.0, 1.0]], [[4.0, 3.0]]])
FOUND = np.array([[[0, -1]], [[0, 0]]])
WANTED = np.array([1, 1])


def test_a_union_by_hand():
    assert [d[:3] for d in detections(SCORES, FOUND, [0, 1])] == [(5, 0, 0), (4, 1, 0), (3, 1, 1), (1, 0, 1)]
    assert union_ap(SCORES, FOUND, [0], WANTED) == 0.5
    assert union_ap(SCORES, FOUND, [1], WANTED) == 1
    # true, false (claimed before), true: 1/2 · 1 + 1/2 · 2/3
    assert union_ap(SCORES, FOUND, [0, 1], WANTED) == pytest.approx(5 / 6)
    assert true_ones(detections(SCORES, FOUND, [0, 1])).tolist() == [True, False, True, False]
    assert union_ap(SCORES, FOUND, [], WANTED) == 0
    assert np.isnan(union_ap(SCORES, np.minimum(FOUND, -1), [0], np.zeros(2)))


def test_a_repeated_image_is_another_image():
    listed = detections(SCORES, FOUND, [0])
    assert resampled_ap(listed, WANTED, [0, 1], [0, 1]) == list_ap(listed, WANTED) == 0.5
    assert resampled_ap(listed, WANTED, [0, 1], [0, 0]) == 1
    assert resampled_ap(listed, WANTED, [0, 1], [1, 1]) == 0
    assert resampled_ap(listed, WANTED, [0, 0], [0]) == 0.5


def test_suppression_across_members_lets_the_next_on_a_box_be_first():
    boxes = {0: [0, 0, 10, 10], 1: [0, 0, 10, 9]}
    listed = [(3.0, 0, 0, 0, -1), (2.0, 1, 0, 0, 0), (1.0, 1, 1, 0, 0)]
    assert without_repeats(listed, lambda f, n, k: boxes[f]) == [listed[0], listed[2]]


def test_isotonic_by_hand():
    true = np.array([1, 0, 1, 0, 0, 1, 0], bool)
    falling = np.array([7, 6, 5, 4, 3, 2, 1.0])
    np.testing.assert_allclose(isotonic(falling, true), [1, 1 / 2, 1 / 2, 1 / 3, 1 / 3, 1 / 3, 0])
    np.testing.assert_allclose(isotonic(np.array([2, 2, 1.0]), np.array([True, False, True])), [2 / 3] * 3)


def test_fixed_boxes_by_hand():
    left, right = [0, 0, 10, 10], [20, 0, 30, 10]
    truth = [np.array([left], float), np.array([right], float), np.array([left, right], float)]
    assert fixed_boxes_ap([left], truth) == pytest.approx(2 / 4 * 2 / 3)
    # two of three right after the first box, four of six after the second
    assert fixed_boxes_ap([left, right], truth) == pytest.approx(2 / 3)
    assert fixed_boxes_ap([left, left], truth) == fixed_boxes_ap([left], truth)
    hard = [np.array([True]), np.array([False]), np.array([False, False])]
    assert fixed_boxes_ap([left], truth, hard) == pytest.approx(1 / 3 * 1 / 2)
