"""Stimuli of activation maps: local maxima, the largest of them, and what surrounds them."""

import functools

import jax
import jax.numpy as jnp


def _window_max(x: jax.Array, axis: int, window: int) -> jax.Array:
    """Maximum over `window` (odd) cells around each along `axis`; outside: -inf."""
    pad = [(0, 0)] * x.ndim
    pad[axis] = (window // 2, window // 2)
    padded = jnp.pad(x, pad, constant_values=-jnp.inf)
    size = x.shape[axis]
    shifted = [jax.lax.slice_in_dim(padded, i, i + size, axis=axis) for i in range(window)]
    return functools.reduce(jnp.maximum, shifted)


def local_maxima(activation: jax.Array, window: int = 3) -> jax.Array:
    """Where an activation is positive and the maximum of its neighborhood, window x window.

    Every cell of a plateau counts; outside the map is -inf (our choice).
    A NaN is never a maximum, nor is a cell that has one in its neighborhood.

    Args:
      activation: float [B, H, W, F], after the ReLU.
      window: odd.

    Returns:
      bool [B, H, W, F].
    """
    highest = _window_max(_window_max(activation, 1, window), 2, window)
    return (activation > 0) & (activation >= highest)


def strongest(activation: jax.Array, k: int, window: int = 3) -> tuple[jax.Array, jax.Array]:
    """The K strongest local maxima of each filter on each crop, with their neighborhoods.

    Of equal activations the one of the lower cell comes first. Fewer than K local maxima are
    filled with cell 0 and values 0; a stimulus is real where its center value is positive.

    Args:
      activation: float [B, H, W, F], after the ReLU.
      k: how many to keep; no more than H * W are.
      window: of the local maxima, odd; the neighborhood returned is always 3x3.

    Returns:
      cells: int32 [F, K, B], row * W + column, by descending activation.
      values: float32 [F, 9, K, B], the 3x3 activations around each, row by row, 0 outside the
        map; values[:, 4] are the stimuli's own activations, their scores.
    """
    batch, height, width, filters = activation.shape
    k = min(k, height * width)
    scores = jnp.where(local_maxima(activation, window), activation, -jnp.inf)
    scores = scores.reshape(batch, height * width, filters).transpose(0, 2, 1)  # [B, F, HW]
    top, cells = jax.lax.top_k(scores, k)
    real = top > 0
    cells = jnp.where(real, cells, 0).astype(jnp.int32)

    padded = jnp.pad(activation, ((0, 0), (1, 1), (1, 1), (0, 0)))
    padded = padded.reshape(batch, (height + 2) * (width + 2), filters)
    corner = (cells // width) * (width + 2) + cells % width  # top left of the neighborhood
    index = corner.transpose(0, 2, 1)  # [B, K, F]
    values = [
        jnp.take_along_axis(padded, index + row * (width + 2) + column, axis=1)
        for row in range(3)
        for column in range(3)
    ]
    values = jnp.stack(values).astype(jnp.float32)  # [9, B, K, F]
    values = jnp.where(real.transpose(0, 2, 1), values, 0)
    return cells.transpose(1, 2, 0), values.transpose(3, 0, 2, 1)
