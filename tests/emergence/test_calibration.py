"""Calibrated scores against plain isotonic regression."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as some

from partsjax.emergence.calibration import calibrate
from partsjax.emergence.ranked import RankedLayer, union
from tests.emergence.random_layer import FILTERS, LAYERS, random_layer
from tests.emergence.test_ranked import ap_of
from tests.plain import combination as plain

TIE = 2e-6  # of the precision, at most: what keeps a filter's own order


def scale(layer) -> np.ndarray:
    largest = layer.scores.max(axis=(1, 2), initial=0)
    return np.where(largest > 0, largest, 1).astype(np.float32)


def calibrated(layer):
    return calibrate(layer.detections, scale(layer)).apply(layer.detections)


@given(LAYERS)
def test_equals_plain_pooling_of_violators(layer):
    mine = calibrated(layer)
    for f in range(FILTERS):
        listed = plain.detections(layer.scores, layer.found, [f])
        raw = np.array([d[0] for d in listed])
        expected = plain.isotonic(raw, plain.true_ones(listed))
        # Of equal scores the isotonic fit asks how many are true, not which.
        np.testing.assert_allclose(union(mine, [f]).scores, expected, atol=TIE)


@given(LAYERS)
def test_each_filter_keeps_its_own_order_and_ap(layer):
    mine, plain_detections = calibrated(layer), layer.detections
    there = plain_detections.scores > 0
    falls = np.diff(plain_detections.scores, axis=1) < 0
    both = there[:, 1:] & there[:, :-1]
    assert (np.diff(mine.scores, axis=1)[falls & both] < 0).all()
    assert (np.diff(mine.scores, axis=1)[~falls & both] == 0).all()
    for f in range(FILTERS):
        np.testing.assert_allclose(
            ap_of(union(mine, [f]), layer.positives),
            plain.union_ap(layer.scores, layer.found, [f], layer.positives),
            atol=1e-6,
        )


@given(LAYERS)
def test_some_filters_take_their_own_staircases(layer):
    fitted, some = calibrate(layer.detections, scale(layer)), [1, FILTERS - 1]
    expected = fitted.apply(layer.detections).of(some).scores
    np.testing.assert_array_equal(fitted.apply(layer.detections.of(some)).scores, expected)


def test_activations_next_to_each_other_stay_apart():
    """Neighbouring float32 numbers, all right: precision 1, so only what breaks ties tells them apart."""
    scores = np.full((1, 1, 20), np.float32(7.3))
    for n in range(1, 20):
        scores[0, 0, n] = np.nextafter(scores[0, 0, n - 1], np.float32(0))
    detections = RankedLayer(scores).part(np.zeros(scores.shape, np.int8), np.ones(20, int))
    mine = calibrate(detections, scores.max(axis=(1, 2))).apply(detections)
    assert (np.diff(mine.scores[0]) < 0).all()


@given(LAYERS, some.integers(0, 2**32 - 1))
def test_unseen_detections_take_the_height_of_the_step_they_are_on(layer, seed):
    unseen = random_layer(seed, crops=4)
    fitted = calibrate(layer.detections, scale(layer))
    mine = fitted.apply(unseen.detections)
    for f in range(FILTERS):
        listed = plain.detections(layer.scores, layer.found, [f])
        raw = np.array([d[0] for d in listed])
        true = plain.true_ones(listed)
        height = plain.isotonic(raw, true)
        lowest = raw[true].min(initial=np.inf)
        for score, value in zip(unseen.detections.scores[f], mine.scores[f], strict=True):
            # Between two train detections the height of the lower; below the last true one 0.
            below = raw <= score
            expected = height[below][raw[below].argmax()] if score >= lowest else 0
            above_false = (raw > score).any() and height[raw > score].min() == expected
            assert abs(value - expected) < TIE * max(1, score / scale(layer)[f]) or above_false


def test_a_staircase_rises_with_the_activation():
    layer = random_layer(1, crops=100)
    fitted = calibrate(layer.detections, scale(layer))
    for thresholds, precision in zip(fitted.thresholds, fitted.precision, strict=True):
        assert (np.diff(thresholds) < 0).all() and (np.diff(precision) <= 1e-12).all()
        assert ((precision > 0) & (precision <= 1)).all()
