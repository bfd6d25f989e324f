"""The bootstrap over images: resamples, bias-corrected intervals and p-values, paired differences."""

import dataclasses
import functools

import numpy as np
from scipy.special import ndtr, ndtri

from partsjax.emergence.estimate import CHANCE, Estimate
from partsjax.ops.average_precision import Curve

RESAMPLES = 1000  # bootstrap samples (our choice)
_ROUNDING = 1e-6  # of samples, relative


def resamples(images: int, seed) -> np.ndarray:
    """How often each image is drawn in each bootstrap sample: float32 [I, 1000], columns sum to I."""
    if not images:
        return np.zeros((0, RESAMPLES), np.float32)
    random = np.random.default_rng(seed)
    return random.multinomial(images, np.full(images, 1 / images), RESAMPLES).T.astype(np.float32)


def _normal_quantile(share: float, samples: int) -> float:
    """Φ⁻¹ of a share of `samples` bootstrap samples, kept half a sample away from 0 and 1."""
    return float(ndtri(np.clip(share, 0.5 / samples, 1 - 0.5 / samples)))


def _bias(known: np.ndarray, value: float) -> float:
    """z0 = Φ⁻¹ of the share of samples below the estimate; of samples equal to it, as of counts, half.

    Samples are summed in single precision: equal means up to its rounding.
    """
    equal = np.isclose(known, value, rtol=_ROUNDING, atol=0)
    return _normal_quantile(float(np.mean((known < value) & ~equal) + np.mean(equal) / 2), len(known))


def interval(samples: np.ndarray, value: float) -> tuple[float, float]:
    """Bias-corrected 95% interval of a figure from its bootstrap samples (Efron's BC; our choice).

    With z0 = Φ⁻¹(share of samples below the figure), the ends are the samples' quantiles at
    Φ(2 z0 ± 1.96). Shares are kept within [1/(2R), 1 - 1/(2R)]; of samples equal to the figure, which
    APs hardly have and counts do, half are below it.

    Args:
      samples: float [R]; those without ground truth (NaN) are left out.
      value: the figure itself, on all images.

    Returns:
      The lower and the upper end; NaN where nothing is known.
    """
    known = samples[~np.isnan(samples)]
    if not len(known) or np.isnan(value):
        return np.nan, np.nan
    ends = ndtr(2 * _bias(known, value) + ndtri([CHANCE, 1 - CHANCE]))
    low, high = np.quantile(known, np.clip(ends, 0.5 / len(known), 1 - 0.5 / len(known)))
    return float(low), float(high)


def p_value(samples: np.ndarray, value: float) -> float:
    """One-sided p-value of a figure being 0 or less, bias-corrected as `interval` is (our choice).

    p = Φ(Φ⁻¹(g) - 2 z0), g being the share of samples at 0 or below; g and p are kept within
    [1/(2R), 1 - 1/(2R)].

    Args:
      samples, value: as for `interval`.
    """
    known = samples[~np.isnan(samples)]
    if not len(known) or np.isnan(value):
        return np.nan
    at_most = _normal_quantile(float(np.mean(known <= 0)), len(known))
    p = float(ndtr(at_most - 2 * _bias(known, value)))
    return float(np.clip(p, 0.5 / len(known), 1 - 0.5 / len(known)))


@dataclasses.dataclass(frozen=True)
class Resampled:
    """Figures and their values in each bootstrap sample; NaN where there is nothing to take them from.

    value: float64 [...]; samples: float64 [..., R].
    """

    value: np.ndarray | float
    samples: np.ndarray

    @functools.cached_property
    def _ends(self) -> np.ndarray:
        flat, values = self.samples.reshape(-1, self.samples.shape[-1]), np.ravel(self.value)
        ends = [interval(row, value) for row, value in zip(flat, values, strict=True)]
        return np.array(ends).reshape(*self.samples.shape[:-1], 2)

    @property
    def low(self) -> np.ndarray:
        """Lower ends of the 95% intervals, float64 [...]."""
        return self._ends[..., 0]

    @property
    def high(self) -> np.ndarray:
        """Their upper ends."""
        return self._ends[..., 1]

    @property
    def estimate(self) -> Estimate:
        """A single figure as an `Estimate`."""
        return Estimate(float(self.value), float(self.low), float(self.high))

    @property
    def p_value(self) -> float:
        """Of a single figure: of being 0 or less."""
        return p_value(self.samples, float(self.value))

    def __getitem__(self, index) -> "Resampled":
        return Resampled(self.value[index], self.samples[index])

    def __sub__(self, other: "Resampled") -> "Resampled":
        """The difference, paired where both were resampled with the same weights."""
        return Resampled(self.value - other.value, self.samples - other.samples)


def resampled_ap(detector: Curve, weights: np.ndarray) -> Resampled:
    """AP of a detector, and on each of `resamples`' columns."""
    return Resampled(detector.average_precision(), detector.average_precision(weights))


def mean_over_crops(
    values: np.ndarray, images: np.ndarray, weights: np.ndarray, per: np.ndarray | None = None
) -> Resampled:
    """The mean of `values` over crops, or their sum by the sum of `per`, with its interval over images.

    An image brings all its crops whenever it is drawn. With w_i the times that image i is drawn, a sample's
    value is (sum of w_i values of i's crops) / (sum of w_i per of i's crops); samples that draw no crop
    are NaN and left out of the interval.

    Args:
      values: float [N, ...], a row per crop.
      images: int [N], the image of each crop, under I.
      weights: float [I, R] as `emergence.bootstrap.resamples` draws them. The same weights for two
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
