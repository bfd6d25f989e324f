"""Judged parts against other sets of filters: tables, odds ratios, chance."""

import numpy as np
import pytest
from scipy.stats import fisher_exact

from partsjax.judging.asked import ALL
from partsjax.judging.association import associations, odds_ratio
from tests.judging.test_fractions import about


def plain_odds_ratio(a, b, c, d):
    """Haldane and Anscombe's, with Woolf's interval."""
    a, b, c, d = a + 0.5, b + 0.5, c + 0.5, d + 0.5
    log, half = np.log(a * d / b / c), 1.96 * np.sqrt(1 / a + 1 / b + 1 / c + 1 / d)
    return np.exp([log, log - half, log + half])


@pytest.mark.parametrize("cells", [(5, 3, 2, 20), (0, 4, 6, 1), (7, 0, 0, 9), (0, 0, 0, 3), (1, 0, 0, 0)])
def test_of_one_class_it_is_fisher_s_and_woolf_s(cells):
    number = sum(cells)
    asked = about([("conv5", "horse", f) for f in range(number + 2)])
    one = np.repeat([1, 1, 0, 0, 1], [*cells, 2]).astype(bool)
    other = np.repeat([1, 0, 1, 0, 1], [*cells, 2]).astype(bool)
    judged = np.arange(number + 2) < number  # the last two have no judgment
    (found,) = associations(asked, one, judged, "beyond_place", members(asked, other))
    assert (found.both, found.judged_only, found.other_only, found.neither) == cells
    np.testing.assert_allclose(found.odds_ratio, plain_odds_ratio(*cells), rtol=1e-4)
    a, b, c, d = cells
    assert found.expected == pytest.approx((a + b) * (a + c) / number)
    if (a + b) * (a + c):
        assert found.p_value == pytest.approx(fisher_exact([[a, b], [c, d]], alternative="greater").pvalue)
    else:
        assert np.isnan(found.p_value)


def test_a_filter_is_one_observation_in_however_many_classes():
    random = np.random.default_rng(0)
    one, other = random.random((2, 60)) < 0.4
    once = odds_ratio(np.arange(60), one, other)
    twice = odds_ratio(np.tile(np.arange(60), 2), np.tile(one, 2), np.tile(other, 2))
    apart = odds_ratio(np.arange(120), np.tile(one, 2), np.tile(other, 2))
    width = [np.log(found.high / found.low) for found in (once, twice, apart)]
    assert width[1] == pytest.approx(width[0], rel=0.05) and width[2] == pytest.approx(
        width[0] / 2**0.5, rel=0.05
    )


def test_over_classes_chance_permutes_filters():
    """The same 8 of 20 filters are both in five classes: no more evidence than in one."""
    asked = about([("conv5", name, f) for name in "abcde" for f in range(20)])
    random = np.random.default_rng(1)
    one, other = (np.tile(random.permutation(20) < 8, 5) for _ in range(2))
    *classes, whole = associations(asked, one, np.ones(100, bool), "beyond_place", members(asked, other))
    assert whole.object_class == ALL and whole.both == 5 * classes[0].both
    assert whole.expected == pytest.approx(5 * classes[0].expected)
    assert whole.p_value == pytest.approx(classes[0].p_value, abs=0.03)


def test_what_was_not_asked_or_judged_is_no_evidence():
    """Each of 40 filters was asked about in one class of two, and a quarter has no judgment."""
    random = np.random.default_rng(2)
    asked = about([("conv5", "ab"[f % 2], f) for f in range(40)])
    judged, one = random.random((2, 40)) < 0.75
    in_set = frozenset(("conv5", name, f) for name in "ab" for f in range(0, 40, 3))
    *_, whole = associations(asked, one, judged, "beyond_place", in_set)
    assert whole.both + whole.judged_only + whole.other_only + whole.neither == judged.sum()
    assert whole.expected == pytest.approx((one & judged).sum() * 14 / 40)
    assert whole.p_value > 0.05


def members(asked, other) -> frozenset:
    pairs = zip(asked.layer, asked.object_class, asked.filter.tolist(), strict=True)
    return frozenset(pair for pair, is_in in zip(pairs, other, strict=True) if is_in)
