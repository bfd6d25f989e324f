"""Region pooling: features of many windows of an image from one convolution's map, as a matrix product."""

import jax
import jax.numpy as jnp
import numpy as np

from partsjax.networks.layers import MaxPool
from partsjax.networks.operations import max_pool


def pool_regions(activation: jax.Array, windows: jax.Array, side: int) -> jax.Array:
    """What the head sees of each window: a map of side x side cells, whatever the window's size.

    The map is first replaced by its maxima over 3x3 cells (outside the map: minus infinity), then
    read by bilinear interpolation at the centers of side x side equal bins of the window. On the
    whole map that is close to a network's own last pooling, so that fully connected layers
    trained behind that pooling make sense of the regions (our choice; region-of-interest pooling
    rounds the bins to whole cells instead). Bilinear reading is one small matrix a window and
    axis, so that all windows of a batch are two matrix products.

    Args:
      activation: float [B, H, W, F], a convolution's, after its ReLU.
      windows: float [B, R, 4], xyxy as fractions of the map; what lies outside it is read as the
        cell at the border. A window without area reads the same place in every bin.
      side: cells on each side of the result.

    Returns:
      float [B, R, side, side, F], of the activation's type.
    """
    maxima = _neighbourhood_maxima(activation)
    x1, y1, x2, y2 = jnp.moveaxis(windows.astype(jnp.float32), -1, 0)
    height, width = activation.shape[1:3]
    rows = _bin_weights(y1, y2, side, height).astype(activation.dtype)
    columns = _bin_weights(x1, x2, side, width).astype(activation.dtype)
    bands = jnp.einsum("brih,bhwf->briwf", rows, maxima)
    return jnp.einsum("brjw,briwf->brijf", columns, bands)


def bilinear_weights(position, cells: int):
    """The weights with which linear interpolation reads a row of cells at given positions.

    Args:
      position: float [...], in cells: cell i has its center at i + 0.5. NumPy's or JAX's.
      cells: length of the row; beyond the centers of its ends it goes on as it ends.

    Returns:
      float [..., cells], of sum 1.
    """
    index = (position - 0.5).clip(0, cells - 1)
    return (1 - abs(index[..., None] - np.arange(cells, dtype=np.float32))).clip(0)


def _bin_weights(low: jax.Array, high: jax.Array, side: int, cells: int) -> jax.Array:
    """[B, R] ends of windows -> [B, R, side, cells], the weights at the centers of their bins."""
    centres = (jnp.arange(side) + 0.5) / side
    return bilinear_weights((low[..., None] + (high - low)[..., None] * centres) * cells, cells)


def _neighbourhood_maxima(activation: jax.Array) -> jax.Array:
    padded = jnp.pad(activation, ((0, 0), (1, 1), (1, 1), (0, 0)), constant_values=-jnp.inf)
    return max_pool(padded, MaxPool(kernel=3, stride=1))
