"""Weighted curves against literally resampled images, and what the intervals are worth."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from partsjax.emergence.bootstrap import RESAMPLES, interval, resampled_ap, resamples
from partsjax.emergence.ranked import union
from partsjax.ops.average_precision import curve
from tests.emergence.random_layer import FILTERS, LAYERS, SETS
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
    assert np.isnan(interval(np.full(3, np.nan))).all()
    assert interval(np.array([np.nan, 0.5, 0.5])) == (0.5, 0.5)  # samples without ground truth are left out


def photographs(images: int, random: np.random.Generator):
    """Two detectors on simulated images: (scores [2, M], true [M], images [M], positives [I]).

    An image is easy or hard as a whole: so are all its boxes, of which there are none to five, and the
    false detections on it. That is what intervals over images have to take in.
    """
    ease = random.normal(0, 1, images)
    positives = random.integers(0, 6, images)
    right = random.binomial(positives, 1 / (1 + np.exp(-1.5 - ease)))
    wrong = random.poisson(2 * np.exp(-0.5 * ease))
    of = np.concatenate([np.repeat(np.arange(images), right), np.repeat(np.arange(images), wrong)])
    true = np.arange(len(of)) < right.sum()
    score = random.normal(0, 1, len(of)) + np.where(true, 1.2 + 0.7 * ease[of], 0)
    return np.stack([score, 0.8 * score + random.normal(0, 0.8, len(of))]), true, of, positives


# How often either end of an interval lies on the wrong side of the truth, on 4,000 sets of 60 images: of one
# detector, another, and their difference. Nominally each is 0.025; the ends of plain percentiles are not:
# in a resample, which shows some images again and again, APs are higher in the mean, and so are both ends.
TOO_HIGH, TOO_LOW = np.array([0.048, 0.056, 0.011]), np.array([0.021, 0.020, 0.069])


def check_rate(wrong: np.ndarray, rate) -> None:
    """wrong: bool [N, ...], strays from its rate by no more than luck does in 999 of 1,000."""
    luck = 3.29 * np.sqrt(rate * (1 - rate) / len(wrong))
    assert (np.abs(np.mean(wrong, axis=0) - rate) <= luck).all(), (np.mean(wrong, axis=0), rate, luck)


@pytest.mark.slow
def test_each_end_of_an_interval_is_wrong_as_often_as_is_known_of_it():
    """1,000 sets of images against the truth on very many."""
    scores, true, _, positives = photographs(300_000, np.random.default_rng(0))
    everywhere = np.zeros(len(true), np.int64)
    truth = [curve(s, true, everywhere, [positives.sum()]).average_precision() for s in scores]
    assert 0.3 < truth[1] < truth[0] - 0.05 < 0.9

    estimates = []
    for number in range(1000):
        scores, true, of, positives = photographs(60, np.random.default_rng((1, number)))
        weights = resamples(60, (2, number))
        detectors = [curve(s, true, of, positives) for s in scores]
        one, other = (resampled_ap(d, weights) for d in detectors)
        estimates.append([ap.estimate for ap in (one, other, one - other)])
    _, low, high = np.moveaxis(estimates, -1, 0)
    of_truth = (*truth, truth[0] - truth[1])
    check_rate(low > of_truth, TOO_HIGH)
    check_rate(high < of_truth, TOO_LOW)
    assert ((low > of_truth) | (high < of_truth)).mean() < 2 * 0.05  # not twice what it says
    # Pairing is worth it: detectors share their images' luck.
    width = (high - low).mean(axis=0)
    assert width[2] < 0.7 * np.hypot(*width[:2])


def test_a_check_of_rates_notices_an_interval_that_is_a_quarter_too_short():
    random = np.random.default_rng(0).normal(0, 1, (1000, 1))
    check_rate(random > 1.96, np.array([0.025]))
    with pytest.raises(AssertionError):
        check_rate(random > 0.75 * 1.96, np.array([0.025]))
