"""What readouts detect: the strongest local maxima of their scores, each with its box."""

from typing import NamedTuple

import numpy as np
from scipy.ndimage import maximum_filter

from partsjax.emergence.readout.grid import Grid
from partsjax.emergence.readout.models import Models

_DETECTIONS = 8  # of a part on a crop (our choice)
_WINDOW = 3  # side, in cells, of the neighborhood a local maximum is the maximum of (our choice)


class ReadoutDetections(NamedTuple):
    """K detections of each of C x P readouts on N crops, K by descending score.

    scores: float64 [C, P, K, N], -inf where there is none; boxes: float32 [4, C, P, K, N], `xyxy` in crop
    pixels, before NMS.
    """

    scores: np.ndarray
    boxes: np.ndarray


def detect(models: Models, grid: Grid, activation: np.ndarray) -> ReadoutDetections:
    """Detections on a batch.

    A cell is a local maximum where no cell of its 3 x 3 neighborhood scores more, whatever the sign of the
    score; the 8 highest of a crop count, of equal ones the lower cell first. Their boxes are at least a pixel
    wide and high, and clipped to the crop.

    Args:
      activation: float32 [F, H, W, B].
    """
    features = grid.features(activation)
    size, rows, columns, crops = features.shape
    features = features.reshape(size, rows * columns, crops)
    found = []
    for score, box in zip(models.score, models.box, strict=True):  # one size at a time: memory
        maps = (score @ features.reshape(size, -1)).reshape(-1, rows, columns, crops)
        cells, values = _strongest(maps)
        at = features[:, cells, np.arange(crops)]  # [D, P, K, B]
        shift = np.einsum("pdt,dpkb->tpkb", box, at, optimize=True) * grid.size
        found.append((values, _boxes(grid, cells, shift)))
    scores, boxes = zip(*found, strict=True)
    return ReadoutDetections(np.stack(scores), np.stack(boxes, axis=1))


def joined_batches(pieces: list[ReadoutDetections]) -> ReadoutDetections:
    """Those of several batches as one, in order."""
    return ReadoutDetections(*(np.concatenate(arrays, axis=-1) for arrays in zip(*pieces, strict=True)))


def _strongest(maps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cells int [P, K, B] of the highest local maxima of [P, H, W, B], and their scores, -inf: none."""
    highest = maximum_filter(maps, (1, _WINDOW, _WINDOW, 1), mode="constant", cval=-np.inf)
    scores = np.where(maps >= highest, maps, -np.inf).reshape(len(maps), -1, maps.shape[3])
    count = min(_DETECTIONS, scores.shape[1])
    cells = np.sort(np.argpartition(-scores, count - 1, axis=1)[:, :count], axis=1)
    values = np.take_along_axis(scores, cells, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    return np.take_along_axis(cells, order, axis=1), np.take_along_axis(values, order, axis=1)


def _boxes(grid: Grid, cells: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """float32 [4, P, K, B]: boxes at cells [P, K, B], shifted by [4, P, K, B] in crop pixels."""
    row, column = np.divmod(cells, len(grid.x))
    cx, cy = grid.x[column] + shift[0], grid.y[row] + shift[1]
    width, height = np.maximum(shift[2:], 1)
    corners = np.stack([cx - width / 2, cy - height / 2, cx + width / 2, cy + height / 2])
    return np.clip(corners, 0, grid.size).astype(np.float32)
