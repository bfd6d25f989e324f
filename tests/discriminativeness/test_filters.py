"""Discriminative filters, their intervals and their sharing, against the definitions spelled out."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from hypothesis.extra.numpy import arrays

from partsjax.discriminativeness.filters import FACTORS, exceeding, filter_drops, sharing
from partsjax.emergence.bootstrap import interval, resamples

NUMBERS = some.floats(-100, 100, width=32)


def planted(filters=40, crops=30, images=12, seed=0):
    """Drops of filters that do nothing but for 3, which costs 5, and 7, which costs 4."""
    random = np.random.default_rng(seed)
    drops = random.normal(0, 0.3, (crops, filters))
    drops[:, 3] += 5
    drops[:, 7] += 4
    return drops.astype(np.float32), np.arange(crops) % images, resamples(images, seed)


def test_the_interval_is_that_of_the_resampled_means():
    drops, images, weights = planted()
    delta = filter_drops(drops, images, weights).delta
    again = [(drops[:, 3] * w[images]).sum() / w[images].sum() for w in weights.T]
    np.testing.assert_allclose(delta.samples[3], again, rtol=1e-6)
    np.testing.assert_allclose(delta.value[3], drops[:, 3].mean(dtype=np.float64))
    assert delta[3].estimate[1:] == interval(delta.samples[3], delta.value[3])
    assert delta.low[3] < delta.value[3] < delta.high[3]


def test_the_filters_that_matter_are_found_and_no_others():
    found = filter_drops(*planted())
    np.testing.assert_array_equal(np.flatnonzero(found.discriminative()), [3, 7])
    assert list(found.counts) == list(FACTORS) and found.counts[2.0] == 2 and found.crops == 30


@given(arrays(np.float64, some.integers(1, 12), elements=NUMBERS), some.sampled_from(FACTORS))
def test_discriminative_is_mean_plus_standard_deviations(delta, factor):
    mean = sum(delta) / len(delta)
    deviation = math.sqrt(sum((d - mean) ** 2 for d in delta) / len(delta))
    limit = mean + factor * deviation
    clear = np.abs(delta - limit) > 1e-9
    np.testing.assert_array_equal(exceeding(delta, factor)[clear], (delta > limit)[clear])
    assert exceeding(delta, factor).sum() <= len(delta) / (1 + factor**2)  # Cantelli's inequality


@given(arrays(np.float32, (4, 6), elements=NUMBERS))
def test_shares_are_the_positive_drops_and_sum_to_one(drops):
    found = filter_drops(drops, np.arange(4), resamples(4, 0))
    positive = np.maximum(drops.astype(np.float64).mean(axis=0), 0)
    if positive.sum() > 0:
        np.testing.assert_allclose(found.share, positive / positive.sum(), rtol=1e-9)
        assert found.share.sum() == pytest.approx(1) and (found.share >= 0).all()
    else:
        assert np.isnan(found.share).all()


@pytest.mark.parametrize("value", [0.0, 0.1, -3.3])
def test_of_equal_filters_none_is_discriminative(value):
    found = filter_drops(np.full((7, 5), value), np.arange(7), resamples(7, 0))
    assert not found.discriminative().any() and set(found.counts.values()) == {0}


def test_without_crops_nothing_is_known_and_nothing_discriminative():
    found = filter_drops(np.zeros((0, 5)), np.zeros(0, int), resamples(0, 0))
    assert found.crops == 0 and not found.discriminative().any()
    for figures in (found.delta.value, found.delta.low, found.delta.high, found.share):
        assert figures.shape == (5,) and np.isnan(figures).all()


@given(arrays(bool, some.tuples(some.integers(1, 5), some.integers(1, 9))))
def test_sharing_counts_classes_filter_by_filter(discriminative):
    found = sharing(discriminative)
    classes = [sum(row) for row in discriminative.T.tolist()]
    assert found.classes.tolist() == classes
    assert found.distinct == sum(c > 0 for c in classes)
    assert found.histogram.tolist() == [classes.count(n) for n in range(len(discriminative) + 1)]
