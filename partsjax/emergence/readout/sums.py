"""The sums over cells that readouts are fitted from: nothing else of the train crops is kept."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from partsjax.data.crops import Truth
from partsjax.emergence.readout.grid import PLACE_TERMS, Grid
from partsjax.emergence.readout.products import BLOCK_ROWS, down

_HALVES, _TARGETS = 2, 4


@dataclasses.dataclass(frozen=True)
class CellSums:
    """Over the cells of each half of the train images, float64: `add` fills them, `complete` is for the end.

    With x the D features of a cell (`Grid.features`) and t its targets:

    products: [2, 1 + P, D, D + 4], Σ x (x, t)ᵀ: first over all cells, t being 0, then over the cells that lie
      on each part. The last feature is 1, so the last of its rows counts the cells.
    """

    products: np.ndarray
    _waiting: dict[tuple[int, int], list[np.ndarray]] = dataclasses.field(default_factory=dict, repr=False)

    @classmethod
    def none(cls, filters: int, parts: int) -> "CellSums":
        """Before the first cell."""
        d = filters + PLACE_TERMS
        return cls(np.zeros((_HALVES, 1 + parts, d, d + _TARGETS)))

    def add(self, grid: Grid, activation: np.ndarray, truth: Truth, half: np.ndarray) -> None:
        """The cells of a batch.

        Args:
          activation: float32 [F, H, W, B]; truth: of its crops; half: int [B], the half of each crop's image.
        """
        x, usable = grid.features(activation), truth.valid & ~truth.difficult
        for h in range(_HALVES):
            self._add((h, 0), x[half == h].reshape(-1, x.shape[-1]))
        for part in range(len(usable)):
            on = grid.positive(truth.boxes[:, part], usable[part])
            rows = np.hstack([x[on.crops, on.rows * len(grid.x) + on.columns], on.targets.T])
            for h in range(_HALVES):
                self._add((h, 1 + part), rows[half[on.crops] == h])

    def _add(self, where: tuple[int, int], rows: np.ndarray) -> None:
        """Rows wait until a block of them can be multiplied: so the sum depends on no batch."""
        waiting = self._waiting.setdefault(where, [])
        waiting.append(rows)
        if sum(map(len, waiting)) >= BLOCK_ROWS:
            rows = np.concatenate(waiting)
            whole = len(rows) // BLOCK_ROWS * BLOCK_ROWS
            for start in range(0, whole, BLOCK_ROWS):
                self._multiply(where, rows[start : start + BLOCK_ROWS])
            waiting[:] = [rows[whole:].copy()]

    def _multiply(self, where: tuple[int, int], rows: np.ndarray) -> None:
        """rows: [n, D] or, with targets, [n, D + 4]."""
        d = self.products.shape[2]
        self.products[where][:, : rows.shape[1]] += down(rows[:, :d], rows)

    def complete(self) -> None:
        """With the cells that wait to be enough for a product."""
        for where, waiting in self._waiting.items():
            self._multiply(where, np.concatenate(waiting))
        self._waiting.clear()

    @property
    def gram(self) -> np.ndarray:
        """[2, D, D], Σ x xᵀ over all cells."""
        return self.products[:, 0, :, :-_TARGETS]

    @property
    def right(self) -> np.ndarray:
        """[2, D, P], Σ x over the cells on each part."""
        return self.products[:, 1:, -1, :-_TARGETS].swapaxes(1, 2)

    def of_part(self, part: int) -> tuple[np.ndarray, np.ndarray]:
        """Σ x xᵀ [2, D, D] and Σ x tᵀ [2, D, 4] over the cells on a part."""
        products = self.products[:, 1 + part]
        return products[..., :-_TARGETS], products[..., -_TARGETS:]

    @property
    def filters(self) -> int:
        """F."""
        return self.products.shape[2] - PLACE_TERMS

    @property
    def cells_on(self) -> np.ndarray:
        """int [P]: how many cells lie on each part, in both halves."""
        return np.rint(self.right[:, -1].sum(axis=0)).astype(int)


def bytes_of_sums(filters: int, parts: int) -> int:
    """What `CellSums` take of memory, with the rows that wait and the few matrices that solving takes."""
    d = filters + PLACE_TERMS
    return 8 * d * (_HALVES * (1 + parts) * (d + _TARGETS + BLOCK_ROWS) + 6 * d)


def halves_of(image_index: Sequence[int]) -> np.ndarray:
    """int [N]: which half of the images each crop belongs to; images go to the halves in turn."""
    _, number = np.unique(image_index, return_inverse=True)
    return number % _HALVES
