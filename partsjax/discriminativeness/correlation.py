"""Spearman's rank correlation, of one pair of lists or of many at once."""

import dataclasses
import math

import numpy as np
from scipy.stats import rankdata

from partsjax.emergence.bootstrap import interval, resamples
from partsjax.emergence.verdict import UNKNOWN, Estimate


@dataclasses.dataclass(frozen=True)
class RankCorrelation:
    """Spearman's rank correlation over a number of things.

    over_things: with its 95% interval over the things themselves (the parts, say, drawn again).
    over_images: with its 95% interval over images, where both lists came with their bootstrap samples.
    """

    number: int
    over_things: Estimate
    over_images: Estimate

    @property
    def value(self) -> float:
        """The correlation; NaN for fewer than two things, or where one list is constant."""
        return self.over_things.value


def spearman(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Spearman's rank correlation along the first axis: float [N, ...] twice -> float64 [...].

    Pearson's correlation of the ranks, ties taking their mean rank. NaN for fewer than two rows, where
    either is constant, or where a value is NaN.
    """
    a, b = (_centred(np.asarray(v, np.float64)) for v in (one, other))
    spread = np.sqrt((a * a).sum(axis=0) * (b * b).sum(axis=0))
    # A product of sums of half-integers over their root: clipped of what rounding adds.
    value = np.divide((a * b).sum(axis=0), spread, out=np.full(spread.shape, np.nan), where=spread > 0)
    return np.clip(value, -1, 1)


def _centred(values: np.ndarray) -> np.ndarray:
    if not len(values):
        return values
    ranks = rankdata(values, axis=0, nan_policy="propagate")
    return ranks - ranks.mean(axis=0)


def rank_correlation(
    one: np.ndarray, other: np.ndarray, samples: tuple[np.ndarray, np.ndarray] | None = None, seed=0
) -> RankCorrelation:
    """Spearman's rank correlation of two figures over things, with both its intervals.

    Args:
      one, other: float [P]; a thing with a NaN in either is left out.
      samples: the figures in each bootstrap sample of images, float [P, R] each; paired where both come
        from the same images. Samples in which a thing's figure is NaN are left out.
      seed: of the bootstrap over things.
    """
    one, other = np.asarray(one, np.float64), np.asarray(other, np.float64)
    known = ~(np.isnan(one) | np.isnan(other))
    one, other = one[known], other[known]
    if len(one) < 2:
        return RankCorrelation(len(one), UNKNOWN, UNKNOWN)
    value = float(spearman(one, other))
    if math.isnan(value):
        return RankCorrelation(len(one), UNKNOWN, UNKNOWN)
    counts = resamples(len(one), seed).astype(np.int64)
    drawn = np.stack([np.repeat(np.arange(len(one)), c) for c in counts.T], axis=1)  # [P, R]
    over_things = Estimate(value, *interval(spearman(one[drawn], other[drawn])))
    if samples is None:
        return RankCorrelation(len(one), over_things, Estimate(value, math.nan, math.nan))
    of_samples = spearman(*(np.asarray(s)[known] for s in samples))
    return RankCorrelation(len(one), over_things, Estimate(value, *interval(of_samples)))
