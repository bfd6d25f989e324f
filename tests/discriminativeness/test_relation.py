"""Overlap of sets of filters against chance, and rank correlations with their intervals."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from hypothesis.extra.numpy import arrays
from scipy.stats import spearmanr

from partsjax.discriminativeness.correlation import partial_spearman, rank_correlation, spearman
from partsjax.discriminativeness.relation import overlap, semantic
from partsjax.emergence.bootstrap import Resampled
from partsjax.emergence.verdict import Estimate, Verdict
from tests.discriminativeness import plain


def verdict(part, best, combination, train, low, *, of="dog", num_val=20, q_value=0.01):
    return Verdict(
        "conv5", of, part, 20, num_val, best, combination=combination, combination_ap_train=train,
        combination_ap_val=Estimate(low + 0.05, low, low + 0.1), q_value=q_value,
    )  # fmt: skip


def test_semantic_filters_are_best_or_in_the_set_of_a_part_that_emerges():
    verdicts = [
        verdict("head", 1, (1, 4), 0.6, 0.4),  # by all criteria
        verdict("leg", 2, (3, 5), 0.4, 0.1, q_value=0.2),  # by the paper's alone
        verdict("eye", 8, (8, 9), 0.2, 0.1),  # beyond place, and no more
        verdict("tail", 6, (6,), 0.1, 0.05, q_value=0.5),  # not at all
        verdict("ear", 7, (7,), 0.9, 0.8, num_val=9),  # too rare to be judged
        verdict("head", 0, (0,), 0.9, 0.8, of="cat"),
    ]
    assert np.flatnonzero(semantic(verdicts, "dog", "beyond_place", 10)).tolist() == [1, 4, 8, 9]
    assert np.flatnonzero(semantic(verdicts, "dog", "paper", 10)).tolist() == [1, 2, 3, 4, 5]
    assert np.flatnonzero(semantic(verdicts, "dog", "strict", 10)).tolist() == [1, 4]
    assert not semantic(verdicts, "horse", "paper", 10).any()


SETS = some.integers(2, 7).flatmap(lambda n: some.tuples(*[arrays(bool, n)] * 2))


@given(SETS)
def test_one_class_against_every_permutation_there_is(sets):
    d, s = sets
    found = overlap(d, s)
    overlaps = [(d & s[list(p)]).sum() for p in itertools.permutations(range(len(d)))]
    assert found.both == (d & s).sum() and found.exact
    assert found.expected == pytest.approx(np.mean(overlaps))
    if d.any() and s.any():
        assert found.p_value == pytest.approx(np.mean(np.array(overlaps) >= found.both))
    else:
        assert math.isnan(found.p_value)
    assert (math.isnan(found.share) and not d.any()) or found.share == found.both / d.sum()


def test_several_classes_against_every_permutation_there_is():
    """Classes that share filters: their joint permutations, not a product of single ones."""
    random = np.random.default_rng(0)
    d = np.array([[1, 1, 0, 0, 0, 0, 0], [1, 1, 0, 0, 1, 0, 0], [1, 0, 0, 0, 0, 0, 0]], bool)
    for _ in range(5):
        s = random.random((3, 7)) < 0.4
        found = overlap(d, s, seed=1)
        overlaps = [(d & s[:, list(p)]).sum() for p in itertools.permutations(range(7))]
        assert found.expected == pytest.approx(np.mean(overlaps)) and not found.exact
        assert found.both == (d & s).sum() and found.filters == 21
        # Of 10,000 permutations the share strays by 0.02 (4 standard deviations).
        assert found.p_value == pytest.approx(np.mean(np.array(overlaps) >= found.both), abs=0.02)


def test_permutations_are_those_of_the_seed():
    d, s = np.random.default_rng(0).random((2, 3, 30)) < 0.3
    assert overlap(d, s, seed=1) == overlap(d, s, seed=1)
    assert overlap(d, d).p_value < 0.001 < overlap(d, ~d).p_value


FIGURES = some.integers(2, 12).flatmap(
    lambda n: some.tuples(*[arrays(np.float64, n, elements=some.integers(-3, 3))] * 2)
)


@given(FIGURES)
def test_rank_correlation_is_scipys_with_ties(pair):
    one, other = pair
    found = spearman(one, other)
    if len({*one}) == 1 or len({*other}) == 1:
        assert np.isnan(found)
    else:
        assert found == pytest.approx(spearmanr(one, other).statistic, abs=1e-12)


def test_many_rank_correlations_at_once_are_each_its_own():
    random = np.random.default_rng(0)
    one, other = random.normal(size=(2, 9, 4, 3))
    one[2, 1, 1] = np.nan
    found = spearman(one, other)
    for i, j in np.ndindex(4, 3):
        np.testing.assert_allclose(found[i, j], spearmanr(one[:, i, j], other[:, i, j]).statistic)
    assert np.isnan(found).sum() == 1


@given(some.integers(3, 9), some.integers(0, 2**32 - 1))
def test_partial_rank_correlation_is_that_of_what_regression_on_the_third_leaves(number, seed):
    one, other, given = np.random.default_rng(seed).integers(-4, 5, (3, number)).astype(float)
    found = partial_spearman(one, other, given)
    if any(abs(abs(spearman(v, given)) - 1) < 1e-9 or np.isnan(spearman(v, given)) for v in (one, other)):
        assert np.isnan(found)
    else:
        assert found == pytest.approx(plain.partial_rank_correlation(one, other, given), abs=1e-9)


def test_nothing_is_left_of_a_list_in_the_order_of_the_third():
    one, other = np.random.default_rng(0).normal(size=(2, 47))
    assert np.isnan([partial_spearman(one, other, v) for v in (one, -other, np.exp(one), other)]).all()


def resampled(values, spread=0.0, seed=0) -> Resampled:
    values = np.asarray(values, np.float64)
    return Resampled(
        values, values[:, None] + np.random.default_rng(seed).normal(0, spread, (len(values), 300))
    )


def test_rank_correlation_comes_with_both_its_intervals():
    random, truth = np.random.default_rng(0), np.arange(30.0)
    one, other, given = (resampled(truth + random.normal(0, 4, 30), 0.5, seed) for seed in range(3))
    for figures, expected in (
        ((one, other), lambda a, b: spearmanr(a, b).statistic),
        ((one, other, given), plain.partial_rank_correlation),
    ):
        found = rank_correlation(*figures, seed=3)
        values = [figure.value for figure in figures]
        assert found.number == 30 and found.value == pytest.approx(expected(*values))
        parts, images = found.over_things, found.over_images
        assert parts.low < images.low < images.high < 1 and parts.low < found.value < parts.high
        draws = random.integers(0, 30, (300, 30))
        again = Resampled(found.value, np.array([expected(*(v[d] for v in values)) for d in draws]))
        np.testing.assert_allclose(parts, again.estimate, atol=0.1)
        of_images = [expected(*sample) for sample in zip(*(f.samples.T for f in figures), strict=True)]
        again = Resampled(np.round(found.value, 12), np.round(of_images, 12))  # half of ties are below
        np.testing.assert_allclose(images, again.estimate)


def test_parts_without_a_figure_are_left_out_of_the_correlation():
    one = resampled([1.0, np.nan, 2.0, 3.0, 5.0])
    other = resampled([2.0, 1.0, np.nan, 3.0, 9.0])
    found = rank_correlation(one, other)
    assert (found.number, found.value) == (3, 1) and found.over_images == (1, 1, 1)
    given = resampled([2.0, 1.0, 4.0, np.nan, 9.0])
    assert rank_correlation(one, other, given).number == 2


@pytest.mark.parametrize(
    "pair", [([], []), ([1.0], [2.0]), ([1.0, 1.0], [2.0, 3.0]), ([np.nan] * 3, [1.0] * 3)]
)
def test_too_few_or_equal_figures_have_no_correlation(pair):
    found = rank_correlation(*map(resampled, pair))
    assert np.isnan([*found.over_things, *found.over_images]).all()


def test_an_overlap_that_every_permutation_has_is_no_surprise():
    everything, some_of_it = np.ones((2, 7), bool), np.arange(14).reshape(2, 7) % 3 == 0
    assert overlap(everything, some_of_it).p_value == 1


def test_a_correlation_comes_with_the_same_interval_again():
    a, b = map(resampled, np.random.default_rng(0).random((2, 9)))
    assert rank_correlation(a, b) == rank_correlation(a, b, seed=0) != rank_correlation(a, b, seed=1)


@pytest.mark.parametrize("seed", range(5))
def test_where_hardly_an_image_changes_the_ranks_the_interval_holds_the_value(seed):
    """Of the samples all but 30 below it and 30 above have its very ranks: equal, not by rounding less."""
    random = np.random.default_rng(seed)
    one, other, given = random.normal(size=(3, 9))
    moved = [random.permutation(one) for _ in range(200)]
    moved.sort(key=lambda v: float(partial_spearman(v, other, given)))
    samples = np.stack([*[moved[0]] * 30, *[one] * 940, *[moved[-1]] * 30], axis=1)
    fixed = [Resampled(v, np.repeat(v[:, None], 1000, axis=1)) for v in (other, given)]
    found = rank_correlation(Resampled(one, samples), *fixed)
    ends = [float(partial_spearman(v, other, given)) for v in (moved[0], moved[-1])]
    np.testing.assert_allclose(found.over_images[1:], ends)


@pytest.mark.parametrize(("number", "known"), [(4, False), (5, True)])
def test_of_fewer_than_five_things_there_is_no_interval_over_them(number, known):
    found = rank_correlation(resampled(np.arange(number)), resampled(np.arange(number) ** 2))
    assert found.value == found.over_images.low == 1 and (found.over_things.low == 1) == known
    assert np.isnan(found.over_things[1:]).all() != known
