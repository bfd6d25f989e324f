"""When a detection is right: the paper's criterion, for all filters and parts at once."""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from partsjax.emergence.marked import Marked
from partsjax.emergence.method import Method
from partsjax.ops import boxes as bx

NOT_COUNTED, HITS_NOTHING = -2, -1


class Detections(NamedTuple):
    """What becomes of each detection of a (filter, part), [F, P, K, N].

    alive: bool, it counts (it exists, NMS kept it, it did not find a difficult box).
    true: bool, it is alive and the first to find its ground-truth box.
    found: int8 (int16 beyond 128 boxes a crop), the box it overlaps most and by IoU >= 0.4, first on it or
      not; HITS_NOTHING where there is none, NOT_COUNTED where it is not alive.
    """

    alive: jax.Array
    true: jax.Array
    found: jax.Array


def judge(boxes: bx.Boxes, alive: jax.Array, marked: Marked, method: Method) -> Detections:
    """Which detections are right (the paper's criterion, VOC2010's curve).

    A detection is true when the box of the part it overlaps most in its crop is overlapped by
    IoU >= 0.4 and was not claimed by a higher detection. One whose box is difficult counts neither way.

    Args:
      boxes: float32 [F, P, K, N] arrays, K by descending score; or [F, 1, K, N], shared by all parts.
      alive: bool, of the same shape, what NMS left of them.
    """
    matched = bx.match(boxes, marked.boxes, marked.valid, marked.most.max())
    hits = alive & (matched.iou >= method.correct_iou)
    number = matched.number
    on_difficult = hits & _at(marked.difficult, number, marked.hard.max())
    alive, hits = alive & ~on_difficult, hits & ~on_difficult
    found = jnp.where(hits, number, jnp.where(alive, HITS_NOTHING, NOT_COUNTED))
    found = found.astype(jnp.int8 if marked.valid.shape[1] <= 128 else jnp.int16)
    return Detections(alive, bx.first_claims(hits, number, axis=2), found)


def _at(flags: jax.Array, number: jax.Array, most: jax.Array) -> jax.Array:
    """flags [P, G, N] of the ground-truth boxes `number` [F, P, K, N]; from `most` on none is set."""

    def pick(g, out):
        return jnp.where(number == g, jax.lax.dynamic_index_in_dim(flags, g, 1)[None], out)

    return jax.lax.fori_loop(0, most, pick, jnp.zeros(number.shape, bool))
