"""The AP of a union without sorting: it lies between the bounds, and the masked maximum is one."""

import dataclasses
import functools

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from partsjax.emergence import tables
from partsjax.emergence.tables import BLOCK, LEVELS, evaluate, highest_levels, tabulate
from tests.emergence.random_layer import FILTERS, LAYERS, RandomLayer, random_layer
from tests.plain import combination as plain
from tests.plain.combination import union_ap

TOLERANCE = 2e-6  # of float32 sums
ALL_SETS = np.array([[z >> f & 1 for f in range(FILTERS)] for z in range(2**FILTERS)], bool)


CROWDED = some.builds(random_layer, seed=some.integers(0, 2**32 - 1), crops=some.just(30))


@functools.cache
def compiled(levels: int):
    """`evaluate` for a number of thresholds; to be called while the module has that number."""
    return jax.jit(lambda t, members: evaluate(t, members))


def bounds(layer, members) -> tuple[np.ndarray, np.ndarray]:
    table = tabulate(layer.detections)
    padded = np.zeros((len(members), table.levels.shape[0]), bool)
    padded[:, : members.shape[1]] = members
    return tuple(np.asarray(bound) for bound in compiled(tables.LEVELS)(table, padded))


def exact(layer, members) -> np.ndarray:
    aps = [union_ap(layer.scores, layer.found, np.flatnonzero(z), layer.positives) for z in members]
    return np.nan_to_num(np.array(aps))  # without ground truth the tables have 0


@pytest.mark.slow
@given(CROWDED | LAYERS, some.sampled_from([15, 30, LEVELS]))
def test_every_sets_ap_lies_between_its_bounds(layer, levels):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables, "LEVELS", levels)
        low, high = bounds(layer, ALL_SETS)
    aps = exact(layer, ALL_SETS)
    assert (low <= aps + TOLERANCE).all() and (aps <= high + TOLERANCE).all()
    assert (high <= 1 + TOLERANCE).all()


@given(LAYERS)
def test_the_lower_bound_is_exact_where_every_score_of_a_true_detection_is_a_threshold(layer):
    low, _ = bounds(layer, ALL_SETS)
    np.testing.assert_allclose(low, exact(layer, ALL_SETS), atol=TOLERANCE)


def test_no_score_is_left_out_while_there_is_room():
    """A hundred right at once, then one that is right once in a thousand: the last ones weigh nothing."""
    found = np.full((1, 1, 1300), -1)
    found[0, 0, :100] = found[0, 0, 1099:1300:100] = 0
    scores = np.linspace(2, 1, 1300, dtype=np.float32)[None, None]
    layer = RandomLayer(scores, found.astype(np.int8), np.ones(1300, int), np.arange(1300))
    low, _ = bounds(layer, np.ones((1, 1), bool))
    np.testing.assert_allclose(low, exact(layer, np.ones((1, 1), bool)), atol=TOLERANCE)


@pytest.mark.slow
@pytest.mark.parametrize("values", [None, 400])
def test_many_more_scores_than_thresholds(values):
    layer = random_layer(0, filters=20, crops=400, k=4, values=values)
    assert len(np.unique(layer.scores[layer.found >= 0])) > LEVELS
    members = np.random.default_rng(1).random((40, 20)) < 0.3
    low, high = bounds(layer, members)
    aps = exact(layer, members)
    assert (low <= aps + TOLERANCE).all() and (aps <= high + TOLERANCE).all()
    assert np.abs(aps - low).max() < 0.003  # so that the search ranks sets by what they are worth
    assert (low < high).all()


def test_thresholds_lie_closer_where_precision_is_high():
    """Between two of them lies as much as between any others, in squares of a filter's own precision."""
    layer = random_layer(0, filters=20, crops=800, k=4)
    detections = layer.detections
    scores, mass = [], []
    for f in range(20):
        listed = plain.detections(layer.scores, layer.found, [f])
        true = plain.true_ones(listed)
        precision = np.cumsum(true) / np.arange(1, len(true) + 1)
        scores += [d[0] for d, found in zip(listed, true, strict=True) if found]
        mass += (precision[true] ** 2).tolist()
    thresholds = tables._thresholds(detections, np.cumsum(detections.found != -2, axis=1))
    assert thresholds[0] == max(scores) and thresholds[-1] == min(scores)
    between, _ = np.histogram(scores, bins=thresholds[::-1], weights=mass)
    np.testing.assert_allclose(between, sum(mass) / (LEVELS - 1), atol=1)  # a detection at most


def test_the_levels_of_a_set_are_a_masked_maximum():
    random = np.random.default_rng(0)
    levels = random.integers(0, 256, (3 * BLOCK, 50)).astype(np.uint8)
    members = random.random((30, 3 * BLOCK)) < np.linspace(0, 1, 30)[:, None]
    expected = np.where(members[:, :, None], levels[None], 0).max(axis=1)
    assert not members[0].any() and members[-1].all()
    np.testing.assert_array_equal(highest_levels(levels, members), expected)


def test_padding_is_never_found_and_never_shown():
    layer = random_layer(3)
    table = tabulate(layer.detections)
    assert table.levels.shape[0] % BLOCK == 0 and table.levels.dtype == np.uint8
    assert not table.levels[FILTERS:].any() and not table.counts[FILTERS:].any()
    assert table.positives == layer.positives.sum()


def test_a_filter_more_that_repeats_another_adds_only_false_detections():
    layer = random_layer(5, crops=30, repeated=True, silent=0)
    half = FILTERS // 2
    single = np.eye(FILTERS, dtype=bool)
    doubled = single | np.roll(single, half, axis=1)
    low, _ = bounds(layer, single)
    low_doubled, _ = bounds(layer, doubled)
    assert (low_doubled[:half] < low[:half]).all()


def test_unchanged_by_an_increasing_map_of_the_scores():
    layer = random_layer(7, crops=30)
    mapped = dataclasses.replace(layer, scores=np.where(layer.scores > 0, np.exp(layer.scores * 8), 0))
    for one, other in zip(bounds(layer, ALL_SETS), bounds(mapped, ALL_SETS), strict=True):
        np.testing.assert_allclose(one, other, atol=TOLERANCE)
