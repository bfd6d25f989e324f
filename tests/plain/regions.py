"""Region pooling, one cell of one window at a time."""

import numpy as np


def pool_region(activation: np.ndarray, window: np.ndarray, side: int) -> np.ndarray:
    """One map [H, W, F] and one window -> [side, side, F], a cell at a time."""
    height, width, filters = activation.shape
    maxima = np.empty_like(activation)
    for y, x in np.ndindex(height, width):
        maxima[y, x] = activation[max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2].max(axis=(0, 1))
    x1, y1, x2, y2 = (float(v) for v in window)
    out = np.empty((side, side, filters))
    for i, j in np.ndindex(side, side):
        y = min(max((y1 + (i + 0.5) * (y2 - y1) / side) * height - 0.5, 0), height - 1)
        x = min(max((x1 + (j + 0.5) * (x2 - x1) / side) * width - 0.5, 0), width - 1)
        top, left = int(np.floor(y)), int(np.floor(x))
        bottom, right = min(top + 1, height - 1), min(left + 1, width - 1)
        upper = maxima[top, left] * (1 - (x - left)) + maxima[top, right] * (x - left)
        lower = maxima[bottom, left] * (1 - (x - left)) + maxima[bottom, right] * (x - left)
        out[i, j] = upper * (1 - (y - top)) + lower * (y - top)
    return out
