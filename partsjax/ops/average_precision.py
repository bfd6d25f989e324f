"""Average precision as the area under the precision envelope (PASCAL VOC 2010 and later)."""

from typing import NamedTuple

import jax
import jax.numpy as jnp


class Ranking(NamedTuple):
    """Detections of each filter in order of falling score; all its parts share it.

    order: int32 [F, M], which detection stands at each rank.
    closes: bool [F, M], whether the detection at a rank is the last of those with its score.
    """

    order: jax.Array
    closes: jax.Array


def rank(scores: jax.Array) -> Ranking:
    """The order of falling score of float [F, M] scores; equal scores keep their order."""
    order = jnp.argsort(-scores, axis=-1, stable=True)
    ranked = jnp.take_along_axis(scores, order, axis=-1)
    closes = jnp.concatenate([ranked[:, :-1] != ranked[:, 1:], jnp.ones_like(ranked[:, :1], bool)], axis=-1)
    return Ranking(order, closes)


def average_precision(ranking: Ranking, alive: jax.Array, true: jax.Array, positives: jax.Array) -> jax.Array:
    """AP of every part's detections by every filter.

    With r_i and p_i the recall and precision after the i-th detection,
    AP = Σ_i (r_i - r_{i-1}) · max_{j ≥ i} p_j. Detections of equal score enter as one step:
    precision is read only after the last of them, so that order never decides (our choice).

    Args:
      ranking: of the scores, [F, M].
      alive: bool [F, P, M], which detections count for a part at all.
      true: bool [F, P, M], which of them are true; at most one per ground-truth box.
      positives: int [P], ground-truth boxes of each part.

    Returns:
      float32 [F, P] in [0, 1]; 0 with no detections, NaN with no ground truth.
    """
    # One gather for both facts: 0 not there, 1 false, 2 true.
    state = alive.astype(jnp.int8) + (alive & true).astype(jnp.int8)
    state = jnp.take_along_axis(state, ranking.order[:, None, :], axis=-1)
    hits = (state == 2).astype(jnp.float32)
    found = _running_count(hits)
    detections = _running_count((state > 0).astype(jnp.float32))
    precision = jnp.where(ranking.closes[:, None, :], found / jnp.maximum(detections, 1), 0)
    envelope = jax.lax.cummax(precision, axis=2, reverse=True)
    total = jnp.sum(hits * envelope, axis=-1)
    return jnp.where(positives > 0, total / jnp.maximum(positives, 1), jnp.nan)


def _running_count(flags: jax.Array, block: int = 64) -> jax.Array:
    """Cumulative sum of float32 zeros and ones along the last axis, exact up to 2^24.

    As two products with triangular matrices, within blocks and over blocks: the generic scan takes
    twice as long.
    """
    length = flags.shape[-1]
    blocks = -(-length // block)
    flags = jnp.pad(flags, [(0, 0)] * (flags.ndim - 1) + [(0, blocks * block - length)])
    flags = flags.reshape(*flags.shape[:-1], blocks, block)

    def product(x, matrix):
        return jnp.matmul(x, matrix, precision="highest")

    within = product(flags, jnp.triu(jnp.ones((block, block), flags.dtype)))
    before = product(within[..., -1], jnp.triu(jnp.ones((blocks, blocks), flags.dtype), 1))
    return (within + before[..., None]).reshape(*flags.shape[:-2], -1)[..., :length]
