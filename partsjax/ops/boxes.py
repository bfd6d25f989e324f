"""Boxes: intersection over union, greedy non-maximum suppression, matching to ground truth.

Inside kernels a set of boxes is a `Boxes` of four arrays of one shape, not one array with a last
axis of four: the long axis then stays innermost and every operation runs over contiguous memory.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp


class Boxes(NamedTuple):
    """Half-open `xyxy` boxes: four arrays of one (or broadcastable) shape, float, in pixels."""

    x1: jax.Array
    y1: jax.Array
    x2: jax.Array
    y2: jax.Array

    def map(self, function) -> "Boxes":
        return Boxes(*(function(coordinate) for coordinate in self))

    def clip(self, size) -> "Boxes":
        """The boxes cut to the square [0, size]."""
        return self.map(lambda v: jnp.clip(v, 0, size))


def from_centers(cx, cy, width, height) -> Boxes:
    """Boxes from centers and sizes, float arrays of broadcastable shapes, in pixels."""
    return Boxes(cx - width / 2, cy - height / 2, cx + width / 2, cy + height / 2)


def area(boxes: Boxes) -> jax.Array:
    """Width times height; 0 where a box is empty or inverted."""
    return jnp.maximum(boxes.x2 - boxes.x1, 0) * jnp.maximum(boxes.y2 - boxes.y1, 0)


def iou(a: Boxes, b: Boxes) -> jax.Array:
    """Intersection over union, |a ∩ b| / |a ∪ b|, of boxes of broadcastable shapes.

    Returns float in [0, 1]; 0 where both boxes are empty.
    """
    inner = Boxes(
        jnp.maximum(a.x1, b.x1), jnp.maximum(a.y1, b.y1), jnp.minimum(a.x2, b.x2), jnp.minimum(a.y2, b.y2)
    )
    intersection = area(inner)
    union = area(a) + area(b) - intersection
    return jnp.where(union > 0, intersection / jnp.where(union > 0, union, 1), 0)


def _claimed_in_turn(alive: jax.Array, claims, axis: int) -> jax.Array:
    """Goes along `axis`; whatever is still alive takes out all later ones that it `claims(i)`.

    A loop, not an unrolled triangle: for K boxes it compiles in a tenth of the time.
    """
    position = jax.lax.broadcasted_iota(jnp.int32, alive.shape, axis)

    def turn(i, alive):
        one = jax.lax.dynamic_slice_in_dim(alive, i, 1, axis)
        return alive & ~(one & claims(i) & (position > i))

    return jax.lax.fori_loop(0, alive.shape[axis] - 1, turn, alive)


def nms(boxes: Boxes, alive: jax.Array, threshold, axis: int) -> jax.Array:
    """Greedy non-maximum suppression along one axis, batched over all others.

    Along `axis` boxes are ordered by descending score. Box j stays when it is alive and no earlier
    box that stayed overlaps it by IoU > threshold (our choice: 0.5).

    Args:
      boxes: arrays of shape [..., K, ...].
      alive: bool, the same shape; the others never stay and never suppress.

    Returns:
      bool, the same shape: which boxes stay. Applying it again changes nothing.
    """

    def overlaps(i):
        return iou(boxes.map(lambda v: jax.lax.dynamic_slice_in_dim(v, i, 1, axis)), boxes) > threshold

    return _claimed_in_turn(alive, overlaps, axis)


class Match(NamedTuple):
    """For each detection the ground-truth box it overlaps most: its IoU (0: none) and number."""

    iou: jax.Array
    number: jax.Array


def match(boxes: Boxes, truth: Boxes, valid: jax.Array, most: jax.Array) -> Match:
    """The ground-truth box of its crop and part that each detection overlaps most.

    Of equal overlaps the earlier box counts.

    Args:
      boxes: arrays [F, P, K, N] (or [F, 1, K, N], the same for all parts).
      truth: arrays [P, G, N].
      valid: bool [P, G, N].
      most: int, from this box on none is valid.

    Returns:
      `Match` of float and int32 arrays [F, P, K, N].
    """

    def compare(g, best):
        one = truth.map(lambda v: jax.lax.dynamic_index_in_dim(v, g, 1)[None])  # [1, P, 1, N]
        exists = jax.lax.dynamic_index_in_dim(valid, g, 1)[None]
        overlap = jnp.where(exists, iou(boxes, one), 0)
        better = overlap > best.iou
        return Match(jnp.where(better, overlap, best.iou), jnp.where(better, g, best.number))

    shape = jnp.broadcast_shapes(boxes.x1.shape, (1, truth.x1.shape[0], 1, 1))
    start = Match(jnp.zeros(shape, boxes.x1.dtype), jnp.zeros(shape, jnp.int32))
    return jax.lax.fori_loop(0, most, compare, start)


def first_claims(hits: jax.Array, number: jax.Array, axis: int) -> jax.Array:
    """Which hits are the first, along `axis`, on their ground-truth box.

    Args:
      hits: bool [..., K, ...], detections that overlap their box enough, by descending score.
      number: int, the same shape, the box each hits; crops and parts lie on the other axes.

    Returns:
      bool, the same shape.
    """

    def same(i):
        return jax.lax.dynamic_slice_in_dim(number, i, 1, axis) == number

    return _claimed_in_turn(hits, same, axis)
