"""AP against the plain reference and a brute-force definition."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from hypothesis.extra import numpy as arrays

from partsjax.ops import average_precision as ops
from partsjax.ops.average_precision import (
    Area,
    area_under_envelope,
    average_precision,
    curve,
    curve_of_orders,
    rank,
)
from tests.plain.average_precision import average_precision as plain_ap

kernel = jax.jit(lambda scores, *facts: average_precision(rank(scores), *facts))


def ap_of(scores, alive, true, positives) -> float:
    """AP of one filter and part."""
    scores = jnp.asarray(scores, jnp.float32)[None]
    return float(kernel(scores, alive[None, None], true[None, None], np.array([positives]))[0, 0])


def brute_force(scores, alive, true, positives) -> float:
    """∫ max precision at recall >= r dr, read off every threshold."""
    if positives == 0:
        return np.nan
    points = []
    for threshold in np.unique(scores):
        chosen = alive & (scores >= threshold)
        if chosen.any():
            points.append(((chosen & true).sum() / positives, (chosen & true).sum() / chosen.sum()))
    area, step = 0.0, 1 / positives
    for k in range(1, positives + 1):
        area += step * max((p for r, p in points if r >= k * step - 1e-9), default=0.0)
    return area


# Of one length, so that one compiled kernel serves them; dead detections make them shorter.
CASES = some.tuples(
    arrays.arrays(np.float32, 9, elements=some.integers(0, 5).map(float)),
    arrays.arrays(bool, 9),
    arrays.arrays(bool, 9),
    some.integers(0, 3),
)


@given(CASES)
def test_equals_brute_force_with_ties_dead_detections_and_no_ground_truth(case):
    scores, alive, true, missed = case
    positives = int((alive & true).sum()) + missed
    np.testing.assert_allclose(
        ap_of(scores, alive, true, positives), brute_force(scores, alive, true, positives), atol=1e-6
    )


@pytest.mark.parametrize("positives", [7, 13, 49, 83])
def test_the_area_is_divided_by_boxes_and_not_multiplied(positives):
    """XLA does either, by what it compiles along: the last bit would depend on the number of devices."""
    first = np.arange(9) < np.arange(1, 8)[:, None]  # so many true detections, all before the false ones
    every = np.ones((7, 1, 9), bool)
    found = kernel(
        np.tile(np.arange(9.0, 0, -1, np.float32), (7, 1)), every, first[:, None], np.array([positives])
    )
    expected = np.arange(1, 8, dtype=np.float32) / np.float32(positives)
    np.testing.assert_array_equal(found[:, 0], expected)


ODD = {
    "as drawn": lambda scores, alive: (scores, alive),
    "no detections": lambda scores, alive: (scores, np.zeros_like(alive)),
    "all equal": lambda scores, alive: (np.full_like(scores, 2), alive),
    "a NaN": lambda scores, alive: (np.where(np.arange(9) == 4, np.nan, scores), np.ones_like(alive)),
    "infinite": lambda scores, alive: (np.where(scores == 0, -np.inf, scores), alive),
}


@pytest.mark.parametrize("odd", ODD)
@given(case=CASES, images=arrays.arrays(np.int64, 9, elements=some.integers(0, 3)), one_image=some.booleans())
def test_every_form_equals_the_plain_reference_on_odd_input(odd, case, images, one_image):
    scores, alive, true, missed = case
    scores, alive = ODD[odd](scores, alive)
    true, images = true & alive, images * (not one_image)
    wanted = np.bincount(images[true], minlength=images.max() + 1) + missed * (
        np.arange(images.max() + 1) == 0
    )
    # The reference wants the box each detection finds: every true one its own.
    found = np.where(true, np.cumsum(true) - 1, -1)[alive]
    expected = plain_ap(scores[alive], found, np.zeros(wanted.sum(), bool))
    np.testing.assert_allclose(ap_of(scores, alive, true, wanted.sum()), expected, atol=1e-6)
    by_image = curve(scores[alive], true[alive], images[alive], wanted)
    np.testing.assert_allclose(by_image.average_precision(), expected, atol=1e-12)
    once = np.ones((len(wanted), 2), np.float32)
    np.testing.assert_allclose(by_image.average_precision(once), [expected] * 2, atol=1e-6)


@pytest.mark.slow
@given(arrays.arrays(np.float32, (2, 9, 3), elements=some.integers(0, 5).map(float)))
def test_the_sum_at_once_and_step_by_step_are_one(steps):
    gained, precision = steps[0], steps[1] / 5
    expected = (gained * [precision[t:].max(axis=0) for t in range(9)]).sum(axis=0)
    stepwise = Area(jnp.zeros(3), jnp.zeros(3))
    for t in reversed(range(9)):
        stepwise = stepwise.add(gained[t], precision[t])
    for found in (
        area_under_envelope(gained, precision, axis=0),
        area_under_envelope(*map(jnp.asarray, (gained, precision)), axis=0),
    ):
        np.testing.assert_allclose(found, expected, atol=1e-5)
    np.testing.assert_allclose(stepwise.total, expected, atol=1e-5)


@given(CASES)
def test_unchanged_by_an_increasing_map_of_the_scores_and_by_order(case):
    scores, alive, true, missed = case
    positives = int((alive & true).sum()) + missed
    expected = ap_of(scores, alive, true, positives)
    np.testing.assert_allclose(ap_of(np.exp(scores) - 7, alive, true, positives), expected, atol=1e-6)
    order = np.random.default_rng(0).permutation(len(scores))
    np.testing.assert_allclose(
        ap_of(scores[order], alive[order], true[order], positives), expected, atol=1e-6
    )


@pytest.mark.slow
def test_equals_plain_on_many_filters_and_parts_at_once():
    random = np.random.default_rng(0)
    filters, parts, count = 3, 4, 200
    scores = random.integers(0, 60, (filters, count)).astype(np.float32)
    alive = random.random((filters, parts, count)) < 0.7
    true = alive & (random.random((filters, parts, count)) < 0.2)
    positives = true.sum(axis=-1).max(axis=0) + np.array([0, 5, 10, 0])
    positives[3] = 0
    true[:, 3] = False
    mine = average_precision(rank(jnp.asarray(scores)), *map(jnp.asarray, (alive, true, positives)))
    for f, p in np.ndindex(filters, parts):
        kept = alive[f, p]
        # The reference wants the box each detection finds: every true one its own.
        found = np.where(true[f, p], np.cumsum(true[f, p]) - 1, -1)[kept]
        expected = plain_ap(scores[f][kept].astype(float), found, np.zeros(positives[p], bool))
        np.testing.assert_allclose(mine[f, p], expected, atol=1e-5)


def test_no_detections_is_zero_and_no_ground_truth_is_nan():
    nothing = np.zeros(3, bool)
    assert ap_of(np.zeros(3), nothing, nothing, 4) == 0
    assert np.isnan(ap_of(np.arange(3.0), np.ones(3, bool), nothing, 0))


def test_one_step_for_equal_scores():
    # One true and one false detection of equal score: precision 1/2 whichever comes first.
    for true in ([True, False], [False, True]):
        assert ap_of(np.ones(2), np.ones(2, bool), np.array(true), 1) == 0.5


def resampled(images: int, sets: int) -> np.ndarray:
    random = np.random.default_rng(0)
    return random.multinomial(images, np.full(images, 1 / images), sets).T.astype(np.float32)


def test_resampling_some_steps_at_a_time_changes_no_bit(monkeypatch):
    random = np.random.default_rng(0)
    scores, true, images = random.random(900), random.random(900) < 0.3, random.integers(0, 40, 900)
    of = curve(scores, true, images, np.bincount(images, weights=true, minlength=40) + 1)
    at_one_go = of.average_precision(resampled(40, 50))
    for at_once in (1, 777):
        monkeypatch.setattr(ops, "_AT_ONCE", at_once)
        np.testing.assert_array_equal(of.average_precision(resampled(40, 50)), at_one_go)


@pytest.mark.parametrize("found", [0, 1, 60])
def test_several_orders_have_the_mean_of_the_curves_of_each(found):
    random = np.random.default_rng(found)
    true = np.array([random.permutation(200) < found for _ in range(7)])
    images = random.integers(0, 30, true.shape)
    wanted = random.integers(0, 4, 30)
    together = curve_of_orders(true, images, wanted)
    each = [curve(-np.arange(200), *of, wanted) for of in zip(true, images, strict=True)]
    for weights in (None, resampled(30, 9)):
        expected = np.mean([of.average_precision(weights) for of in each], axis=0)
        np.testing.assert_array_equal(together.average_precision(weights), expected)
    assert np.isnan(curve_of_orders(true, images, np.zeros(30)).average_precision())
