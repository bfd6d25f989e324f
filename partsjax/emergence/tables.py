"""Sets of filters without sorting: the average precision of a union, factorized.

A set z finds ground-truth box g at S_g = max over f in z of s[f, g], the highest score at which f
detects it; it has n(t) = Σ over f in z of n_f(t) detections scoring at least t. Precision and recall at t
follow from how many S_g reach t and from n(t): one masked maximum and one matrix product for a whole
population of sets, no list of detections and no sort.

Tabulated at Q = 255 thresholds, so that s fits a byte: quantiles of the scores s[f, g], each weighted by the
square of f's precision there, since what good filters find early decides the AP. `bounds` takes the
AP from there; it is exact where all filters together have no more than Q different scores of true detections.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from partsjax.emergence.criterion import NOT_COUNTED
from partsjax.emergence.ranked import PartDetections
from partsjax.ops.average_precision import Bounds, bounds

LEVELS = 255  # thresholds; level 0 is "never found"
BLOCK = 16  # filters a step of the masked maximum takes: as fast as 32, and 8 is over 20 times slower
_FILTERS_STEP = 128  # filters are padded to a multiple
_BOXES_LEAST = 2048  # boxes are padded to this, or to a power of two beyond: one shape, one compilation
_BOXES_STEP = 128  # boxes that are looked at at once, so that a table costs what it holds, not its padding


class Tables(NamedTuple):
    """One part's detections by all filters of a layer on the train crops, tabulated.

    levels: uint8 [F, G], how many of the thresholds s[f, g] reaches; 0: f never finds g. Boxes that
      no filter finds are left out; padding has 0.
    counts: float32 [F, Q], n_f at each threshold, thresholds descending.
    positives: float32, boxes to be found.
    boxes: int32, how many of the G are more than padding.
    """

    levels: np.ndarray
    counts: np.ndarray
    positives: np.ndarray
    boxes: np.ndarray


def tabulate(detections: PartDetections) -> Tables:
    """The tables of a part; F and G are padded with filters and boxes that are never found."""
    rows, columns = np.nonzero(detections.found >= 0)
    _, box = np.unique(detections.box_ids(rows, columns), return_inverse=True)
    filters = detections.scores.shape[0]
    scores = np.full((filters, int(box.max(initial=-1)) + 1), -np.inf)
    np.maximum.at(scores, (rows, box), detections.scores[rows, columns])

    counted = np.cumsum(detections.found != NOT_COUNTED, axis=1, dtype=np.int32)
    thresholds = _thresholds(detections, counted)
    boxes = scores.shape[1]
    padded = -(-filters // _FILTERS_STEP) * _FILTERS_STEP, max(_BOXES_LEAST, 1 << (boxes - 1).bit_length())
    levels, counts = np.zeros(padded, np.uint8), np.zeros((padded[0], LEVELS), np.float32)
    levels[:filters, :boxes] = np.searchsorted(thresholds[::-1], scores, side="right")
    for f, (row, running) in enumerate(zip(detections.scores, counted, strict=True)):
        above = len(row) - np.searchsorted(row[::-1], thresholds, side="left")
        counts[f] = np.append(0, running)[above]
    return Tables(levels, counts, np.float32(detections.positives.sum()), np.int32(boxes))


def _thresholds(detections: PartDetections, counted: np.ndarray) -> np.ndarray:
    """float64 [Q], descending: scores of true detections, or weighted quantiles of them, ends included."""
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


def evaluate(tables: Tables, members: jax.Array) -> Bounds:
    """Bounds on the AP of a population of sets, members: bool [B, F]."""
    counts = jnp.matmul(tables.counts.T, members.T.astype(jnp.float32), precision="highest")
    gained = gained_by(tables, members.shape[0], lambda levels, start: highest_levels(levels, members))
    return bounds(gained, counts, tables.positives)


def gained_by(tables: Tables, sets: int, highest: Callable[[jax.Array, jax.Array], jax.Array]) -> jax.Array:
    """How many boxes each set first finds at each threshold, thresholds ascending: int32 [Q, B].

    Args:
      highest: (levels, uint8 [F, g], of some boxes; the first of them) -> the levels at which the sets find
        them, uint8 [B, g].
    """
    levels, step = tables.counts.shape[1], _BOXES_STEP

    def some(i, gained):
        of_boxes = jax.lax.dynamic_slice_in_dim(tables.levels, i * step, step, 1)
        return gained.at[highest(of_boxes, i * step), jnp.arange(sets)[:, None]].add(1)

    nothing = jnp.zeros((levels + 1, sets), jnp.int32)
    return jax.lax.fori_loop(0, -(-tables.boxes // step), some, nothing)[1:]
