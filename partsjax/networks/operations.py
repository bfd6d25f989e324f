"""What a layer does to a map, NHWC: convolution, pooling, local response normalization, a linear layer."""

import jax
import jax.numpy as jnp
from flax import nnx

from partsjax.networks.layers import LRN, Conv, MaxPool, output_side
from partsjax.ops.precision import matmul_precision


def convolve_groups(x: jax.Array, kernel: jax.Array, strides, padding, *, feature_group_count: int, **more):
    """`jax.lax.conv_general_dilated`, NHWC, the groups convolved one by one.

    As one grouped convolution they take XLA four times as long on a processor.
    """
    groups = feature_group_count
    maps = [
        jax.lax.conv_general_dilated(inputs, weights, strides, padding, **more)
        for inputs, weights in zip(
            jnp.split(x, groups, axis=-1), jnp.split(kernel, groups, axis=-1), strict=True
        )
    ]
    return maps[0] if groups == 1 else jnp.concatenate(maps, axis=-1)


def convolution(layer: Conv, channels: int, dtype: str, rngs: nnx.Rngs) -> nnx.Conv:
    """The module of `layer` on maps of `channels`; float32 parameters, computed in `dtype`."""
    return nnx.Conv(
        channels,
        layer.features,
        (layer.kernel, layer.kernel),
        strides=layer.stride,
        padding=((layer.pad, layer.pad), (layer.pad, layer.pad)),
        feature_group_count=layer.groups,
        conv_general_dilated=convolve_groups,
        dtype=dtype,
        precision=matmul_precision(dtype),
        rngs=rngs,
    )


class WindowLinear(nnx.Linear):
    """A linear layer over every `side` x `side` window of a map: [B, H, W, C] -> [B, h, w, F].

    `nnx.Linear` of windows flattened row by row, its kernel [side * side * C, F]; h = H - side + 1, and so w.
    """

    def __init__(self, side: int, channels: int, features: int, *, dtype: str, rngs: nnx.Rngs):
        super().__init__(
            side**2 * channels, features, dtype=dtype, precision=matmul_precision(dtype), rngs=rngs
        )
        self.side = side

    def __call__(self, x: jax.Array) -> jax.Array:
        """Raises ValueError where the map is smaller than a window."""
        side = self.side
        if x.shape[1:3] == (side, side):  # the one window there is: a plain matrix product
            return super().__call__(x.reshape(x.shape[0], 1, 1, -1))
        if side == 1:
            return super().__call__(x)
        x, kernel, bias = self.promote_dtype((x, self.kernel[...], self.bias[...]), dtype=self.dtype)
        maps = jax.lax.conv_general_dilated(
            x,
            kernel.reshape(side, side, x.shape[-1], -1),
            window_strides=(1, 1),
            padding="VALID",
            dimension_numbers=("NHWC", "HWIO", "NHWC"),
            precision=self.precision,
        )
        return maps + bias


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
    """Local response normalization across the channels of [B, H, W, C]; see `LRN`."""
    before = (lrn.size - 1) // 2
    channels = x.shape[-1]
    # In float32 also for bfloat16 input: alpha is 1e-4 and would vanish next to k.
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
