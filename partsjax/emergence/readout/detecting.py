"""What readouts detect: the strongest local maxima of their scores, each with its box."""

from typing import NamedTuple

import numpy as np

from partsjax.emergence.readout.grid import PLACE_TERMS, Grid
from partsjax.emergence.readout.models import Models
from partsjax.emergence.readout.products import across
from partsjax.emergence.readout.sparse import sizes

_DETECTIONS = 8  # of a part on a crop (our choice)


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
    rows, columns, crops = activation.shape[1:]
    cells = rows * columns
    features = grid.features(activation).reshape(crops * cells, -1)
    counts, parts, size = models.score.shape
    maps = across(features, models.score.reshape(-1, size).T)
    cell, values = _strongest(maps.reshape(crops, rows, columns, -1))
    used, number = np.unique(cell + cells * np.arange(crops), return_inverse=True)
    to_box = models.box.reshape(-1, size, 4).transpose(1, 0, 2)  # [D, C P, 4]
    shift = across(features[used], to_box.reshape(size, -1)).reshape(len(used), -1, 4)
    shift = shift[number, np.arange(counts * parts)[:, None, None]]  # [C P, K, B, 4]
    shape = (counts, parts, *values.shape[1:])
    boxes = _boxes(grid, cell, np.moveaxis(shift, -1, 0) * grid.size)
    return ReadoutDetections(values.reshape(shape), boxes.reshape(4, *shape))


def joined_batches(pieces: list[ReadoutDetections]) -> ReadoutDetections:
    """Those of several batches as one, in order."""
    return ReadoutDetections(*(np.concatenate(arrays, axis=-1) for arrays in zip(*pieces, strict=True)))


def bytes_of_batch(filters: int, parts: int, cells: int) -> int:
    """What a batch of so many cells takes of memory, about, here or in `CellSums.add`."""
    return 8 * cells * (3 * (filters + PLACE_TERMS) + 5 * len(sizes(filters)) * parts)


def _strongest(maps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cells int [M, K, B] of the highest local maxima of [B, H, W, M], and their scores, -inf: none."""
    crops, rows, columns, count = maps.shape
    highest = _highest_of_three(_highest_of_three(maps, 1), 2)
    scores = np.where(maps >= highest, maps, -np.inf).reshape(crops, -1, count)
    scores = np.ascontiguousarray(scores.transpose(2, 0, 1))  # [M, B, H W]
    found = np.empty((2, min(_DETECTIONS, rows * columns), count, crops))
    for k in range(found.shape[1]):
        cell = scores.argmax(axis=-1)[..., None]
        found[:, k] = cell[..., 0], np.take_along_axis(scores, cell, axis=-1)[..., 0]
        np.put_along_axis(scores, cell, -np.inf, axis=-1)
    cells, values = found.swapaxes(1, 2)
    return cells.astype(int), values


def _highest_of_three(maps: np.ndarray, axis: int) -> np.ndarray:
    """Of each cell and its two neighbors along an axis."""
    found = maps.copy()
    here, before = np.moveaxis(found, axis, 0), np.moveaxis(maps, axis, 0)
    np.maximum(here[1:], before[:-1], out=here[1:])
    np.maximum(here[:-1], before[1:], out=here[:-1])
    return found


def _boxes(grid: Grid, cells: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """float32 [4, M, K, B]: boxes at cells [M, K, B], shifted by [4, M, K, B] in crop pixels."""
    row, column = np.divmod(cells, len(grid.x))
    cx, cy = grid.x[column] + shift[0], grid.y[row] + shift[1]
    width, height = np.maximum(shift[2:], 1)
    corners = np.stack([cx - width / 2, cy - height / 2, cx + width / 2, cy + height / 2])
    return np.clip(corners, 0, grid.size).astype(np.float32)
