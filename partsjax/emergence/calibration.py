"""Calibration: activations turned into train precision, so that filters of a set can be compared."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from partsjax.emergence.criterion import NOT_COUNTED
from partsjax.emergence.ranked import PartDetections

_TIE = 1e-6  # of the activation over the filter's largest, added so that its own order is kept:
# enough for neighboring float32 activations to stay apart next to a precision of 1


@dataclasses.dataclass(frozen=True)
class Calibration:
    """Per filter a rising staircase from activation to train precision.

    thresholds: per filter float64 [T], the activations at which the staircase rises, descending.
    precision: per filter float64 [T], its height from each threshold on; below the last it is 0.
    scale: float32 [F], each filter's largest train stimulus.
    """

    thresholds: tuple[np.ndarray, ...]
    precision: tuple[np.ndarray, ...]
    scale: np.ndarray

    def apply(self, detections: PartDetections) -> PartDetections:
        """The same detections, ranked by train precision; equal ones by activation over `scale`."""
        rows = zip(detections.filters.tolist(), detections.scores, strict=True)
        scores = [self.scores(number, activations) for number, activations in rows]
        return dataclasses.replace(detections, scores=np.reshape(scores, detections.scores.shape))

    def scores(self, number: int, activations: np.ndarray) -> np.ndarray:
        """What activations of filter `number` are ranked by: float64, of the same shape."""
        thresholds, precision = self.thresholds[number], self.precision[number]
        step = len(thresholds) - np.searchsorted(thresholds[::-1], activations, side="right")
        return np.append(precision, 0.0)[step] + _TIE * activations / self.scale[number]

    def of(self, filters: Sequence[int]) -> "Calibration":
        """That of some filters, which are then numbered from 0."""
        thresholds, precision = (
            tuple(of[number] for number in filters) for of in (self.thresholds, self.precision)
        )
        return Calibration(thresholds, precision, self.scale[list(filters)])


def calibrate(detections: PartDetections, scale: np.ndarray) -> Calibration:
    """Isotonic regression of right (1) or wrong (0) on the activation, for every filter (our choice).

    The fit changes only at true detections, so it is made on the steps between them: from each to the
    next, the share of true ones, weighted by how many detections there are.

    Args:
      detections: of the train crops; scale: float32 [F].
    """
    from scipy.optimize import isotonic_regression  # takes long to import

    all_true = detections.first_hits()
    thresholds, precision = [], []
    for scores, found, true in zip(detections.scores, detections.found, all_true, strict=True):
        steps = np.unique(scores[true])[::-1]
        thresholds.append(steps)
        if not len(steps):
            precision.append(steps)
            continue
        counted = scores[(found != NOT_COUNTED) & (scores >= steps[-1])]
        shown = _by_step(steps, counted)
        share = _by_step(steps, scores[true]) / shown
        precision.append(isotonic_regression(share, weights=shown, increasing=False).x)
    return Calibration(tuple(thresholds), tuple(precision), scale)


def _by_step(steps: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """How many scores lie at or above each step and below the one before it; `steps` fall."""
    above = len(scores) - np.searchsorted(np.sort(scores), steps, side="left")
    return np.diff(above, prepend=0).astype(np.float64)
