"""Filters: from what each crop's score loses without them, to those that a class rests on."""

import dataclasses

import numpy as np

from partsjax.emergence.bootstrap import Resampled, mean_over_crops

DEVIATIONS = 2.0  # see `Cutoff`
FACTORS = (1.0, 1.5, 2.0, 2.5, 3.0)  # how the count moves with it


@dataclasses.dataclass(frozen=True)
class Cutoff:
    """What makes a filter discriminative for a class (our choice).

    Its mean drop exceeds the mean over the layer's filters by this many standard deviations of theirs; the
    drop of the score before the softmax, or of the probability after it.
    """

    deviations: float = DEVIATIONS
    after_softmax: bool = False


@dataclasses.dataclass(frozen=True)
class FilterDrops:
    """What one class loses without each of a layer's F filters, in one kind of score.

    crops: how many it was measured on. delta: the mean drop of the class score [F], in the score's units,
      with its interval over images.
    """

    crops: int
    delta: Resampled

    @property
    def share(self) -> np.ndarray:
        """max(delta, 0) by its sum over the layer: float64 [F]; NaN where no filter has a positive one."""
        positive = np.maximum(self.delta.value, 0)  # NaN stays NaN
        total = positive.sum()
        return positive / total if total > 0 else np.full(positive.shape, np.nan)

    def discriminative(self, deviations: float = DEVIATIONS) -> np.ndarray:
        """bool [F]: delta exceeds the layer's mean by `deviations` standard deviations of its filters."""
        return exceeding(self.delta.value, deviations)

    @property
    def counts(self) -> dict[float, int]:
        """How many filters are discriminative at each of `FACTORS`."""
        return {factor: int(self.discriminative(factor).sum()) for factor in FACTORS}


def exceeding(delta: np.ndarray, deviations: float = DEVIATIONS) -> np.ndarray:
    """bool [F]: which are over the mean by `deviations` standard deviations, the filters being all there are.

    None where all are equal, as those of a dead layer are, or NaN.
    """
    delta = np.asarray(delta, np.float64)
    if not len(delta) or not delta.max() > delta.min():
        return np.zeros(delta.shape, bool)
    return delta > delta.mean() + deviations * delta.std()


def filter_drops(drops: np.ndarray, images: np.ndarray, weights: np.ndarray) -> FilterDrops:
    """The mean drops of one class over its crops.

    Args:
      drops: float32 [N, F], the class score minus the same with filter f's map set to zero, on N crops
        of the class.
      images: int [N], the image of each crop; weights: float32 [I, R], see `mean_over_crops`.
    """
    return FilterDrops(len(drops), mean_over_crops(drops, images, weights))


@dataclasses.dataclass(frozen=True)
class Sharing:
    """How a layer's filters are shared between classes.

    distinct: filters discriminative for at least one class.
    classes: int [F], for how many classes each is discriminative.
    histogram: int [C + 1], how many filters are discriminative for 0, 1, ..., C classes.
    """

    distinct: int
    classes: np.ndarray
    histogram: np.ndarray


def sharing(discriminative: np.ndarray) -> Sharing:
    """Sharing of bool [C, F], the discriminative filters of each of C classes."""
    classes = discriminative.sum(axis=0)
    histogram = np.bincount(classes, minlength=len(discriminative) + 1)
    return Sharing(int((classes > 0).sum()), classes, histogram)
