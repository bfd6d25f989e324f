"""The sums over cells that readouts are fitted from: nothing else of the train crops is kept."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from partsjax.data.crops import Truth
from partsjax.emergence.readout.grid import PLACE_TERMS, Grid

_HALVES = 2


@dataclasses.dataclass(frozen=True)
class CellSums:
    """Over the cells of each half of the train images, all float64, filled by `add`.

    With x the D features of a cell (`Grid.features`), y 1 where it lies on the part and 0 elsewhere, t its
    targets, Σ over all cells and Σ₊ over those that lie on the part:

    gram: [2, D, D], Σ x xᵀ. Its last row holds the sums of the features, its last entry the number of cells.
    right: [2, P, D], Σ y x. Its last entry is the number of cells that lie on the part.
    part_gram: [2, P, D, D], Σ₊ x xᵀ. part_right: [2, P, D, 4], Σ₊ x tᵀ.
    """

    gram: np.ndarray
    right: np.ndarray
    part_gram: np.ndarray
    part_right: np.ndarray

    @classmethod
    def none(cls, filters: int, parts: int) -> "CellSums":
        """Before the first cell."""
        d = filters + PLACE_TERMS
        shapes = (_HALVES, d, d), (_HALVES, parts, d), (_HALVES, parts, d, d), (_HALVES, parts, d, 4)
        return cls(*map(np.zeros, shapes))

    def add(self, grid: Grid, activation: np.ndarray, truth: Truth, half: np.ndarray) -> None:
        """The cells of a batch.

        Args:
          activation: float32 [F, H, W, B]; truth: of its crops; half: int [B], the half of each crop's image.
        """
        features, usable = grid.features(activation), truth.valid & ~truth.difficult
        for h in range(_HALVES):
            of_half = features[..., half == h].reshape(len(features), -1)
            self.gram[h] += of_half @ of_half.T
        for part in range(len(usable)):
            on = grid.positive(truth.boxes[:, part], usable[part])
            for h in range(_HALVES):
                chosen = half[on.crops] == h
                x = features[:, on.rows[chosen], on.columns[chosen], on.crops[chosen]]
                self.right[h, part] += x.sum(axis=1)
                self.part_gram[h, part] += x @ x.T
                self.part_right[h, part] += x @ on.targets[:, chosen].T

    @property
    def filters(self) -> int:
        """F."""
        return self.gram.shape[1] - PLACE_TERMS

    @property
    def cells_on(self) -> np.ndarray:
        """int [P]: how many cells lie on each part, in both halves."""
        return np.rint(self.right[..., -1].sum(axis=0)).astype(int)


def bytes_of_sums(filters: int, parts: int) -> int:
    """What `CellSums` take of memory, with the few matrices as large that solving takes."""
    return 8 * (filters + PLACE_TERMS) ** 2 * (_HALVES * (parts + 1) + 6)


def halves_of(image_index: Sequence[int]) -> np.ndarray:
    """int [N]: which half of the images each crop belongs to; images go to the halves in turn."""
    _, number = np.unique(image_index, return_inverse=True)
    return number % _HALVES
