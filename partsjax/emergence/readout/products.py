"""Products of tall matrices, float64, some rows at a time.

In XLA and not in NumPy, whose threads would wait for the cores that the network runs on, and keep them busy
meanwhile. All blocks have one height: there is one compilation, and a sum does not depend on how rows came.
"""

import jax
import numpy as np

BLOCK_ROWS = 512


def across(x: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """x weights: float64 [N, T], of float64 [N, D] and [D, T]."""
    with jax.enable_x64(True):
        weights = jax.device_put(weights)
        blocks = [
            _across(_whole(x[start : start + BLOCK_ROWS]), weights) for start in range(0, len(x), BLOCK_ROWS)
        ]
    return np.concatenate([np.asarray(block) for block in blocks])[: len(x)]


def down(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """xᵀ y: float64 [D, T], of float64 [N, D] and [N, T], N at most `BLOCK_ROWS`."""
    with jax.enable_x64(True):
        return np.asarray(_down(_whole(x), _whole(y)))


def _whole(rows: np.ndarray) -> np.ndarray:
    """With zeros below, `BLOCK_ROWS` in all."""
    return rows if len(rows) == BLOCK_ROWS else np.pad(rows, ((0, BLOCK_ROWS - len(rows)), (0, 0)))


@jax.jit
def _across(x: jax.Array, weights: jax.Array) -> jax.Array:
    return x @ weights


@jax.jit
def _down(x: jax.Array, y: jax.Array) -> jax.Array:
    return x.T @ y
