"""Sets of filters without sorting: the average precision of a union, factorised.

A set z finds ground-truth box g at S_g = max over f in z of s[f, g], the highest score at which f
detects it; it has n(t) = Σ over f in z of n_f(t) detections scoring at least t. Precision and recall at t
follow from how many S_g reach t and from n(t): one masked maximum and one matrix product for a whole
population of sets, no list of detections and no sort.

Tabulated at Q = 255 thresholds, so that s fits a byte: quantiles of the scores s[f, g], each weighted by the
square of f's precision there, since what good filters find early decides the AP. At the thresholds
precision and recall are exact. What lies between them is bounded: with c_q boxes found and n_q detections
at t_q, precision anywhere in (t_q, t_{q-1}) is at most c_q / (n_{q-1} + c_q - c_{q-1}). So the true AP lies
between the two values of `bounds`. It is the lower one where boxes are found at thresholds only, as they
are whenever all filters together have no more than Q different scores of true detections.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from partsjax.emergence.ranked import PartDetections
from partsjax.emergence.scoring import NOT_COUNTED

LEVELS = 255  # thresholds; level 0 is "never found"
BLOCK = 16  # filters a step of the masked maximum takes: as fast as 32, and 8 is over 20 times slower
_FILTERS_STEP, _BOXES_STEP = 128, 512  # tables are padded to multiples: few shapes, few compilations
_STEPS = 15  # thresholds a step of `bounds` takes


class Tables(NamedTuple):
    """One part's detections by all filters of a layer on the train crops, tabulated.

    levels: uint8 [F, G], how many of the thresholds s[f, g] reaches; 0: f never finds g. Boxes that
      no filter finds are left out; padding has 0.
    counts: float32 [F, Q], n_f at each threshold, thresholds falling.
    positives: float32, boxes to be found.
    """

    levels: np.ndarray
    counts: np.ndarray
    positives: np.ndarray


def tabulate(detections: PartDetections) -> Tables:
    """The tables of a part; F and G are padded with filters and boxes that are never found."""
    rows, columns = np.nonzero(detections.found >= 0)
    _, box = np.unique(detections.box_ids(rows, columns), return_inverse=True)
    filters = detections.scores.shape[0]
    scores = np.full((filters, int(box.max(initial=-1)) + 1), -np.inf)
    np.maximum.at(scores, (rows, box), detections.scores[rows, columns])

    counted = np.cumsum(detections.found != NOT_COUNTED, axis=1, dtype=np.int32)
    thresholds = _thresholds(detections, counted)
    steps = (_FILTERS_STEP, _BOXES_STEP)
    padded = tuple(max(1, -(-n // step)) * step for n, step in zip(scores.shape, steps, strict=True))
    levels, counts = np.zeros(padded, np.uint8), np.zeros((padded[0], LEVELS), np.float32)
    levels[:filters, : scores.shape[1]] = np.searchsorted(thresholds[::-1], scores, side="right")
    for f, (row, running) in enumerate(zip(detections.scores, counted, strict=True)):
        above = len(row) - np.searchsorted(row[::-1], thresholds, side="left")
        counts[f] = np.append(0, running)[above]
    return Tables(levels, counts, np.float32(detections.positives.sum()))


def _thresholds(detections: PartDetections, counted: np.ndarray) -> np.ndarray:
    """float64 [Q], falling: the scores of true detections, or weighted quantiles of them, ends included."""
    true = detections.first_hits()
    scores = detections.scores[true]
    if not len(scores):
        return np.full(LEVELS, np.inf)
    different = np.unique(scores)[::-1]
    if len(different) <= LEVELS:
        return np.pad(different, (0, LEVELS - len(different)), mode="edge")
    precision = (np.cumsum(true, axis=1) / np.maximum(counted, 1))[true]
    order = np.argsort(-scores, kind="stable")
    mass = np.cumsum(precision[order] ** 2)
    at = np.searchsorted(mass, np.linspace(0, mass[-1], LEVELS))
    at[0], at[-1] = 0, len(scores) - 1
    return scores[order][np.minimum(at, len(scores) - 1)]


def highest_levels(levels: jax.Array, members: jax.Array) -> jax.Array:
    """The level at which each set finds each box: the masked maximum, max over f of z_f · s[f, g].

    Args:
      levels: uint8 [F, G], F a multiple of BLOCK; members: bool [B, F].

    Returns:
      uint8 [B, G].
    """
    mask = jnp.where(members, jnp.uint8(255), jnp.uint8(0))

    def block(i, highest):
        some = jax.lax.dynamic_slice_in_dim(levels, i * BLOCK, BLOCK, 0)
        of = jax.lax.dynamic_slice_in_dim(mask, i * BLOCK, BLOCK, 1)
        for f in range(BLOCK):
            highest = jnp.maximum(highest, of[:, f, None] & some[f])
        return highest

    start = jnp.zeros((members.shape[0], levels.shape[1]), jnp.uint8)
    return jax.lax.fori_loop(0, levels.shape[0] // BLOCK, block, start)


class Bounds(NamedTuple):
    """The average precision of each set lies between the two; float32 [B]."""

    low: jax.Array
    high: jax.Array


def bounds(highest: jax.Array, counts: jax.Array, positives: jax.Array) -> Bounds:
    """AP of sets from the levels at which they find boxes and their numbers of detections.

    Goes through the thresholds once, from the lowest up, with the envelope so far.

    Args:
      highest: uint8 [B, G]; counts: float32 [Q, B], n at each threshold, falling.
      positives: float32, boxes to be found.

    Returns:
      `Bounds`; 0 for sets that find nothing. Float32 rounding (1e-6) comes on top.
    """
    sets = highest.shape[0]
    by_level = jnp.zeros((LEVELS + 1, sets), jnp.int32).at[highest, jnp.arange(sets)[:, None]].add(1)
    gained = by_level[1:].astype(jnp.float32)  # boxes first found at each threshold, rising
    shown = jnp.pad(counts[::-1], ((0, 1), (0, 0)))  # the same way round; none above the highest

    def steps(i, state):
        found, low, low_area, high, high_area = state
        new = jax.lax.dynamic_slice_in_dim(gained, i * _STEPS, _STEPS)
        here = jax.lax.dynamic_slice_in_dim(shown, i * _STEPS, _STEPS + 1)
        for q in range(_STEPS):
            low = jnp.maximum(low, found / jnp.maximum(here[q], 1))
            high = jnp.maximum(high, found / jnp.maximum(here[q + 1] + new[q], 1))
            low_area, high_area = low_area + new[q] * low, high_area + new[q] * high
            found = found - new[q]
        return found, low, low_area, high, high_area

    nothing = jnp.zeros(sets, jnp.float32)
    start = (gained.sum(axis=0), *[nothing] * 4)
    _, _, low, _, high = jax.lax.fori_loop(0, LEVELS // _STEPS, steps, start)
    return Bounds(low / jnp.maximum(positives, 1), high / jnp.maximum(positives, 1))


def evaluate(tables: Tables, members: jax.Array) -> Bounds:
    """Bounds on the AP of a population of sets, members: bool [B, F]."""
    counts = jnp.matmul(tables.counts.T, members.T.astype(jnp.float32), precision="highest")
    return bounds(highest_levels(tables.levels, members), counts, tables.positives)
