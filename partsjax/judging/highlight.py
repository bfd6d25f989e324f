"""The activated region of a crop, and how it is brought out in a picture.

The region is where the activation map, upsampled to the crop, is above half its maximum there (our choice).
Upsampled: cells lie at the centers of their receptive fields, linear between, constant beyond the outermost.
"""

import numpy as np
from scipy import ndimage

from partsjax.networks.protocol import ReceptiveField

DARKER = 0.5  # what is left of the brightness outside the region
_CONTOUR = 1 / 110  # width of the line around it, of the picture's side
_LINE = (255, 225, 0)
_EDGE = (0, 0, 0)  # beside the line, so that it shows on any color


def upsampled(activation: np.ndarray, field: ReceptiveField, crop_size: int, side: int) -> np.ndarray:
    """A map over its crop.

    Args:
      activation: float32 [H, H].
      field: of its layer; crop_size: of the crop, in the same pixels.
      side: of what is returned, sampled at the centers of as many pixels across the crop.

    Returns:
      float32 [side, side].
    """
    cells = len(activation)
    place = (np.arange(side) + 0.5) * crop_size / side  # in pixels of the crop
    position = np.clip((place - field.center - 0.5) / field.stride, 0, cells - 1)
    before = np.floor(position).astype(int)
    after = np.minimum(before + 1, cells - 1)
    share = (position - before).astype(np.float32)
    rows = activation[before] * (1 - share[:, None]) + activation[after] * share[:, None]
    return rows[:, before] * (1 - share) + rows[:, after] * share


def region(activation: np.ndarray, field: ReceptiveField, crop_size: int, side: int) -> np.ndarray:
    """The activated region of a map that is not 0 all over: bool [side, side], not empty."""
    values = upsampled(activation, field, crop_size, side)
    return values > values.max() / 2


def highlighted(picture: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """A picture, uint8 [S, S, 3], dark and gray outside a region, bool [S, S], with a line around it."""
    gray = picture.mean(axis=-1, keepdims=True) * DARKER
    drawn = np.where(inside[..., None], picture, gray.round()).astype(np.uint8)
    width = max(1, round(len(picture) * _CONTOUR))
    line = ndimage.binary_dilation(inside, iterations=width) & ~inside
    edge = ndimage.binary_dilation(line, iterations=1) & ~line & ~inside
    drawn[line], drawn[edge] = _LINE, _EDGE
    return drawn
