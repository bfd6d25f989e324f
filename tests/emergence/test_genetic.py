"""The search: sampling, the elite, the best single filter as a floor, planted pairs."""

import functools

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from hypothesis.extra import numpy as arrays

from partsjax.emergence.genetic import Genetic, _flips, _universal_sample, evolve, fitness, greedy
from partsjax.emergence.tables import tabulate
from tests.emergence.random_layer import FILTERS, random_layer

sample = jax.jit(_universal_sample)
greedy_search = jax.jit(greedy)
fitness_of = jax.jit(fitness)


@given(
    arrays.arrays(np.float32, 40, elements=some.floats(0, 1, width=32, allow_subnormal=False)),
    some.integers(0, 2**31),
)
def test_each_set_is_drawn_its_expected_number_of_times_up_to_one(fit, seed):
    drawn = np.bincount(sample(fit, jax.random.key(seed)), minlength=40)
    share = fit.astype(float) if fit.sum() > 0 else np.ones(40)
    expected = share / share.sum() * 40
    assert drawn.sum() == 40
    assert (drawn >= np.floor(expected - 1e-3)).all()
    assert (drawn <= np.ceil(expected + 1e-3)).all()


def test_sampling_is_unbiased():
    fit = np.array([0.1, 0.7, 0.0, 0.2] * 10, np.float32)
    drawn = np.mean([np.bincount(sample(fit, jax.random.key(s)), minlength=40) for s in range(300)], axis=0)
    np.testing.assert_allclose(drawn, fit / fit.sum() * 40, atol=0.1)  # 300 draws, each floor or ceiling


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_only_rows_that_mutate_are_drawn_and_drawn_as_all_rows_would_be(share):
    mutated = np.random.default_rng(0).random(40) < share
    key, shape = jax.random.key(7), (40, 384)
    flips = jax.jit(_flips, static_argnums=3)(key, np.float32(0.2), mutated, shape[1])
    everywhere = np.asarray(jax.random.bernoulli(key, np.float32(0.2), shape))
    assert everywhere.any(axis=1).all()
    np.testing.assert_array_equal(flips, mutated[:, None] & everywhere)


@functools.cache
def table(seed, crops=60):
    return tabulate(random_layer(seed, crops=crops, silent=0).detections)


def evolved(seed, key=0, settings=Genetic(population=30, generations=15)):  # noqa: B008
    return [np.asarray(a) for a in evolve(table(seed), jax.random.key(key), FILTERS, 2, settings)]


@pytest.mark.slow
def test_the_last_population_is_sorted_and_its_fitness_its_own():
    population, fit = evolved(0)
    assert (np.diff(fit) <= 0).all()
    np.testing.assert_allclose(fitness_of(table(0), population), fit, atol=1e-6)
    assert not population[:, FILTERS:].any()  # padding never joins


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_more_generations_never_lose_the_fittest(seed):
    best = [evolved(seed, settings=Genetic(population=30, generations=g))[1][0] for g in (0, 5, 15)]
    single = np.zeros((1, table(seed).levels.shape[0]), bool)
    single[0, 2] = True
    assert float(fitness_of(table(seed), single)[0]) <= best[0] <= best[1] <= best[2]


def test_the_key_alone_decides():
    np.testing.assert_array_equal(evolved(1)[0], evolved(1)[0])
    assert (evolved(1)[0] != evolved(1, key=1)[0]).any()


def test_where_nobody_asks_nothing_evolves():
    population, _ = evolve(table(0), jax.random.key(0), FILTERS, -1, Genetic(population=30, generations=15))
    first, _ = evolve(table(0), jax.random.key(0), FILTERS, -1, Genetic(population=30, generations=0))
    np.testing.assert_array_equal(population, first)
    order, _ = greedy_search(table(0), -1)
    assert (np.asarray(order) < 0).all()


def test_nothing_to_find_leaves_the_search_standing():
    nothing = tabulate(random_layer(0, most=0).detections)
    population, fit = evolve(nothing, jax.random.key(0), FILTERS, 0, Genetic(population=30, generations=15))
    assert not np.asarray(fit).any() and population.shape[0] == 30
    order, fit = greedy_search(nothing, 0)
    assert np.asarray(order).tolist()[:2] == [0, -1] and fit == 0


@pytest.mark.parametrize(("seed", "crops"), [(0, 60), (1, 60), (2, 60), (3, 60), (4, 250)])
def test_greedy_adds_the_filter_that_helps_most_until_none_does(seed, crops):
    tables = table(seed, crops)
    assert crops < 250 or tables.boxes > 128  # more than are looked at at once
    padded = tables.levels.shape[0]
    order, fit = (np.asarray(a) for a in greedy_search(tables, 2))
    chosen, best = [2], -1.0
    while True:
        members = np.zeros((FILTERS, padded), bool)
        members[:, chosen] = True
        now = float(fitness_of(tables, members)[0])
        assert now > best
        best = now
        members[np.arange(FILTERS), np.arange(FILTERS)] = True
        grown = np.asarray(fitness_of(tables, members))
        if grown.max() <= best + 1e-6:  # no more than rounding
            break
        chosen.append(int(grown.argmax()))
    assert order.tolist() == chosen + [-1] * (padded - len(chosen))
    assert fit == pytest.approx(best, abs=1e-6)
