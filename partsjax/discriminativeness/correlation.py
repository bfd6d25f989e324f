"""Spearman's rank correlation, and the partial one, of one pair of lists or of many at once."""

import dataclasses
import math

import numpy as np
from scipy.stats import rankdata

from partsjax.emergence.bootstrap import Resampled, interval, resamples
from partsjax.emergence.verdict import UNKNOWN, Estimate

MIN_THINGS = 5  # with fewer not even the same order is significant: 2/4! > 0.05 (our choice)


@dataclasses.dataclass(frozen=True)
class RankCorrelation:
    """Spearman's rank correlation over a number of things.

    over_things: with its 95% interval over the things themselves (the parts, say, drawn again); of fewer than
      5 things none.
    over_images: with its 95% interval over images.
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

    Pearson's correlation of the ranks, ties taking their mean rank; exactly the same for the same ranks.
    NaN for fewer than two rows, where either is constant, or where a value is NaN.
    """
    a, b = (_centred(np.asarray(v, np.float64)) for v in (one, other))
    spread = np.sqrt((a * a).sum(axis=0) * (b * b).sum(axis=0))
    # Half-integers and their sums, which are exact, over a root: clipped of what rounding adds.
    value = np.divide((a * b).sum(axis=0), spread, out=np.full(spread.shape, np.nan), where=spread > 0)
    return np.clip(value, -1, 1)


def partial_spearman(one: np.ndarray, other: np.ndarray, given: np.ndarray) -> np.ndarray:
    """Spearman's rank correlation of two lists given a third: float [N, ...] thrice -> float64 [...].

    Pearson's correlation of what is left of the ranks of each after linear regression on the third's ranks:
    with r the `spearman` of two lists,

        (r_one,other - r_one,given r_other,given) / sqrt((1 - r_one,given^2) (1 - r_other,given^2)).

    NaN as there, and where the third list has the order, or the opposite one, of another.
    """
    both, first, second = spearman(one, other), spearman(one, given), spearman(other, given)
    left = np.sqrt((1 - first**2) * (1 - second**2))
    value = np.divide(both - first * second, left, out=np.full(left.shape, np.nan), where=left > 0)
    return np.clip(value, -1, 1)


def _centred(values: np.ndarray) -> np.ndarray:
    if not len(values):
        return values
    ranks = rankdata(values, axis=0, nan_policy="propagate")
    return ranks - ranks.mean(axis=0)


def rank_correlation(
    one: Resampled, other: Resampled, given: Resampled | None = None, seed=0
) -> RankCorrelation:
    """The rank correlation of two figures over P things, with both its intervals.

    Args:
      one, other: values [P], samples [P, R], the latter of the same bootstrap of images. A thing with a NaN
        in a value is left out, and a sample in which a thing's figure is NaN.
      given: a third such figure, for the partial correlation of the two.
      seed: of the bootstrap over things.
    """
    figures = [one, other] if given is None else [one, other, given]
    correlate = spearman if given is None else partial_spearman
    values = np.array([figure.value for figure in figures], np.float64)
    known = ~np.isnan(values).any(axis=0)
    values, number = values[:, known], int(known.sum())
    value = float(correlate(*values)) if number > 1 else math.nan
    if math.isnan(value):
        return RankCorrelation(number, UNKNOWN, UNKNOWN)
    counts = resamples(number, seed).astype(np.int64)
    drawn = np.stack([np.repeat(np.arange(number), c) for c in counts.T], axis=1)  # [P, R]
    over_things = interval(correlate(*values[:, drawn]), value) if number >= MIN_THINGS else UNKNOWN[1:]
    over_images = interval(correlate(*(np.asarray(figure.samples)[known] for figure in figures)), value)
    return RankCorrelation(number, Estimate(value, *over_things), Estimate(value, *over_images))
