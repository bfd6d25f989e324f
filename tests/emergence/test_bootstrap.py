"""Weighted curves against literally resampled images, and what the intervals are worth."""

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as some
from hypothesis.extra.numpy import arrays as numpy_arrays

from partsjax.emergence.bootstrap import (
    RESAMPLES,
    interval,
    mean_over_crops,
    p_value,
    resampled_ap,
    resamples,
)
from partsjax.emergence.ranked import union
from partsjax.ops.average_precision import curve
from tests.discriminativeness.plain import resampled_mean
from tests.emergence import simulated
from tests.emergence.random_layer import FILTERS, LAYERS, SETS
from tests.plain import bias_corrected as plain_intervals
from tests.plain import combination as plain


def curve_of(layer, members):
    found = union(layer.detections, members)
    positives = np.bincount(layer.images, weights=layer.positives)
    return curve(found.scores, found.true, layer.images[found.crops], positives)


@given(LAYERS, SETS, some.integers(0, 2**32 - 1))
def test_weights_equal_images_literally_drawn_again(layer, members, seed):
    images = int(layer.images.max()) + 1
    draws = np.random.default_rng(seed).integers(0, images, (7, images))
    weights = np.array([np.bincount(d, minlength=images) for d in draws], np.float32).T
    listed = plain.detections(layer.scores, layer.found, members)
    expected = [plain.resampled_ap(listed, layer.positives, layer.images, d) for d in draws]
    mine = curve_of(layer, members)
    np.testing.assert_allclose(mine.average_precision(weights), expected, atol=1e-6)
    np.testing.assert_allclose(mine.average_precision(), plain.list_ap(listed, layer.positives), atol=1e-9)


@given(LAYERS)
def test_where_images_of_equal_weight_are_drawn_the_interval_holds_the_value(layer):
    detector = curve_of(layer, range(FILTERS))
    images = int(layer.images.max()) + 1
    ap = resampled_ap(detector, np.ones((images, 3), np.float32))
    if layer.positives.sum() == 0:
        assert np.isnan([*ap.estimate, *ap.samples]).all()
    else:
        np.testing.assert_allclose(ap.estimate, detector.average_precision(), atol=1e-6)


def test_resamples_draw_as_many_images_as_there_are():
    weights = resamples(30, 0)
    assert weights.shape == (30, RESAMPLES) and (weights.sum(axis=0) == 30).all()
    np.testing.assert_allclose(weights.mean(axis=1), 1, atol=0.2)
    np.testing.assert_allclose(weights.var(axis=1), 1 - 1 / 30, atol=0.3)
    np.testing.assert_array_equal(resamples(30, 0), weights)
    assert (resamples(30, 1) != weights).any()


def test_nothing_to_judge_on_is_unknown():
    weights = resamples(0, 0)
    nothing = curve(np.zeros(0), np.zeros(0, bool), np.zeros(0, int), np.zeros(0))
    ap = resampled_ap(nothing, weights)
    assert ap.samples.shape == (RESAMPLES,) and np.isnan([*ap.estimate, *(ap - ap).estimate]).all()
    assert np.isnan(ap.p_value) and np.isnan(interval(np.full(3, np.nan), 0.5)).all()
    assert np.isnan(p_value(np.zeros(3), np.nan))
    # Samples without ground truth are left out.
    assert interval(np.array([np.nan, 0.5, 0.5]), 0.5) == (0.5, 0.5)


def check_bias_corrected(samples, value):
    expected = *plain_intervals.interval(value, samples), plain_intervals.p_value(value, samples)
    np.testing.assert_allclose((*interval(samples, value), p_value(samples, value)), expected, atol=1e-9)


SAMPLES = numpy_arrays(
    np.float64,
    some.integers(1, 60),
    elements=some.one_of(some.floats(-1, 1), some.sampled_from([-0.5, 0.0, 0.25, 0.5, np.nan])),
)


@given(SAMPLES, some.sampled_from([-1.0, -0.5, 0.0, 0.25, 0.5, 1.0]))
def test_ends_and_p_value_against_the_plain_reference(samples, value):
    check_bias_corrected(samples, value)
    check_bias_corrected(samples, float(samples[0]))


def test_ends_are_those_of_scipy_where_nothing_accelerates():
    """SciPy's BCa of a squared mean of symmetric values: biased upward, with an acceleration near 0."""
    half = np.random.default_rng(0).normal(0, 1, 20)
    values = np.concatenate([half, -half]) + 0.3
    known = scipy.stats.bootstrap(
        [values], lambda v, axis=-1: np.mean(v, axis) ** 2, n_resamples=1000, method="BCa", rng=1
    )
    samples = known.bootstrap_distribution
    mine, plain = interval(samples, values.mean() ** 2), np.percentile(samples, [2.5, 97.5])
    expected = np.array(known.confidence_interval)
    assert np.abs(mine - expected).max() < 0.2 * np.abs(plain - expected).max()


@pytest.mark.parametrize("count", [1, 2, 1000])
@pytest.mark.parametrize("value", [-0.3, 0.0, 0.3])
@pytest.mark.parametrize("beside", [-1.0, 0.0, 1.0])
def test_samples_that_are_all_on_one_side_of_the_figure(count, value, beside):
    """All equal to it, all below, all above: ends are among samples, p-values half a sample from 0 and 1."""
    samples = np.full(count, value + beside) + np.linspace(0, 0.1, count) * beside
    check_bias_corrected(samples, value)
    low, high = interval(samples, value)
    assert samples.min() <= low <= high <= samples.max()
    assert 0.5 / count <= p_value(samples, value) <= 1 - 0.5 / count


def test_a_figure_whose_samples_lie_higher_has_lower_ends_and_less_evidence():
    samples = np.random.default_rng(0).normal(0.2, 0.1, 1000)
    plain = np.percentile(samples, [2.5, 97.5])
    low, high = interval(samples, 0.15)  # resampling adds 0.05 to what is there: so less is in truth
    assert low < plain[0] and high < plain[1]
    assert p_value(samples, 0.15) > p_value(samples, 0.2) > p_value(samples, 0.25)
    np.testing.assert_allclose(interval(samples, float(np.median(samples))), plain, atol=1e-9)


@given(some.integers(0, 2**32 - 1), some.booleans())
def test_means_equal_images_literally_drawn_again(seed, counted):
    random = np.random.default_rng(seed)
    crops, images = random.integers(1, 9), 5
    values, of = random.normal(size=(crops, 2)), random.integers(0, images, crops)
    per = random.uniform(0.1, 3, crops) if counted else None
    draws = [np.arange(images), *random.integers(0, images, (6, images))]
    weights = np.array([np.bincount(d, minlength=images) for d in draws], np.float32).T
    found = mean_over_crops(values, of, weights, per)
    expected = [np.broadcast_to(resampled_mean(values, of, d, per), 2) for d in draws]
    np.testing.assert_allclose(found.samples.T, expected, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(found.value, expected[0], rtol=1e-9, atol=1e-12)


def test_crops_of_one_image_are_drawn_together():
    """Ten crops of each image all alike: as wide as one crop an image."""
    values = np.random.default_rng(0).normal(size=(20, 1))
    weights = resamples(20, 1)
    once = mean_over_crops(values, np.arange(20), weights)
    tenfold = mean_over_crops(np.repeat(values, 10, axis=0), np.repeat(np.arange(20), 10), weights)
    np.testing.assert_allclose(tenfold.samples, once.samples)


# How often either end of an interval lies on the wrong side of the truth, on 2,000 sets of 60 images: of one
# detector, another, and their difference. Nominally each is 0.025.
TOO_HIGH, TOO_LOW = np.array([0.038, 0.038, 0.034]), np.array([0.027, 0.032, 0.048])


def check_rate(wrong: np.ndarray, rate) -> None:
    """wrong: bool [N, ...], strays from its rate by no more than luck does in 999 of 1,000."""
    luck = 3.29 * np.sqrt(rate * (1 - rate) / len(wrong))
    assert (np.abs(np.mean(wrong, axis=0) - rate) <= luck).all(), (np.mean(wrong, axis=0), rate, luck)


@pytest.mark.slow
def test_each_end_of_an_interval_is_wrong_as_often_as_is_known_of_it():
    """1,000 sets of images against the truth on very many."""
    truth = simulated.truth()
    assert 0.3 < truth[1] < truth[0] - 0.05 < 0.9
    figures = [simulated.on_one_set(60, number) for number in range(1000)]
    wrong = simulated.errors(figures, truth)
    check_rate(wrong.low, TOO_HIGH)
    check_rate(wrong.high, TOO_LOW)
    assert (wrong.low | wrong.high).mean() < 2 * 0.05  # not twice what it says
    # Pairing is worth it: detectors share their images' luck.
    width = np.mean([[figure.high - figure.low for figure in of_set] for of_set in figures], axis=0)
    assert width[2] < 0.7 * np.hypot(*width[:2])


def test_a_check_of_rates_notices_an_interval_that_is_a_quarter_too_short():
    random = np.random.default_rng(0).normal(0, 1, (1000, 1))
    check_rate(random > 1.96, np.array([0.025]))
    with pytest.raises(AssertionError):
        check_rate(random > 0.75 * 1.96, np.array([0.025]))
