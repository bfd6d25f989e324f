"""Readouts fitted: of every part, with all filters and with the few that are taken first."""

import dataclasses

import numpy as np

from partsjax.emergence.readout.grid import PLACE_TERMS
from partsjax.emergence.readout.ridge import crosswise_errors, ridge, scales
from partsjax.emergence.readout.sparse import forward, sizes
from partsjax.emergence.readout.sums import CellSums

SCORE_RIDGES = (1e-3, 1e-2)  # our choice
BOX_RIDGES = (1e-2, 1e-1)  # our choice
MIN_CELLS = 30  # train cells on a part that a readout of it needs (our choice)


@dataclasses.dataclass(frozen=True)
class Models:
    """Linear readouts of P parts with each of C numbers of filters.

    sizes: how many filters, rising; the last is all F.
    exists: bool [P]; where false, fewer than `MIN_CELLS` train cells lie on the part, and the weights are 0.
    score: float64 [C, P, D], of the features of a cell (`Grid.features`); box: float64 [C, P, D, 4], of the
      box in crop sizes, (Gx - cx, Gy - cy, Gw, Gh).
    """

    sizes: tuple[int, ...]
    exists: np.ndarray
    score: np.ndarray
    box: np.ndarray


def fit_readouts(sums: CellSums) -> Models:
    """Readouts from the sums over train.

    The score is ridge regression on whether a cell lies on the part; the box is ridge regression over the
    cells that do. How strong each ridge is, of `SCORE_RIDGES` and `BOX_RIDGES`, is chosen for each part by
    the squared error of what is fitted on either half of the images on the other (`crosswise_errors`); then
    both are fitted on all of train. With fewer filters than all: the ones that `forward` takes first for the
    score, with the same strengths.
    """
    sums.complete()
    how_many = sizes(sums.filters)
    gram, exists = sums.gram.sum(axis=0), sums.cells_on >= MIN_CELLS
    scale, of_halves = scales(gram), [scales(one) for one in sums.gram]
    features, parts = len(gram), len(exists)
    score, box = np.zeros((len(how_many), parts, features)), np.zeros((len(how_many), parts, features, 4))
    rights = sums.right
    errors = [crosswise_errors(sums.gram, rights, of_halves, strength) for strength in SCORE_RIDGES]
    best = np.argmin(errors, axis=0)
    for n, strength in enumerate(SCORE_RIDGES):
        those = np.flatnonzero(exists & (best == n))
        score[-1, those] = ridge(gram, rights[..., those].sum(axis=0), scale, strength).T
    scaled = gram / scale[:, None] / scale
    for part in np.flatnonzero(exists):
        right, strength = rights[..., part].sum(axis=0), SCORE_RIDGES[best[part]]
        of_part = _BoxSums(*sums.of_part(part))
        box_strength = of_part.strength(of_halves)
        box[-1, part] = of_part.solved(slice(None), scale, box_strength)
        damping = strength * np.trace(scaled) / features
        taken = forward(scaled, right / scale, damping, how_many[-2] if len(how_many) > 1 else 0)
        for n, count in enumerate(how_many[:-1]):
            some = _with_place(taken[:count], features)
            score[n, part, some] = ridge(gram[np.ix_(some, some)], right[some, None], scale[some], strength)[
                :, 0
            ]
            box[n, part, some] = of_part.solved(some, scale, box_strength)
    return Models(how_many, exists, score, box)


def _with_place(filters: np.ndarray, features: int) -> np.ndarray:
    return np.concatenate([np.sort(filters), np.arange(features - PLACE_TERMS, features)])


@dataclasses.dataclass(frozen=True)
class _BoxSums:
    """Over the cells on one part, of the halves: grams [2, D, D], rights [2, D, 4]."""

    grams: np.ndarray
    rights: np.ndarray

    def strength(self, scale: list[np.ndarray]) -> float:
        errors = [crosswise_errors(self.grams, self.rights, scale, s).sum() for s in BOX_RIDGES]
        return BOX_RIDGES[int(np.argmin(errors))]

    def solved(self, some: np.ndarray | slice, scale: np.ndarray, strength: float) -> np.ndarray:
        """Weights [d, 4] of these features, fitted on both halves."""
        gram = self.grams[:, some][..., some].sum(axis=0)
        return ridge(gram, self.rights[:, some].sum(axis=0), scale[some], strength)
