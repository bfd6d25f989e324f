"""The plain priors, held against cases worked out by hand."""

import numpy as np
import pytest

from tests.plain import place_prior as plain
from tests.plain.average_precision import average_precision

HERE, NEARBY, ELSEWHERE = np.array([[10.0, 10, 30, 30], [12, 10, 32, 30], [60, 60, 80, 80]])


def test_covariates_of_a_wide_object_in_the_top_left_corner():
    found = plain.covariates([[0, 2, 40, 12], [3, 3, 98, 97]], [[100, 100], [100, 100]])
    np.testing.assert_allclose(found[0], [np.log(4), np.log(20), 1, 1, 0, 0])
    assert found[1, 2:].tolist() == [0, 0, 1, 0]


def test_the_shape_weighs_one_and_a_half_times_as_much():
    train = np.zeros((2, 6))
    train[1, :2] = 2  # mean 1, standard deviation 1
    other = np.array([[1.0, 1, 0, 0, 0, 0], [2, 1, 0, 0, 0, 0], [1, 2, 0, 0, 0, 0]])
    expected = [[3.25, 3.25], [1.5**2 * 4 + 1, 1], [2.25 + 4, 2.25]]
    np.testing.assert_allclose(plain.distances(train, other), expected, rtol=1e-6)


def test_of_candidates_the_one_that_overlaps_most_stands_for_them():
    boxes, scores = plain.summarized(np.stack([ELSEWHERE, HERE, NEARBY, HERE]), k=8)
    assert boxes.tolist() == [HERE.tolist(), ELSEWHERE.tolist()]
    assert scores.tolist() == [3 / 8, 1 / 8]
    # a candidate that is covered may still stand for others: the one between two that do not overlap
    left, middle, right = ([x, 0.0, x + 20, 20] for x in (0, 8, 16))
    boxes, scores = plain.summarized(np.array([left, left, middle, right]), k=4)
    assert scores.tolist() == [1.0] and boxes.tolist() == [[4, 0, 24, 20]]
    assert plain.summarized(np.zeros((0, 4)), k=4)[0].shape == (0, 4)
    assert len(plain.summarized(HERE + 30.0 * np.arange(20)[:, None], k=4)[0]) == plain.MAX_DETECTIONS


def test_a_train_crop_is_not_its_own_neighbour_and_equal_ones_keep_their_order():
    distance = np.array([[0.0, 1, 1], [1, 0, 2], [1, 2, 0]])
    assert plain.nearest(distance).tolist() == [[0, 1, 2], [1, 0, 2], [2, 0, 1]]
    assert plain.nearest(distance, leave_out=True).tolist() == [[1, 2], [0, 2], [0, 1]]


def test_equal_scores_are_judged_in_random_orders():
    truth = [HERE[None], np.zeros((0, 4))]
    boxes, scores = [HERE[None]] * 2, [np.ones(1)] * 2
    # right first: AP 1; wrong first: 1 / 2
    ap = plain.prior_ap(boxes, scores, truth)
    assert 0.5 < ap < 1 and 20 * ap == pytest.approx(round(20 * ap * 2) / 2)
    assert np.isnan(plain.prior_ap(boxes, scores, [truth[1]] * 2))
    sure = plain.prior_ap(boxes, [np.ones(1), np.zeros(1)], truth)
    assert sure == average_precision(np.array([1.0, 0]), np.array([0, -1]), np.zeros(1, bool)) == 1


def test_the_list_begins_with_the_box_that_finds_most():
    truth = [np.array([ELSEWHERE if n % 3 == 0 else HERE]) for n in range(12)]
    assert plain.list_prior(truth).tolist() == [HERE.tolist(), ELSEWHERE.tolist()]
    assert len(plain.list_prior([np.zeros((0, 4))])) == 0
