"""Crops as pictures for people: of another size than the network's, and smooth."""

import numpy as np
from PIL import Image

from partsjax.data.crops import source_window, warp

_FINER = 2  # the warp itself does not smooth


def view(pixels: np.ndarray, object_box, size: int, side: int, fill) -> np.ndarray:
    """What the crop of an object at `size` pixels a side shows, as uint8 [side, side, 3].

    Args:
      pixels: uint8 [H, W, 3], the image; object_box: `xyxy` in its pixels.
      fill: three floats in [0, 255], the color outside the image.
    """
    fine = warp(pixels, _framed(object_box, size, _FINER * side), _FINER * side, fill)
    rounded = Image.fromarray(np.clip(fine, 0, 255).round().astype(np.uint8))
    return np.asarray(rounded.resize((side, side), Image.Resampling.BOX))


def _framed(box, size: int, side: int) -> np.ndarray:
    """A box whose crop at `side` pixels shows what the crop of `box` at `size` pixels shows."""
    window, (x1, y1, x2, y2) = source_window(box, size), source_window((0, 0, 1, 1), side)
    center, half = (window[:2] + window[2:]) / 2, (window[2:] - window[:2]) / 2 / [x2 - x1, y2 - y1]
    return np.concatenate([center - half, center + half])
