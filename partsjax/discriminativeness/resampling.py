"""Means over crops with their bootstrap over images."""

import numpy as np

from partsjax.emergence.bootstrap import Resampled


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
