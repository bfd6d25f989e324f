"""The reference itself, from detections to verdicts, held against cases worked out by hand."""

import numpy as np
import pytest

from tests.plain import combination
from tests.plain.bias_corrected import interval, p_value
from tests.plain.verdict import (
    average_precision,
    coverage,
    hit_rate,
    in_orders,
    judge,
    on_all,
    q_values,
    ranked,
    ranked_by,
    resampled,
)

LEFT, RIGHT = np.array([[0, 0, 10, 10.0]]), np.array([[20, 0, 30, 10.0]])
NONE = np.zeros((0, 4))
TRUTH = [LEFT, RIGHT, np.concatenate([LEFT, RIGHT]), NONE]


def some_detections(rng, crops=12):
    truth = [np.concatenate([LEFT, RIGHT])[rng.random(2) < 0.5] for _ in range(crops)]
    boxes = [np.concatenate([LEFT, RIGHT, LEFT + 3])[rng.random(3) < 0.7] for _ in range(crops)]
    return boxes, [rng.permutation(7)[: len(b)].astype(float) for b in boxes], truth


@pytest.mark.parametrize("seed", range(4))
def test_aps_on_drawn_images_are_those_of_lists_with_repetitions(seed):
    rng = np.random.default_rng(seed)
    boxes, scores, truth = some_detections(rng)
    images, draws = np.arange(12) // 2, [rng.integers(0, 6, 6) for _ in range(9)]
    value, samples = resampled([ranked(boxes, scores, truth)], truth, images, draws)
    listed = [
        (s, 0, n, d, int(combination.overlapped(boxes[n][d], truth[n])))
        for n in range(12)
        for d, s in enumerate(scores[n])
    ]
    listed.sort(key=lambda d: (-d[0], *d[1:4]))
    positives = [len(t) for t in truth]
    assert value == pytest.approx(combination.list_ap(listed, positives))
    expected = [combination.resampled_ap(listed, positives, images, draw) for draw in draws]
    np.testing.assert_allclose(samples, expected)


def test_a_prior_s_ties_are_broken_in_twenty_orders():
    found = on_all(LEFT, TRUTH)
    tied = average_precision(ranked(*found, TRUTH), TRUTH, np.ones(4))
    assert tied == pytest.approx(2 / 4 * 2 / 4)
    orders = in_orders(*found, TRUTH)
    aps = [average_precision(one, TRUTH, np.ones(4)) for one in orders]
    assert len(aps) == 20 and min(aps) >= tied and np.mean(aps) > tied
    assert len({tuple(one.crops) for one in orders}) > 5


def test_nothing_to_find_or_nothing_found():
    one = ranked([LEFT, LEFT], [np.ones(1), np.ones(1)], [NONE, NONE])
    assert np.isnan(average_precision(one, [NONE, NONE], np.ones(2)))
    nothing = ranked([NONE], [np.zeros(0)], [LEFT])
    assert average_precision(nothing, [LEFT], np.ones(1)) == 0


def test_an_unbiased_interval_is_the_percentile_s_and_a_biased_one_moves_twice_as_far():
    samples = (np.arange(2000) + 0.5) / 2000
    assert interval(0.5, samples) == pytest.approx((0.025, 0.975), abs=1e-3)
    # a sixth below the value: z0 = -0.9674, ends at Phi(-3.895) and Phi(0.0252)
    assert interval(1 / 6, samples) == pytest.approx((0.00005, 0.51), abs=1e-3)
    assert interval(-1.0, samples)[1] < 0.001  # as far as 2,000 samples say
    unknown = np.append(samples, [np.nan] * 500)
    assert interval(0.5, unknown) == interval(0.5, samples)
    assert p_value(0.5, unknown - 0.4) == p_value(0.5, samples - 0.4)


def test_p_values_by_hand():
    samples = np.arange(1000) - 24.5  # 25 of them below 0
    assert p_value(475.0, samples) == pytest.approx(0.025, abs=1e-3)
    # 0 is the very value: half is below
    assert p_value(0.0, np.arange(1000) - 499.5) == pytest.approx(0.5)
    assert p_value(500.5, np.arange(1, 1001)) == pytest.approx(0.0005)  # as far as 1,000 samples say


def test_q_values_by_hand():
    assert q_values([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.02, 0.04, 0.04, 0.02])
    assert q_values([0.9, 0.9]) == pytest.approx([0.9, 0.9])


def test_hit_rate_by_hand():
    boxes = [np.concatenate([LEFT, RIGHT])] * 4
    first, second = np.array([2.0, 1.0]), np.array([1.0, 2.0])
    assert hit_rate(boxes, [first] * 4, TRUTH) == pytest.approx(2 / 3)
    assert hit_rate(boxes, [first, second, first, first], TRUTH) == 1
    assert hit_rate(boxes, [np.ones(2)] * 4, TRUTH) == pytest.approx((0.5 + 0.5 + 1) / 3)
    assert hit_rate([NONE] * 4, [np.zeros(0)] * 4, TRUTH) == 0
    assert np.isnan(hit_rate(boxes[:1], [first], [NONE]))


def test_coverage_by_hand():
    assert coverage([LEFT] * 4, TRUTH) == 2 / 4
    assert coverage([np.concatenate([LEFT, LEFT])] * 4, TRUTH) == 2 / 4
    assert coverage([NONE] * 4, TRUTH) == 0
    assert np.isnan(coverage([LEFT], [NONE]))


def test_boxes_ranked_by_a_detector_go_box_by_box():
    fixed = np.concatenate([LEFT, RIGHT])
    _, scores = ranked_by([np.array([1.0, 5.0]), np.zeros(0), np.array([7.0])], fixed)
    assert np.argsort(-np.stack(scores, axis=1), axis=None).tolist() == [2, 0, 1, 5, 3, 4]


def test_whether_and_where_are_told_apart_by_hand():
    """One box in a third of the crops. One detector fires in those crops; another on the box in all."""
    here, image_of = np.arange(12) % 3 == 0, np.arange(12)
    truth = [LEFT if shows else NONE for shows in here]
    far = LEFT + 50
    draws = [np.random.default_rng(n).integers(0, 12, 12) for n in range(30)]
    prior = on_all(LEFT, truth)
    knows_whether = [far] * 12, [np.array([2.0 if shows else 1.0]) for shows in here]
    verdict = judge(knows_whether, prior, LEFT, truth, image_of, draws)
    assert verdict.ap[0] == 0 and verdict.where[0] == -1
    assert verdict.whether[0] == pytest.approx(1 - verdict.list_ap)
    both = judge(([LEFT] * 12, knows_whether[1]), prior, LEFT, truth, image_of, draws)
    assert both.ap[0] == 1 and both.where == (0, 0, 0) and both.whether[0] == verdict.whether[0]
    assert both.excess[0] == pytest.approx(1 - both.place_ap) and both.p_value < 0.05
    assert (both.hit_rate, both.place_hit_rate) == (1, 1)
