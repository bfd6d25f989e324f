"""The genetic algorithm that looks for the best set of filters of a layer, for many parts at once."""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.random import threefry2x32_p

from partsjax.emergence.tables import Tables, evaluate, gained_by
from partsjax.ops.average_precision import bounds

_ROUNDING = 1e-6  # of float32: a gain below it is none
_ROWS = 16  # sets whose flips are drawn at once


@dataclasses.dataclass(frozen=True)
class Genetic:
    """Settings of the genetic algorithm (the paper's; elite and the kind of crossover and mutation: ours)."""

    population: int = 200
    generations: int = 100
    crossover: float = 0.7
    mutation: float = 0.3
    start: float = 0.02


def fitness(tables: Tables, members: jax.Array) -> jax.Array:
    """float32 [B]: a lower bound on the train AP of each set."""
    return evaluate(tables, members).low


@functools.partial(jax.jit, static_argnames="settings")
def evolve(tables: Tables, key, filters, best_single, settings: Genetic) -> tuple[jax.Array, jax.Array]:
    """The last population of sets for one part, the fittest first.

    Fitness is the AP of the union on train. Parents come by stochastic universal sampling, pairs
    of them are crossed with probability 0.7, bit by bit (uniform crossover), a child is mutated with
    probability 0.3, each bit then flips with probability 1/F, and the fittest set goes on unchanged (one
    elite). Bits start on with probability 0.02; the best single filter is one of the first sets, so that
    no run ends below it.

    Args:
      tables: of the part; key: PRNG key; filters: F, those beyond are padding.
      best_single: the filter with the best train AP; -1: nobody asks, there are no generations.

    Returns:
      members bool [B, F] and fitness float32 [B], by descending fitness.
    """
    size, padded = settings.population, tables.levels.shape[0]
    real = jnp.arange(padded) < filters

    def born(population, fit, key):
        turn, mix, cross, which, change, flip = jax.random.split(key, 6)
        parents = population[jax.random.permutation(mix, _universal_sample(fit, turn))]
        first, second = parents[: size // 2], parents[size // 2 :]
        crossed = jax.random.bernoulli(cross, settings.crossover, (size // 2, 1))
        swap = crossed & _coins(which, first.shape)
        children = jnp.concatenate([jnp.where(swap, second, first), jnp.where(swap, first, second)])
        mutated = jax.random.bernoulli(change, settings.mutation, (size,))
        return children ^ (_flips(flip, 1 / filters, mutated, padded) & real)

    def generation(i, state):
        population, fit, key = state
        key, now = jax.random.split(key)
        children = born(population, fit, now)
        children = children.at[0].set(population[jnp.argmax(fit)])
        return children, fitness(tables, children), key

    first, key = jax.random.split(key)
    population = jax.random.bernoulli(first, settings.start, (size, padded)) & real
    population = population.at[0].set(jnp.arange(padded) == best_single)
    state = (population, fitness(tables, population), key)
    generations = jnp.where(best_single < 0, 0, settings.generations)
    population, fit, _ = jax.lax.fori_loop(0, generations, generation, state)
    order = jnp.argsort(-fit, stable=True)
    return population[order], fit[order]


def _coins(key, shape: tuple[int, int]) -> jax.Array:
    """Fair coins, bool, drawn 32 at a time: a quarter of the time. Columns: a multiple of 32."""
    words = jax.random.bits(key, (shape[0], shape[1] // 32, 1), jnp.uint32)
    return ((words >> jnp.arange(32, dtype=jnp.uint32)) & 1).astype(bool).reshape(shape)


def _flips(key, share, mutated: jax.Array, columns: int) -> jax.Array:
    """bool [B, F]: bits that flip, `bernoulli(key, share, [B, F])` in the rows that are mutated.

    Only these are drawn: a number of the generator depends on its place alone.
    """
    size = len(mutated)
    rows = jnp.pad(jnp.argsort(~mutated, stable=True).astype(jnp.uint32), (0, -size % _ROWS))

    def some(i, drawn):
        here = jax.lax.dynamic_slice_in_dim(rows, i * _ROWS, _ROWS)[:, None]
        uniform = _uniform_at(key, here * np.uint32(columns) + jnp.arange(columns, dtype=jnp.uint32))
        return jax.lax.dynamic_update_slice_in_dim(drawn, uniform < share, i * _ROWS, 0)

    drawn = jnp.zeros((len(rows), columns), bool)
    drawn = jax.lax.fori_loop(0, -(-mutated.sum() // _ROWS), some, drawn)
    return mutated[:, None] & drawn[jnp.cumsum(mutated) - 1]


def _uniform_at(key, places: jax.Array) -> jax.Array:
    """The float32 numbers of `jax.random.uniform` at some places, uint32, of the array it would give."""
    high, low = threefry2x32_p.bind(*jax.random.key_data(key), jnp.zeros_like(places), places)
    above_one = (high ^ low) >> 9 | np.float32(1).view(np.uint32)  # the bits of a number in [1, 2)
    return jax.lax.bitcast_convert_type(above_one, jnp.float32) - 1


def _universal_sample(fit: jax.Array, key) -> jax.Array:
    """Stochastic universal sampling: B equally spaced pointers into the cumulated fitness, int [B].

    Where all fitness is 0 every set is drawn once.
    """
    size = fit.shape[0]
    share = jnp.where(fit.sum() > 0, fit, 1)
    cumulated = jnp.cumsum(share)
    pointers = (jnp.arange(size) + jax.random.uniform(key)) / size * cumulated[-1]
    return jnp.minimum(jnp.searchsorted(cumulated, pointers, side="right"), size - 1)


@jax.jit
def greedy(tables: Tables, best_single) -> tuple[jax.Array, jax.Array]:
    """Adds to the best single filter the one that raises train AP most, until none does (our choice).

    Returns:
      members: int32 [F], filters in the order they were added, then -1; fitness: float32, of the set.
    """
    filters = tables.levels.shape[0]

    def score(sets, highest, counts):
        return bounds(gained_by(tables, sets, highest), counts.T, tables.positives).low

    def grown(state):
        order, size, highest, counts, fit, _ = state

        def with_one_more(levels, start):
            return jnp.maximum(jax.lax.dynamic_slice_in_dim(highest, start, levels.shape[1]), levels)

        with_each = score(filters, with_one_more, counts + tables.counts)
        useless = (order[:, None] == jnp.arange(filters)).any(axis=0) | (tables.counts[:, -1] == 0)
        with_each = jnp.where(useless, -1, with_each)
        best = jnp.argmax(with_each)
        better = with_each[best] > fit + _ROUNDING
        return (
            jnp.where(better, order.at[size].set(best), order),
            size + 1,
            jnp.where(better, jnp.maximum(highest, tables.levels[best]), highest),
            jnp.where(better, counts + tables.counts[best], counts),
            jnp.where(better, with_each[best], fit),
            better & (size + 1 < filters),
        )

    order = jnp.full(filters, -1, jnp.int32).at[0].set(best_single)
    highest, counts = tables.levels[best_single], tables.counts[best_single]
    start = score(1, lambda levels, start: levels[best_single][None], counts[None])[0]
    state = (order, jnp.int32(1), highest, counts, start, best_single >= 0)
    order, _, _, _, fit, _ = jax.lax.while_loop(lambda s: s[-1], grown, state)
    return order, fit
