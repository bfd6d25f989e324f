"""Precision-recall curves that can be weighted by image: held-out AP, and its interval by bootstrap."""

import dataclasses

import numpy as np

from partsjax.emergence.verdict import Estimate

RESAMPLES = 1000  # of the bootstrap (our choice)
_PERCENTILES = (2.5, 97.5)


@dataclasses.dataclass(frozen=True)
class Curve:
    """A detector's curve over T steps and I images; a step ends at each score of a true detection.

    hits: float32 [T, I], true detections by step and image.
    detections: float32 [T, I], all detections by step and image; those below the last true one
      enter no precision that counts and are left out.
    positives: float32 [I], boxes to be found.
    """

    hits: np.ndarray
    detections: np.ndarray
    positives: np.ndarray

    def average_precision(self, weights: np.ndarray | None = None) -> np.ndarray | float:
        """AP with each image counted `weights` times.

        AP = Σ_t (r_t - r_{t-1}) · max_{u ≥ t} p_u, the area under the precision envelope (VOC2010).
        Precision peaks at true detections, so the curve's steps suffice: it is exact.

        Args:
          weights: float32 [I, R], R sets of counts; None: every image once.

        Returns:
          float64 [R] (to float32's precision), or a float; NaN where there is nothing to find.
        """
        once = weights is None
        weights = np.ones((len(self.positives), 1)) if once else weights
        gained = self.hits @ weights
        found = np.cumsum(gained, axis=0)  # whole numbers: exact in float32 too
        shown = np.cumsum(self.detections @ weights, axis=0)
        precision = found / np.maximum(shown, 1)
        envelope = np.maximum.accumulate(precision[::-1], axis=0)[::-1]
        wanted = self.positives @ weights
        area = (gained * envelope).sum(axis=0, dtype=np.float64)
        ap = np.where(wanted > 0, area / np.maximum(wanted, 1), np.nan)
        return float(ap[0]) if once else ap


def curve(scores, true, images, positives) -> Curve:
    """The curve of a list of detections; equal scores enter as one step.

    Args:
      scores: float [M]; true: bool [M], at most one a box; images: int [M], where each lies.
      positives: int [I], boxes to be found in each image.
    """
    steps = np.unique(scores[true])  # rising
    count, images_all = len(steps), len(positives)
    kept = scores >= steps[0] if count else np.zeros(len(scores), bool)
    step = count - np.searchsorted(steps, scores[kept], side="right")
    place = step * images_all + images[kept]

    def table(chosen) -> np.ndarray:
        counts = np.bincount(place[chosen], minlength=count * images_all)
        return counts.reshape(count, images_all).astype(np.float32)

    return Curve(table(true[kept]), table(slice(None)), np.asarray(positives, np.float32))


def resamples(images: int, seed) -> np.ndarray:
    """How often each image is drawn in each bootstrap sample: float32 [I, 1000], columns sum to I."""
    if not images:
        return np.zeros((0, RESAMPLES), np.float32)
    random = np.random.default_rng(seed)
    return random.multinomial(images, np.full(images, 1 / images), RESAMPLES).T.astype(np.float32)


def interval(values: np.ndarray) -> tuple[float, float]:
    """95% percentile interval of bootstrap values; samples without ground truth are left out."""
    if np.isnan(values).all():
        return np.nan, np.nan
    low, high = np.nanpercentile(values, _PERCENTILES)
    return float(low), float(high)


def estimate(detector: Curve, weights: np.ndarray) -> tuple[Estimate, np.ndarray]:
    """AP with its 95% interval over images, and the bootstrap's values [R]."""
    values = detector.average_precision(weights) if len(detector.positives) else np.full(RESAMPLES, np.nan)
    return Estimate(detector.average_precision(), *interval(values)), values


def paired_difference(one: Curve, other: Curve, values: np.ndarray, others: np.ndarray) -> Estimate:
    """AP of one detector minus another's, on the same images and resamples (paired)."""
    return Estimate(one.average_precision() - other.average_precision(), *interval(values - others))
