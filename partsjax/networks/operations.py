"""The layers between the convolutions, on NHWC maps."""

import jax
import jax.numpy as jnp

from partsjax.networks.layers import LRN, MaxPool, output_side


def max_pool(x: jax.Array, pool: MaxPool) -> jax.Array:
    """Maximum pooling, unpadded: [B, H, W, C] -> [B, H', W', C]; see `MaxPool` for the rounding."""
    sides = [output_side((pool,), side) for side in x.shape[1:3]]
    ends = [
        max(0, (n - 1) * pool.stride + pool.kernel - side)
        for n, side in zip(sides, x.shape[1:3], strict=True)
    ]
    window, strides = (1, pool.kernel, pool.kernel, 1), (1, pool.stride, pool.stride, 1)
    padding = ((0, 0), (0, ends[0]), (0, ends[1]), (0, 0))
    return jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, window, strides, padding)


def normalise(x: jax.Array, lrn: LRN) -> jax.Array:
    """Local response normalisation across the channels of [B, H, W, C]; see `LRN`."""
    before = (lrn.size - 1) // 2
    channels = x.shape[-1]
    # In float32 also for bfloat16 input: alpha is 1e-4 and would vanish beside k.
    squares = jnp.square(x.astype(jnp.float32))
    squares = jnp.pad(squares, ((0, 0), (0, 0), (0, 0), (before, lrn.size - 1 - before)))
    total = sum(squares[..., i : i + channels] for i in range(lrn.size))
    return (x * (lrn.k + lrn.alpha / lrn.size * total) ** -lrn.beta).astype(x.dtype)
