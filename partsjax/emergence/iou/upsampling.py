"""From the cells of an activation map to the pixels of its crop, along one axis: a matrix."""

import numpy as np

from partsjax.networks.protocol import ReceptiveField


def upsampling(field: ReceptiveField, cells: int, size: int) -> np.ndarray:
    """float32 [size, cells]: what each pixel takes of each cell; rows sum to 1.

    Cells lie at the centers of their receptive fields, pixels are sampled at theirs; linear in between,
    constant beyond the outermost cells. With this matrix U, a map A [H, H] becomes U A U^T.
    """
    position = (np.arange(size) - field.center) / field.stride  # both have their center half a pixel on
    position = np.clip(position, 0, cells - 1)
    return np.maximum(1 - np.abs(position[:, None] - np.arange(cells)), 0).astype(np.float32)
