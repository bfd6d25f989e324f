"""Average precision (AP): the area under the precision envelope, as PASCAL VOC counts it since 2010.

Detections are taken by descending score, those of equal score in one step, so that order never decides (our
choice). A detection is true when it is the first on its ground-truth box. With g_t true detections in step t,
precision p_t after it (true detections so far over all detections so far) and G boxes to be found,

  AP = (1 / G) Σ_t g_t · max_{u ≥ t} p_u = Σ_t (r_t - r_{t-1}) · max_{u ≥ t} p_u,

r_t being the recall after step t. AP lies in [0, 1]. It is 0 with no detections, and NaN with nothing to find
or with a NaN among the scores.

`area` is the sum, `Area.add` one term of it. Three forms supply the steps:

  average_precision  every filter for every part, on the device; a step is a rank
  Curve              one detector, images weighted for the bootstrap; a step is the score of a true detection
  bounds             many sets of filters, from tables; a step is a threshold, the AP lies between two values
"""

import dataclasses
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import scipy.sparse

_BLOCK = 64  # of a running count or maximum, a power of two
_AT_ONCE = 1 << 19  # steps of a curve times orders times sets of weights, 8 bytes each
_STEPS = 15  # thresholds that a turn of the loop in `bounds` takes


def envelope(precision, axis: int = -1):
    """max_{u ≥ t} precision_u along an axis of a NumPy or JAX array, steps by descending score."""
    if isinstance(precision, jax.Array):
        return jnp.moveaxis(_highest_to_come(jnp.moveaxis(precision, axis, -1)), -1, axis)
    return np.flip(np.maximum.accumulate(np.flip(precision, axis), axis), axis)


def _highest_to_come(values: jax.Array) -> jax.Array:
    """max_{u ≥ t} values_u along the last axis, within blocks and over blocks.

    A third of the time of the generic `jax.lax.cummax`.
    """
    length = values.shape[-1]

    def from_right(array, by: int):
        return jnp.pad(array[..., by:], [(0, 0)] * (array.ndim - 1) + [(0, by)], constant_values=-jnp.inf)

    padding = [(0, 0)] * (values.ndim - 1) + [(0, -length % _BLOCK)]
    values = jnp.pad(values, padding, constant_values=-jnp.inf)
    within = values.reshape(*values.shape[:-1], -1, _BLOCK)
    step = 1
    while step < _BLOCK:
        within = jnp.maximum(within, from_right(within, step))
        step *= 2
    later = from_right(jax.lax.cummax(within[..., 0], axis=values.ndim - 1, reverse=True), 1)
    return jnp.maximum(within, later[..., None]).reshape(values.shape)[..., :length]


def area_under_envelope(gained, precision, axis: int = -1, dtype=None):
    """Σ_t gained_t · max_{u ≥ t} precision_u along an axis of NumPy or JAX arrays, steps by descending score.

    Args:
      gained: true detections of each step; precision: after each step, 0 where a step is not over.
      dtype: of the sum; None: the arrays' own.
    """
    return (gained * envelope(precision, axis)).sum(axis=axis, dtype=dtype)


class Area(NamedTuple):
    """The same sum step by step, by ascending score: the envelope at the last step, the sum up to it."""

    height: jax.Array
    total: jax.Array

    def add(self, gained, precision) -> "Area":
        height = jnp.maximum(self.height, precision)
        return Area(height, self.total + gained * height)


class Ranking(NamedTuple):
    """Detections of each filter by descending score; all parts share it.

    order: int32 [F, M], which detection stands at each rank.
    closes: bool [F, M], whether the detection at a rank is the last of those with its score.
    known: bool [F], whether no score is NaN.
    """

    order: jax.Array
    closes: jax.Array
    known: jax.Array


def rank(scores: jax.Array, order: jax.Array | None = None) -> Ranking:
    """Ranks float [F, M] scores in descending order; equal scores keep their order.

    order: int32 [F, M], where it is known already.
    """
    order = jnp.argsort(-scores, axis=-1, stable=True) if order is None else order
    ranked = jnp.take_along_axis(scores, order, axis=-1)
    closes = jnp.concatenate([ranked[:, :-1] != ranked[:, 1:], jnp.ones_like(ranked[:, :1], bool)], axis=-1)
    return Ranking(order, closes, ~jnp.isnan(scores).any(axis=-1))


def average_precision(ranking: Ranking, alive: jax.Array, true: jax.Array, positives: jax.Array) -> jax.Array:
    """AP of every part's detections by every filter.

    Args:
      ranking: of the scores, [F, M].
      alive: bool [F, P, M], which detections count for a part at all.
      true: bool [F, P, M], which of them are true; at most one per ground-truth box.
      positives: int [P], ground-truth boxes of each part.

    Returns:
      float32 [F, P].
    """
    # One gather for both facts: 0 not there, 1 false, 2 true.
    state = alive.astype(jnp.int8) + (alive & true).astype(jnp.int8)
    state = jnp.take_along_axis(state, ranking.order[:, None, :], axis=-1)
    hits = (state == 2).astype(jnp.float32)
    found = _running_count(hits)
    detections = _running_count((state > 0).astype(jnp.float32))
    precision = jnp.where(ranking.closes[:, None, :], found / jnp.maximum(detections, 1), 0)
    known = (positives > 0) & ranking.known[:, None]
    area = area_under_envelope(hits, precision)
    # As arrays of one shape that nothing is known of: XLA makes a product with 1 / positives of it else, or
    # does not, by what it is compiled with, and the last bit would depend on the number of devices.
    area, wanted = jax.lax.optimization_barrier(
        (area, jnp.broadcast_to(jnp.maximum(positives, 1), area.shape))
    )
    return jnp.where(known, area / wanted, jnp.nan)


def _running_count(flags: jax.Array) -> jax.Array:
    """Cumulative sum of float32 zeros and ones along the last axis, exact up to 2^24.

    As two products with triangular matrices, within blocks and over blocks: the generic scan takes
    twice as long.
    """
    length = flags.shape[-1]
    blocks = -(-length // _BLOCK)
    flags = jnp.pad(flags, [(0, 0)] * (flags.ndim - 1) + [(0, blocks * _BLOCK - length)])
    flags = flags.reshape(*flags.shape[:-1], blocks, _BLOCK)

    def product(x, matrix):
        return jnp.matmul(x, matrix, precision="highest")

    within = product(flags, jnp.triu(jnp.ones((_BLOCK, _BLOCK), flags.dtype)))
    before = product(within[..., -1], jnp.triu(jnp.ones((blocks, blocks), flags.dtype), 1))
    return (within + before[..., None]).reshape(*flags.shape[:-2], -1)[..., :length]


@dataclasses.dataclass(frozen=True)
class Curve:
    """A detector's curve over T steps and I images; a step ends at each score of a true detection.

    Precision is highest at true detections, so these steps suffice: the AP is exact. Of a detector whose
    detections were put in several orders it has a curve each, O in all, and its AP is their mean.

    hits: float32 [T O, I], sparse, true detections by step, order and image; steps by ascending score.
    detections: float32 [T O, I], sparse, all detections likewise, without those below the last true one.
    positives: float32 [I], boxes to be found.
    """

    hits: scipy.sparse.csr_array
    detections: scipy.sparse.csr_array
    positives: np.ndarray
    orders: int = 1

    def average_precision(self, weights: np.ndarray | None = None) -> np.ndarray | float:
        """AP with each image counted `weights` times.

        Args:
          weights: float32 [I, R], R sets of counts; None: every image once.

        Returns:
          float64 [R] (to float32's precision), or a float.
        """
        if weights is not None:
            return self._mean(self._areas(weights), self.positives @ weights)
        of_steps = (of.sum(axis=1).reshape(-1, self.orders)[::-1] for of in (self.hits, self.detections))
        gained, shown = (of.T.astype(np.float64, order="C") for of in of_steps)
        precision = np.cumsum(gained, axis=1) / np.maximum(np.cumsum(shown, axis=1), 1)
        areas = area_under_envelope(gained, precision)
        return float(self._mean(areas, self.positives.sum(dtype=np.float64)))

    @staticmethod
    def _mean(areas: np.ndarray, wanted: np.ndarray) -> np.ndarray:
        """AP of areas [O, ...]: float64 [...]."""
        return np.where(wanted > 0, areas / np.maximum(wanted, 1), np.nan).mean(axis=0)

    def _areas(self, weights: np.ndarray) -> np.ndarray:
        """AP times the boxes to be found, of every order with every set of weights: float64 [O, R].

        Step by step as in `Area`, from the last: what a step works on stays in cache.
        """
        found, shown = (self._by_order(of) @ weights for of in (self.hits, self.detections))  # whole numbers
        least, height, precision = np.ones_like(found), np.zeros_like(found), np.empty_like(found)
        areas = np.zeros(found.shape)
        at_once = max(1, _AT_ONCE // max(1, found.size)) * self.orders
        for start in range(0, self.hits.shape[0], at_once):
            rows = slice(start, start + at_once)
            some = ((of[rows] @ weights).reshape(-1, *found.shape) for of in (self.hits, self.detections))
            for gained, more in zip(*some, strict=True):
                np.maximum(shown, least, out=precision)
                np.divide(found, precision, out=precision)
                np.maximum(height, precision, out=height)
                np.multiply(gained, height, out=precision)
                areas += precision
                found -= gained
                shown -= more
        return areas

    def _by_order(self, counts: scipy.sparse.csr_array) -> scipy.sparse.csr_array:
        """Sums over steps: float32 [O, I]."""
        of = counts.tocoo(copy=False)
        places = of.row % self.orders, of.col
        return scipy.sparse.csr_array((of.data, places), (self.orders, len(self.positives)))


def curve(scores: np.ndarray, true: np.ndarray, images: np.ndarray, positives: np.ndarray) -> Curve:
    """The curve of a list of detections.

    Args:
      scores: float [M]; true: bool [M], at most one a box; images: int [M], where each lies.
      positives: int [I], boxes to be found in each image.
    """
    if np.isnan(scores).any():
        positives = np.full(len(positives), np.nan)
    steps = np.unique(scores[true])  # ascending
    kept = scores >= steps[0] if len(steps) else np.zeros(len(scores), bool)
    step = np.searchsorted(steps, scores[kept], side="right") - 1
    return _curve(step, true[kept], images[kept], positives)


def curve_of_orders(true: np.ndarray, images: np.ndarray, positives: np.ndarray) -> Curve:
    """The curves of detections in O orders, by descending score, no two of them equal.

    Args:
      true, images: bool and int [O, M], as in `curve`; positives: as there.
    """
    orders = len(true)
    to_come = np.cumsum(true[:, ::-1], axis=1)[:, ::-1]  # with the detection itself
    kept = to_come > 0
    order = np.nonzero(kept)[0]
    return _curve((to_come[kept] - 1) * orders + order, true[kept], images[kept], positives, orders)


def _curve(rows: np.ndarray, true: np.ndarray, images: np.ndarray, positives, orders: int = 1) -> Curve:
    """Of detections in these rows of the tables, of which the last has a true one."""
    positives = np.asarray(positives, np.float32)
    shape = int(rows.max(initial=-1)) // orders * orders + orders, len(positives)

    def table(chosen) -> scipy.sparse.csr_array:
        row, image = rows[chosen], images[chosen]
        ends = np.cumsum(np.bincount(row, minlength=shape[0]))
        facts = np.ones(len(row), np.float32), image[np.argsort(row)], np.append(0, ends)
        return scipy.sparse.csr_array(facts, shape)

    return Curve(table(true), table(slice(None)), positives, orders)


class Bounds(NamedTuple):
    """The average precision of each set lies between the two; float32 [B]."""

    low: jax.Array
    high: jax.Array


def bounds(gained: jax.Array, counts: jax.Array, positives: jax.Array) -> Bounds:
    """AP of B sets of filters, from the thresholds at which each first finds each box.

    At the thresholds t_1 > t_2 > ... > t_Q precision and recall are exact. What lies between them is bounded:
    with c_q boxes found and n_q detections at t_q, precision anywhere in (t_q, t_{q-1}) is at most
    c_q / (n_{q-1} + c_q - c_{q-1}). The AP is the lower value where boxes are found at thresholds only.

    Args:
      gained: int32 [Q, B], boxes first found at each threshold, thresholds ascending.
      counts: float32 [Q, B], detections at each threshold, in the order above; Q a multiple of 15.
      positives: float32, boxes to be found.

    Returns:
      `Bounds`; 0 for sets that find nothing. Float32 rounding (1e-6) comes on top.
    """
    levels, sets = counts.shape
    gained = gained.astype(jnp.float32)
    shown = jnp.pad(counts[::-1], ((0, 1), (0, 0)))  # the same way round; none above the highest

    def steps(i, state):
        found, low, high = state
        new = jax.lax.dynamic_slice_in_dim(gained, i * _STEPS, _STEPS)
        here = jax.lax.dynamic_slice_in_dim(shown, i * _STEPS, _STEPS + 1)
        for q in range(_STEPS):
            low = low.add(new[q], found / jnp.maximum(here[q], 1))
            high = high.add(new[q], found / jnp.maximum(here[q + 1] + new[q], 1))
            found = found - new[q]
        return found, low, high

    nothing = jnp.zeros(sets, jnp.float32)
    start = (gained.sum(axis=0), Area(nothing, nothing), Area(nothing, nothing))
    _, low, high = jax.lax.fori_loop(0, levels // _STEPS, steps, start)
    return Bounds(low.total / jnp.maximum(positives, 1), high.total / jnp.maximum(positives, 1))
