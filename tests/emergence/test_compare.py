"""Differences between networks: against a plain loop, against known truths, and what they refuse."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from scipy import stats

from partsjax.emergence.bootstrap import resampled_ap, resamples
from partsjax.emergence.compare import JudgedLayer, mean_held_out_ap, network_difference, over_seeds
from partsjax.ops.average_precision import curve
from tests.emergence.simulated import photographs
from tests.emergence.test_bootstrap import check_rate
from tests.plain.bias_corrected import interval

PARTS = (("dog", "head"), ("dog", "leg"), ("cat", "head"))


def measured(random: np.random.Generator, unknown: float = 0.0) -> JudgedLayer:
    values = random.random((len(PARTS), 40)).astype(np.float32)
    values[random.random(values.shape) < unknown] = np.nan
    return JudgedLayer(PARTS, random.random(len(PARTS)), values)


def plain_over_seeds(values, drawn):
    """drawn: by seed a list of R figures."""
    value = sum(values) / len(values)
    low, high = interval(value, [sum(of_r) / len(of_r) for of_r in zip(*drawn, strict=True)])
    if len(values) == 1:
        return value, low, high
    spread = math.sqrt(sum((v - value) ** 2 for v in values) / (len(values) - 1))
    seeds = stats.t(len(values) - 1).ppf(0.975) * spread / math.sqrt(len(values))
    return (
        value,
        value - math.sqrt(max(value - low, 0) ** 2 + seeds**2),
        value + math.sqrt(max(high - value, 0) ** 2 + seeds**2),
    )


def mean(values) -> float:
    known = [v for v in values if not math.isnan(v)]
    return sum(known) / len(known) if known else math.nan


@given(some.integers(0, 2**32 - 1), some.sampled_from([(1, 1), (3, 1), (1, 2), (3, 3)]), some.booleans())
def test_equals_a_plain_loop_over_parts_seeds_and_samples(seed, seeds, holes):
    """Of parts of one class, whose samples stay side by side; part by part of any."""
    random = np.random.default_rng(seed)
    ones, others = ([measured(random, 0.2 * holes) for _ in range(n)] for n in seeds)
    found = network_difference(ones, others)
    paired = zip if len(ones) == len(others) else itertools.product
    pairs = list(paired(ones, others))
    for p, part in enumerate(found.parts):
        values = [a.ap_val[p] - b.ap_val[p] for a, b in pairs]
        drawn = [list(a.resamples[p].astype(float) - b.resamples[p].astype(float)) for a, b in pairs]
        np.testing.assert_allclose(part, plain_over_seeds(values, drawn), atol=1e-12)
    assert found.better == sum(p.low > 0 for p in found.parts)
    assert found.worse == sum(p.high < 0 for p in found.parts)
    assert found.by_chance == pytest.approx(0.025 * 3)

    dogs = [[JudgedLayer(PARTS[:2], n.ap_val[:2], n.resamples[:2]) for n in of] for of in (ones, others)]
    found = network_difference(*dogs)
    by_seed, drawn, over, over_drawn = [], [], [], []
    for a, b in pairs:
        by_seed.append(mean([a.ap_val[p] - b.ap_val[p] for p in (0, 1)]))
        gains = a.resamples[:2].astype(float) - b.resamples[:2].astype(float)
        drawn.append([mean(gains[:, r]) for r in range(gains.shape[1])])
        over.append(int(sum(a.ap_val[:2] > 0.3) - sum(b.ap_val[:2] > 0.3)))
        counts = zip(a.resamples[:2].T.tolist(), b.resamples[:2].T.tolist(), strict=True)
        over_drawn.append([sum(v > 0.3 for v in of_a) - sum(v > 0.3 for v in of_b) for of_a, of_b in counts])
    np.testing.assert_allclose(found.by_seed, by_seed, atol=1e-12)
    np.testing.assert_allclose(found.mean, plain_over_seeds(by_seed, drawn), atol=1e-12)
    np.testing.assert_allclose(found.over, plain_over_seeds(over, over_drawn), atol=1e-12)


def test_equal_networks_differ_by_nothing_and_opposite_ways_by_opposite_figures():
    random = np.random.default_rng(0)
    one, other = measured(random), measured(random)
    nothing = network_difference([one], [one])
    assert nothing.mean == nothing.over == (0, 0, 0) and set(nothing.parts) == {(0, 0, 0)}
    assert nothing.better == nothing.worse == 0
    there, back = network_difference([one], [other]), network_difference([other], [one])
    for a, b in (
        (there.mean, back.mean),
        (there.over, back.over),
        *zip(there.parts, back.parts, strict=True),
    ):
        np.testing.assert_allclose(a, (-b.value, -b.high, -b.low), atol=1e-12)
    assert (there.better, there.worse) == (back.worse, back.better)


def test_the_difference_of_means_is_the_mean_of_differences():
    random = np.random.default_rng(1)
    one, other = measured(random), measured(random)
    gain = mean_held_out_ap([one]).value - mean_held_out_ap([other]).value
    assert network_difference([one], [other]).mean.value == pytest.approx(gain)
    assert {
        type(v) for v in (*network_difference([one], [other]).by_seed, mean_held_out_ap([one]).value)
    } == {float}


def test_a_single_run_against_several_seeds_meets_each_of_them():
    random = np.random.default_rng(2)
    one, others = measured(random), [measured(random) for _ in range(3)]
    assert network_difference([one], others) == network_difference([one] * 3, others)


def test_seeds_widen_the_interval_and_do_not_move_the_figure():
    values, drawn = [0.1, 0.2, 0.3], np.zeros((3, 50))
    of_three = over_seeds(values, drawn + 0.2)
    assert of_three.value == pytest.approx(0.2)
    assert of_three.high - of_three.value == pytest.approx(4.302653 * 0.1 / math.sqrt(3), rel=1e-6)
    same = over_seeds([0.2] * 3, [np.linspace(0, 1, 50)] * 3)
    np.testing.assert_allclose(same, over_seeds([0.2], [np.linspace(0, 1, 50)]), atol=1e-12)


def test_a_figure_that_is_not_known_stays_unknown():
    none = JudgedLayer(PARTS, np.full(3, np.nan), np.full((3, 40), np.nan, np.float32))
    found = network_difference([none], [none])
    assert np.isnan([*found.mean, *found.by_seed, *itertools.chain(*found.parts)]).all()
    assert found.better == found.worse == 0
    empty = JudgedLayer((), np.zeros(0), np.zeros((0, 40), np.float32))
    assert np.isnan([*network_difference([empty], [empty]).mean, *mean_held_out_ap([empty])]).all()


def test_what_cannot_be_compared_is_refused():
    random = np.random.default_rng(3)
    one = measured(random)
    elsewhere = JudgedLayer((("dog", "head"), *PARTS[:2]), one.ap_val, one.resamples)
    with pytest.raises(ValueError, match="other parts"):
        network_difference([one], [elsewhere])
    with pytest.raises(ValueError, match="3 seeds of one network, 2"):
        network_difference([one] * 3, [one] * 2)


def test_classes_with_equally_many_images_are_drawn_independently():
    """Two classes whose every image has the same luck: their means' errors must not add up."""
    luck = np.random.default_rng(4).normal(0, 1, 1000).astype(np.float32)
    parts = (("dog", "head"), ("cat", "head"))
    together = mean_held_out_ap([JudgedLayer(parts, np.zeros(2), np.stack([luck, luck]))])
    alone = mean_held_out_ap([JudgedLayer(parts[:1], np.zeros(1), luck[None])])
    assert (together.high - together.low) / (alone.high - alone.low) == pytest.approx(
        math.sqrt(0.5), abs=0.06
    )
    one_class = (("dog", "head"), ("dog", "leg"))
    same = mean_held_out_ap([JudgedLayer(one_class, np.zeros(2), np.stack([luck, luck]))])
    np.testing.assert_allclose(same, alone, atol=1e-6)


@pytest.mark.slow
def test_each_end_of_a_mean_difference_is_wrong_as_often_as_is_known_of_it():
    """Two detectors of two classes' parts on 500 sets of images, against the truth on very many."""
    parts = (("dog", "head"), ("cat", "head"))
    truths = []
    for number in range(2):
        scores, true, _, positives = photographs(300_000, np.random.default_rng((5, number)))
        everywhere = np.zeros(len(true), np.int64)
        one, other = (curve(s, true, everywhere, [positives.sum()]).average_precision() for s in scores)
        truths.append(one - other)
    ends = []
    for number in range(500):
        detectors = ([], [])
        for c in range(2):
            scores, true, of, positives = photographs(60, np.random.default_rng((6, number, c)))
            weights = resamples(60, (7, number))
            for found, s in zip(detectors, scores, strict=True):
                found.append(resampled_ap(curve(s, true, of, positives), weights))
        ones, others = (
            JudgedLayer(parts, np.array([ap.value for ap in found]), np.stack([ap.samples for ap in found]))
            for found in detectors
        )
        mean = network_difference([ones], [others]).mean
        ends.append((mean.low > np.mean(truths), mean.high < np.mean(truths)))
    check_rate(np.array(ends), np.array([0.0275, 0.0505]))  # of 2,000 sets; see test_bootstrap
    assert np.any(ends, axis=1).mean() < 2 * 0.05


@pytest.mark.slow
@pytest.mark.parametrize("of_seeds", [0.0, 0.3, 1.0, 3.0, 100.0])
def test_intervals_over_three_seeds_hold_the_truth(of_seeds):
    """Images and seeds each with their own luck, the seeds' `of_seeds` times the images' in a mean.

    The figure is a mean over 100 images; 2,000 trials, of which 95% stray by 0.015 (3 sd).
    """
    images, seeds, trials = 100, 3, 2000
    random = np.random.default_rng(8)
    weights = random.multinomial(images, np.full(images, 1 / images), 1000).T / images
    inside, drawn_again = 0, 0
    for _ in range(trials):
        of_images = random.normal(0, 1, images)
        of_each = random.normal(0, 0.3, (seeds, images))  # a seed's own luck with an image
        gains = of_images + of_each + of_seeds * random.normal(0, 0.1, (seeds, 1))
        found = over_seeds(list(gains.mean(axis=1)), list(gains @ weights))
        inside += found.low <= 0 <= found.high
        seeds_drawn = random.integers(0, seeds, (1000, seeds))
        low, high = np.percentile(
            (gains @ weights)[seeds_drawn, np.arange(1000)[:, None]].mean(1), [2.5, 97.5]
        )
        drawn_again += low <= 0 <= high
    if of_seeds == 100:
        assert drawn_again / trials < 0.8  # why seeds are not drawn again, as images are
    # Percentile intervals of 100 images are a little short; both sources at once make them a little long.
    assert 0.95 - 0.015 - 0.01 < inside / trials < 0.99
