"""What a layer does to a map: convolution, maximum pooling, local response normalisation; all NHWC."""

import jax
import jax.numpy as jnp

from partsjax.networks.layers import LRN, Conv, MaxPool, output_side
from partsjax.ops.precision import matmul_precision


def convolve(x: jax.Array, kernel: jax.Array, layer: Conv) -> jax.Array:
    """Cross-correlation, as `layer` says: [B, H, W, C] * [k, k, C / groups, F] -> [B, H', W', F].

    The groups are convolved one by one: as a grouped convolution they take XLA four times as long
    on a processor.
    """
    maps = [
        jax.lax.conv_general_dilated(
            inputs,
            weights,
            window_strides=(layer.stride, layer.stride),
            padding=((layer.pad, layer.pad), (layer.pad, layer.pad)),
            dimension_numbers=("NHWC", "HWIO", "NHWC"),
            precision=matmul_precision(x.dtype),
        )
        for inputs, weights in zip(
            jnp.split(x, layer.groups, axis=-1), jnp.split(kernel, layer.groups, axis=-1), strict=True
        )
    ]
    return maps[0] if layer.groups == 1 else jnp.concatenate(maps, axis=-1)


def convolve_dense(x: jax.Array, kernel: jax.Array, side: int) -> jax.Array:
    """A dense layer over every `side` x `side` window of a map: [B, H, W, C] -> [B, h, w, F].

    kernel: [side * side * C, F], for a window flattened row by row. h = H - side + 1, and so w.
    """
    precision = matmul_precision(x.dtype)
    if side == 1:
        return jnp.matmul(x, kernel, precision=precision)
    if x.shape[1:3] == (side, side):  # the one window there is: a plain matrix product
        return jnp.matmul(x.reshape(x.shape[0], -1), kernel, precision=precision)[:, None, None]
    return jax.lax.conv_general_dilated(
        x,
        kernel.reshape(side, side, x.shape[-1], -1),
        window_strides=(1, 1),
        padding="VALID",
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
        precision=precision,
    )


def max_pool(x: jax.Array, pool: MaxPool) -> jax.Array:
    """Maximum pooling, unpadded: [B, H, W, C] -> [B, H', W', C]; see `MaxPool` for the rounding.

    Rows first, then columns, each as a maximum of shifted maps: XLA's own windowed reduction takes
    two to four times as long on a processor.
    """
    for axis in (1, 2):
        side = x.shape[axis]
        cells = output_side((pool,), side)
        overhang = (cells - 1) * pool.stride + pool.kernel - side
        if overhang > 0:
            widths = [(0, overhang if i == axis else 0) for i in range(x.ndim)]
            x = jnp.pad(x, widths, constant_values=-jnp.inf)
        shifted = [
            jax.lax.slice_in_dim(x, i, i + (cells - 1) * pool.stride + 1, pool.stride, axis)
            for i in range(pool.kernel)
        ]
        x = shifted[0]
        for other in shifted[1:]:
            x = jnp.maximum(x, other)
    return x


def normalise(x: jax.Array, lrn: LRN) -> jax.Array:
    """Local response normalisation across the channels of [B, H, W, C]; see `LRN`."""
    before = (lrn.size - 1) // 2
    channels = x.shape[-1]
    # In float32 also for bfloat16 input: alpha is 1e-4 and would vanish beside k.
    squares = jnp.square(x.astype(jnp.float32))
    squares = jnp.pad(squares, ((0, 0), (0, 0), (0, 0), (before, lrn.size - 1 - before)))
    total = sum(squares[..., i : i + channels] for i in range(lrn.size))
    scale = lrn.k + lrn.alpha / lrn.size * total
    if lrn.beta == 0.75:  # as it nearly always is: two roots take half the time of a power
        root = jax.lax.rsqrt(scale)
        factor = root * jnp.sqrt(root)
    else:
        factor = scale**-lrn.beta
    return (x * factor).astype(x.dtype)
