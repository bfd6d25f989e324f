"""The activation that 0.5% of a filter's cells exceed: the filter is active from there."""

import math

import numpy as np

ACTIVE_SHARE = 0.005  # of a filter's cells (Network Dissection)
_ROWS = 256  # filters whose cells are sorted out at once


class Thresholds:
    """The threshold T of each filter, exactly, from cells that come piece by piece.

    T is the 0.995 quantile of all cells, linear between the two nearest, as `numpy.quantile`: of the n cells
    the n - floor(0.995 (n - 1)) largest are kept, 4 bytes each, which is all that it takes (`bytes`).
    """

    def __init__(self, filters: int, cells: int):
        """cells: how many each filter will have, over all pieces; at least one."""
        position = (1 - ACTIVE_SHARE) * (cells - 1)
        self._between = position - math.floor(position)
        self._largest = np.full((filters, self._kept(cells)), -np.inf, np.float32)

    @staticmethod
    def _kept(cells: int) -> int:
        return cells - math.floor((1 - ACTIVE_SHARE) * (cells - 1))

    @classmethod
    def bytes(cls, filters: int, cells: int) -> int:
        """Of memory, besides a few hundred filters' cells of a piece."""
        return 4 * filters * cls._kept(max(cells, 1))

    def add(self, cells: np.ndarray) -> None:
        """A piece: float32 [F, n], finite; quickest where a cell's filters are neighbors in memory."""
        for start in range(0, len(cells), _ROWS):
            rows = slice(start, start + _ROWS)
            self._largest[rows] = _largest_of_both(self._largest[rows], cells[rows])

    def values(self) -> np.ndarray:
        """float32 [F], once all cells were added.

        Where no more than 0.5% of the cells are above 0, the smallest positive number: a filter is active
        where it fires (our choice).
        """
        nearest = np.sort(self._largest, axis=1)[:, :2].astype(np.float64)
        found = nearest[:, 0] + self._between * (nearest[:, -1] - nearest[:, 0])
        return np.maximum(found, np.finfo(np.float32).tiny).astype(np.float32)


def _largest_of_both(kept: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """The K largest of each row of [F, K] and [F, n], the smallest of them first."""
    cell, row = np.nonzero(kept[:, 0] < cells.T)  # after the first pieces few are
    if not len(row):
        return kept
    counts = np.bincount(row, minlength=len(cells))
    order = np.argsort(row.astype(np.uint16), kind="stable")
    cell, row = cell[order], row[order]
    place = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
    new = np.full((len(cells), counts.max()), -np.inf, np.float32)
    new[row, place] = cells[row, cell]
    both = np.concatenate([kept, new], axis=1)
    both.partition(new.shape[1], axis=1)
    return both[:, new.shape[1] :]
