"""A layer's detections of one part, each filter's by descending score: what sets are made from."""

import dataclasses

import numpy as np

from partsjax.emergence.criterion import HITS_NOTHING, NOT_COUNTED
from partsjax.ops.descending import descending


@dataclasses.dataclass(frozen=True)
class PartDetections:
    """Detections of one part by F filters on N crops; float and int [F, M], M by descending score.

    scores: what detections are ranked by, float64; falls along M.
    found: int8, the ground-truth box each overlaps enough and most; HITS_NOTHING; NOT_COUNTED.
    crops: int32, the crop each lies in; ranks: int32, its k among the crop's stimuli.
    positives: int [N], boxes of the part to be found in each crop.
    filters: int [F], whose each row is, ascending.
    """

    scores: np.ndarray
    found: np.ndarray
    crops: np.ndarray
    ranks: np.ndarray
    positives: np.ndarray
    filters: np.ndarray

    def of(self, filters) -> "PartDetections":
        """Those of some filters."""
        filters = np.asarray(list(filters), np.int64)
        rows = np.searchsorted(self.filters, filters)
        return dataclasses.replace(
            self,
            scores=self.scores[rows],
            found=self.found[rows],
            crops=self.crops[rows],
            ranks=self.ranks[rows],
            filters=filters,
        )

    def first_hits(self) -> np.ndarray:
        """bool [F, M]: each filter's first detection of every box it finds; these are its true ones."""
        hits = self.found >= 0
        rows, columns = np.nonzero(hits)
        box = self.box_ids(rows, columns)
        first = np.zeros_like(hits)
        _, at = np.unique(rows * (box.max(initial=0) + 1) + box, return_index=True)
        first[rows[at], columns[at]] = True
        return first

    def box_ids(self, rows, columns) -> np.ndarray:
        """int64: one number for each ground-truth box of the split, of the detections at these places."""
        return _box_ids(self.crops[rows, columns], self.found[rows, columns], self.found)


class RankedLayer:
    """The order of a layer's detections in one split, shared by all parts of a class."""

    def __init__(self, scores: np.ndarray):
        """scores: float32 [F, K, N], the stimuli's activations; 0 where there is none."""
        filters, _, crops = scores.shape
        flat = scores.reshape(filters, -1)
        most = int((flat > 0).sum(axis=1).max(initial=0))
        self._order = descending(flat)[:, :most]
        self._ranks, self._crops = (a.astype(np.int32) for a in np.divmod(self._order, max(crops, 1)))
        self._scores = np.take_along_axis(flat, self._order, axis=1).astype(np.float64)

    def part(self, found: np.ndarray, positives: np.ndarray, filters=None) -> PartDetections:
        """One part's detections.

        Args:
          found: int8 [F, K, N], of `Scores`; positives: int [N].
          filters: whose, ascending; None: of all.
        """
        filters = np.arange(len(self._order)) if filters is None else np.asarray(filters, np.int64)
        rows = slice(None) if len(filters) == len(self._order) else filters
        flat = found[rows].reshape(len(filters), found[0].size)
        return PartDetections(
            scores=self._scores[rows],
            found=np.take_along_axis(flat, self._order[rows], axis=1),
            crops=self._crops[rows],
            ranks=self._ranks[rows],
            positives=positives,
            filters=filters,
        )


@dataclasses.dataclass(frozen=True)
class Union:
    """The detections of a set of filters, by descending score; equal ones by filter, crop and rank.

    scores: float64 [M]; found: int8 [M], as in `PartDetections`, never NOT_COUNTED.
    true: bool [M], the first on its ground-truth box; crops, filters, ranks: int [M], whose each is.
    """

    scores: np.ndarray
    found: np.ndarray
    true: np.ndarray
    crops: np.ndarray
    filters: np.ndarray
    ranks: np.ndarray

    def select(self, keep: np.ndarray) -> "Union":
        """What is left with some detections gone, by bool mask; the next on a box may now be the first."""
        scores, found, crops = self.scores[keep], self.found[keep], self.crops[keep]
        return Union(scores, found, first_on_box(found, crops), crops, self.filters[keep], self.ranks[keep])


def union(detections: PartDetections, filters) -> Union:
    """All detections of a set of filters (the paper: the set union of its members' detections)."""
    some = detections.of(filters)
    rows, columns = np.nonzero(some.found != NOT_COUNTED)
    scores, crops, ranks = (a[rows, columns] for a in (some.scores, some.crops, some.ranks))
    order = _in_order(scores, rows, crops, ranks)
    found, crops = some.found[rows, columns][order], crops[order]
    return Union(
        scores[order], found, first_on_box(found, crops), crops, some.filters[rows[order]], ranks[order]
    )


def _in_order(scores: np.ndarray, *ties: np.ndarray) -> np.ndarray:
    """int [M]: by descending score; equal ones by `ties`, whole numbers, the first of them first."""
    single, place, places = scores.astype(np.float32), np.zeros(len(scores), np.int64), 1
    for numbers in ties:
        count = int(numbers.max(initial=0)) + 1
        place, places = place * count + numbers, places * count
    if places <= 1 << 32 and (single == scores).all():
        return descending(single, place)
    return np.lexsort((place, -scores))


def _box_ids(crops: np.ndarray, found: np.ndarray, everything: np.ndarray) -> np.ndarray:
    """int64: one number for each ground-truth box, from crop and `found`, of which `everything` has all."""
    return crops.astype(np.int64) * (int(everything.max(initial=0)) + 1) + found


def first_on_box(found: np.ndarray, crops: np.ndarray) -> np.ndarray:
    """bool [M]: which detections, by descending score, are the first on their ground-truth box."""
    hits = np.flatnonzero(found > HITS_NOTHING)[::-1]
    box = _box_ids(crops[hits], found[hits], found)
    first = np.full(box.max(initial=-1) + 1, -1)
    first[box] = hits  # the last one written stays
    true = np.zeros(len(found), bool)
    true[first[first >= 0]] = True
    return true


def hit_rate(found, shows: np.ndarray) -> float:
    """Of the crops that show the part, the share whose strongest detection is right (our choice).

    Args:
      found: detections by descending score, of a set (`Union`) or of a prior: with `true`, bool [M], and
        `crops`, int [M].
      shows: bool [N], which crops show the part.

    Returns:
      A fraction; a crop without a detection counts as wrong. NaN where no crop shows the part.
    """
    right = np.zeros(len(shows), bool)  # true only where a crop shows the part
    right[found.crops[::-1]] = found.true[::-1]  # the last one written stays
    return float(right.sum() / shows.sum()) if shows.any() else np.nan
