"""What each part of the genetic algorithm is good for: without it, a planted optimum is lost or not found.

64 filters; eight of them each find the boxes of an eighth of the crops, rightly, the others are wrong where
they fire. The best set is the eight; alone each has AP 1/8.
"""

import dataclasses

import jax
import numpy as np
import pytest

from partsjax.emergence.genetic import Genetic, evolve, fitness
from partsjax.emergence.ranked import RankedLayer
from partsjax.emergence.tables import tabulate

FILTERS, CROPS, GOOD, KEYS = 64, 64, 8, 3


def table(good: int = GOOD, wrong: float = 0.1):
    """Filters 0, 8, 16, …: `good` of them, which share the crops; the others fire wrongly on some crops."""
    random = np.random.default_rng(0)
    scores = random.uniform(0.5, 1, (FILTERS, 1, CROPS)) * (random.random((FILTERS, 1, CROPS)) < wrong)
    found = np.where(scores > 0, -1, -2)
    for number in range(good):
        mine = np.arange(CROPS) % good == number
        scores[8 * number, 0] = np.where(mine, random.uniform(0.5, 1, CROPS), 0)
        found[8 * number, 0] = np.where(mine, 0, -2)
    ranked = RankedLayer(scores.astype(np.float32))
    return tabulate(ranked.part(found.astype(np.int8), np.ones(CROPS, int)))


TABLE, BEST = table(), set(range(0, FILTERS, 8))
fitness_of = jax.jit(fitness)


def evolved(settings: Genetic, tables=TABLE):
    """Last populations bool [KEYS, B, F] and their fitness [KEYS, B]; filter 0 is the best single one."""
    keys = jax.random.split(jax.random.key(0), KEYS)
    run = jax.vmap(lambda key: evolve(tables, key, FILTERS, 0, settings))
    population, fit = (np.asarray(a) for a in run(keys))
    assert not population[..., FILTERS:].any()
    return population[..., :FILTERS], fit


@pytest.mark.slow
def test_the_elite_keeps_what_crossing_would_take_apart():
    """One perfect filter among sets of all, all crossed: only a copy that is not crossed keeps it whole."""
    tables = table(good=1, wrong=0.02)
    _, fit = evolved(Genetic(population=40, generations=3, crossover=1.0, mutation=0.0, start=1.0), tables)
    np.testing.assert_allclose(fit[:, 0], 1, atol=1e-6)


@pytest.mark.slow
def test_mutation_finds_filters_that_no_set_began_with():
    """All sets but the best single filter begin empty: nothing to cross."""
    population, fit = evolved(Genetic(population=60, generations=60, start=0.0))
    assert (fit[:, 0] > 0.6).all()
    assert all(set(np.flatnonzero(one[0])) <= BEST for one in population)


BEGUN = Genetic(population=100, generations=0, crossover=0.0, mutation=0.0)


@pytest.mark.slow
def test_crossing_joins_what_different_sets_began_with():
    """Without mutation a set has only what its ancestors began with."""
    _, start = evolved(BEGUN)
    _, end = evolved(dataclasses.replace(BEGUN, generations=20, crossover=0.7))
    assert (start[:, 0] < 0.35).all() and (end[:, 0] > 0.45).all()


@pytest.mark.slow
def test_selection_is_by_fitness():
    """Neither crossed nor mutated, what is left is what began, and the fit take over from the others."""
    began, start = evolved(BEGUN)
    left, end = evolved(dataclasses.replace(BEGUN, generations=20))
    assert (start.mean(axis=1) < 0.1).all()
    assert (end.mean(axis=1) > 0.8 * start[:, 0]).all()
    for one, other in zip(began, left, strict=True):
        assert {s.tobytes() for s in other} <= {s.tobytes() for s in one}


def test_sets_begin_with_two_filters_in_a_hundred():
    population, _ = evolved(BEGUN)
    others = population.sum() - KEYS  # the best single filter is one of the sets
    assert others == pytest.approx(0.02 * KEYS * 99 * FILTERS, rel=0.2)  # 4 sd
    assert all((one[:, 0] & (one.sum(axis=-1) == 1)).any() for one in population)


@pytest.mark.slow
def test_a_mutated_set_flips_one_filter_in_the_mean():
    """Nothing to find, so all sets are drawn alike; all begin empty, but for the best single filter."""
    settings = Genetic(generations=1, crossover=0.0, start=0.0)
    population, _ = evolved(settings, table(good=0))
    flipped = np.sort(population.sum(axis=-1), axis=1)[:, 1:]  # one of filter 0 alone may have gone on
    assert flipped.mean() == pytest.approx(0.3, rel=0.3)  # 4 sd of 600 sets
    assert (flipped > 0).mean() == pytest.approx(0.3 * (1 - np.exp(-1)), rel=0.35)
    assert population.any(axis=(0, 1)).mean() > 0.8


@pytest.mark.slow
def test_the_paper_settings_find_the_planted_set():
    population, fit = evolved(Genetic())
    np.testing.assert_allclose(fit[:, 0], 1, atol=1e-6)
    assert all(set(np.flatnonzero(one[0])) == BEST for one in population)
