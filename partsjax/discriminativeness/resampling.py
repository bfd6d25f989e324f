"""Means over crops with their bootstrap over images."""

import dataclasses
import functools

import numpy as np

from partsjax.emergence.curve import interval
from partsjax.emergence.verdict import Estimate


@dataclasses.dataclass(frozen=True)
class Resampled:
    """Figures and their values in each bootstrap sample; NaN where there is nothing to take them from.

    value: float64 [...]; samples: float64 [..., R].
    """

    value: np.ndarray
    samples: np.ndarray

    @functools.cached_property
    def _ends(self) -> np.ndarray:
        flat = self.samples.reshape(-1, self.samples.shape[-1])
        return np.array([interval(row) for row in flat]).reshape(*self.samples.shape[:-1], 2)

    @property
    def low(self) -> np.ndarray:
        """Lower ends of the 95% percentile intervals, float64 [...]."""
        return self._ends[..., 0]

    @property
    def high(self) -> np.ndarray:
        """Their upper ends."""
        return self._ends[..., 1]

    @property
    def estimate(self) -> Estimate:
        """A single figure as an `Estimate`."""
        return Estimate(float(self.value), float(self.low), float(self.high))

    def __getitem__(self, index) -> "Resampled":
        return Resampled(self.value[index], self.samples[index])

    def __sub__(self, other: "Resampled") -> "Resampled":
        """The difference, paired where both were resampled with the same weights."""
        return Resampled(self.value - other.value, self.samples - other.samples)


def mean_over_crops(
    values: np.ndarray, images: np.ndarray, weights: np.ndarray, per: np.ndarray | None = None
) -> Resampled:
    """The mean of `values` over crops, or their sum by the sum of `per`, with its interval over images.

    An image brings all its crops whenever it is drawn. With w_i the times that image i is drawn, a sample's
    value is (sum of w_i values of i's crops) / (sum of w_i per of i's crops); samples that draw no crop
    are NaN and left out of the interval.

    Args:
      values: float [N, ...], a row a crop.
      images: int [N], the image of each crop, under I.
      weights: float [I, R] as `emergence.curve.resamples` draws them. The same weights for two
        figures make their samples paired.
      per: float [N], what the values are counted by; None: by crops.
    """
    values = np.asarray(values, np.float64)
    by_image = np.zeros((len(weights), *values.shape[1:]))
    np.add.at(by_image, images, values)
    counted = np.bincount(images, weights=per, minlength=len(weights)).astype(np.float64)
    samples = _quotient(np.moveaxis(by_image, 0, -1) @ weights, counted @ weights)
    return Resampled(_quotient(by_image.sum(axis=0), counted.sum()), samples)


def _quotient(total: np.ndarray, count: np.ndarray) -> np.ndarray:
    total, count = np.broadcast_arrays(total, count)
    return np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
