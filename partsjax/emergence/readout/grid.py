"""The cells of a layer's map in the crop, what a readout reads in each, and which lie on a part."""

import dataclasses
from typing import NamedTuple

import numpy as np

from partsjax.networks.protocol import ReceptiveField

PLACE_TERMS = 8  # x, y, x², y², xy, x³, y³, 1


@dataclasses.dataclass(frozen=True)
class Grid:
    """Cells of a map.

    x: float64 [W], y: float64 [H], receptive-field centers in crop pixels; stride: from cell to cell; size:
    side of the crop.
    """

    x: np.ndarray
    y: np.ndarray
    stride: float
    size: int

    @classmethod
    def of(cls, field: ReceptiveField, rows: int, columns: int, size: int) -> "Grid":
        """Of a layer whose maps are rows x columns, on crops of `size` pixels."""
        x, y = (field.center + 0.5 + field.stride * np.arange(count) for count in (columns, rows))
        return cls(x, y, field.stride, size)

    def place_terms(self) -> np.ndarray:
        """x, y, x², y², xy, x³, y³ of the centers, in crop sizes, and 1: float64 [8, H, W]."""
        y, x = np.meshgrid(self.y / self.size, self.x / self.size, indexing="ij")
        return np.stack([x, y, x**2, y**2, x * y, x**3, y**3, np.ones_like(x)])

    def features(self, activation: np.ndarray) -> np.ndarray:
        """What a readout reads in each cell: the F activations, then the place terms.

        Args:
          activation: float32 [F, H, W, B].

        Returns:
          float64 [B, H W, D], D = F + 8.
        """
        filters, rows, columns, crops = activation.shape
        found = np.empty((crops, rows * columns, filters + PLACE_TERMS))
        found[..., :filters] = activation.reshape(filters, -1, crops).T
        found[..., filters:] = self.place_terms().reshape(PLACE_TERMS, -1).T
        return found

    def positive(self, boxes: np.ndarray, usable: np.ndarray) -> "Positive":
        """The cells that lie on a part.

        A cell does when its center is within max(w/4, stride/2) across and max(h/4, stride/2) down of the
        center of a box of the part; of several, the nearest in those units counts, of equally near ones the
        first.

        Args:
          boxes: float [4, G, B], of one part, `xyxy` in crop pixels; usable: bool [G, B], which exist and are
            not difficult.
        """
        nearest = np.full((len(self.y), len(self.x), boxes.shape[2]), np.inf)
        number = np.full(nearest.shape, -1)
        x1, y1, x2, y2 = boxes.astype(np.float64)
        for g in np.flatnonzero(usable.any(axis=1)):
            across, down = (
                ((centers[:, None] - (low[g] + high[g]) / 2) / reach(high[g] - low[g], self.stride)) ** 2
                for centers, low, high in ((self.x, x1, x2), (self.y, y1, y2))
            )
            inside = (across <= 1)[None] & (down <= 1)[:, None] & usable[g]
            distance = np.where(inside, across[None] + down[:, None], np.inf)
            nearer = distance < nearest
            nearest[nearer], number[nearer] = distance[nearer], g
        crops, rows, columns = np.nonzero(np.moveaxis(number, 2, 0) >= 0)
        box = number[rows, columns, crops], crops
        targets = np.stack(
            [
                (x1 + x2)[box] / 2 - self.x[columns],
                (y1 + y2)[box] / 2 - self.y[rows],
                (x2 - x1)[box],
                (y2 - y1)[box],
            ]
        )
        return Positive(rows, columns, crops, targets / self.size)


def reach(side: np.ndarray, stride: float) -> np.ndarray:
    """How far from a box's center cells lie on the part: float64, as `side`."""
    return np.maximum(side / 4, stride / 2)


class Positive(NamedTuple):
    """M cells that lie on a part, crop by crop.

    rows, columns, crops: int [M]. targets: float64 [4, M], (Gx - cx, Gy - cy, Gw, Gh) of the box G each lies
    on, in crop sizes.
    """

    rows: np.ndarray
    columns: np.ndarray
    crops: np.ndarray
    targets: np.ndarray
