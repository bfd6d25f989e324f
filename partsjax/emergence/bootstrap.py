"""The bootstrap over images: resamples, percentile intervals, paired differences."""

import dataclasses
import functools

import numpy as np

from partsjax.emergence.verdict import Estimate
from partsjax.ops.average_precision import Curve

RESAMPLES = 1000  # bootstrap samples (our choice)
_PERCENTILES = (2.5, 97.5)


def resamples(images: int, seed) -> np.ndarray:
    """How often each image is drawn in each bootstrap sample: float32 [I, 1000], columns sum to I."""
    if not images:
        return np.zeros((0, RESAMPLES), np.float32)
    random = np.random.default_rng(seed)
    return random.multinomial(images, np.full(images, 1 / images), RESAMPLES).T.astype(np.float32)


def interval(values: np.ndarray) -> tuple[float, float]:
    """95% percentile interval of bootstrap values; samples without ground truth (NaN) are left out."""
    if np.isnan(values).all():
        return np.nan, np.nan
    low, high = np.nanpercentile(values, _PERCENTILES)
    return float(low), float(high)


@dataclasses.dataclass(frozen=True)
class Resampled:
    """Figures and their values in each bootstrap sample; NaN where there is nothing to take them from.

    value: float64 [...]; samples: float64 [..., R].
    """

    value: np.ndarray | float
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


def resampled_ap(detector: Curve, weights: np.ndarray) -> Resampled:
    """AP of a detector, and on each of `resamples`' columns."""
    return Resampled(detector.average_precision(), detector.average_precision(weights))
