"""Blackout: a part's pixels, and boxes of its size elsewhere in the object, replaced by the mean color."""

import dataclasses
import math
from collections.abc import Callable, Sequence

import jax
import numpy as np

from partsjax.data.crops import CONTEXT, pixels_of
from partsjax.data.schema import Object
from partsjax.discriminativeness.scores import blacked_out, class_scores, on_every_device, require_scores
from partsjax.networks.protocol import Network

CONTROLS = 8  # random places a part is compared with (our choice)
MOST_ON_PART = 0.1  # of a control's box: the most of it that may lie on an instance of the part (our choice)


@dataclasses.dataclass(frozen=True)
class Blackout:
    """Which pixels of a crop are replaced: for a part, and for each of its R random controls.

    part: bool [S, S]; controls: bool [R, S, S], R = 0 where no control fits.
    """

    part: np.ndarray
    controls: np.ndarray

    @property
    def areas(self) -> tuple[float, float]:
        """Fractions of the crop: the part's, and the controls' mean, NaN where there is none."""
        controls = float(self.controls.mean()) if len(self.controls) else math.nan
        return float(self.part.mean()), controls

    @property
    def on_part(self) -> float:
        """The fraction of the part's pixels that a control still takes, mean; NaN where there is none."""
        if not len(self.controls):
            return math.nan
        return float(self.controls[:, self.part].mean())


def blackout(shown: Object, part: str, size: int, seed: Sequence[int], controls: int = CONTROLS) -> Blackout:
    """What is blacked out in the crop of an object: one part, all its instances together.

    A control has a box for each instance, each at a place of its own: drawn uniformly among all places on
    the pixel grid at which it lies inside the object's box and no instance of the part covers over a tenth
    of it (instances are their masks where they have one). The box has as many pixels as the instance: it is
    the instance's box, or, where that has a mask, its box shrunk to the mask's area (our choice: the mask's
    whole box would take more away than the part does). Where no place is left for one of the boxes, there is
    no control.

    Args:
      size: side of the crop, S pixels.
      seed: of the places, whole numbers; take one for every crop and part, so that
        no other crop changes them.

    Returns:
      All false, and no controls, where the object has no such part, or one too small to hold a pixel's
      center.
    """
    instances = [pixels_of(p, shown.box, size) for p in shown.parts if p.name == part]
    instances = [pixels for pixels in instances if pixels.any()]
    if not instances:
        return Blackout(np.zeros((size, size), bool), np.zeros((0, size, size), bool))
    together, elsewhere = np.any(instances, axis=0), np.zeros((controls, size, size), bool)
    random = np.random.default_rng(list(seed))
    sums = [_sums(pixels) for pixels in instances]
    for pixels in instances:
        height, width = _sides(pixels)
        free = _free_places(sums, height, width)
        places = np.flatnonzero(free)
        if not len(places):
            return Blackout(together, elsewhere[:0])
        drawn = np.unravel_index(random.choice(places, controls), free.shape)
        for control, top, left in zip(elsewhere, *(start + CONTEXT for start in drawn), strict=True):
            control[top : top + height, left : left + width] = True
    return Blackout(together, elsewhere)


def _sides(pixels: np.ndarray) -> tuple[int, int]:
    """Height and width of a box with as many pixels, shaped as the box around them."""
    rows, columns = np.flatnonzero(pixels.any(axis=1)), np.flatnonzero(pixels.any(axis=0))
    height, width = int(rows[-1] - rows[0] + 1), int(columns[-1] - columns[0] + 1)
    count = int(pixels.sum())
    shorter = max(1, round(min(height, width) * math.sqrt(count / (height * width))))
    longer = round(count / shorter)  # after the shorter one, whose rounding weighs more
    return (shorter, longer) if height < width else (longer, shorter)


def _sums(pixels: np.ndarray) -> np.ndarray:
    """Pixels above and to the left of each corner of the object's n x n pixels: int [n + 1, n + 1]."""
    inner = pixels[CONTEXT:-CONTEXT, CONTEXT:-CONTEXT]
    return np.pad(inner.cumsum(axis=0, dtype=np.int32).cumsum(axis=1, dtype=np.int32), ((1, 0), (1, 0)))


def _free_places(sums: Sequence[np.ndarray], height: int, width: int) -> np.ndarray:
    """At which upper left pixels of the object a box leaves all instances alone: bool [n - h + 1, n - w + 1].

    sums: of each instance, see `_sums`. Empty where the box is larger than the object.
    """
    rows, columns = (max(0, len(sums[0]) - side) for side in (height, width))
    free = np.ones((rows, columns), bool)
    for s in sums:
        over = s[height:, width:] - s[:-height, width:] - s[height:, :-width] + s[:-height, :-width]
        free &= over <= MOST_ON_PART * height * width
    return free


def blackout_scores(network: Network) -> Callable[[np.ndarray, np.ndarray], jax.Array]:
    """The compiled step from crops and what is blacked out to class scores, spread over all devices.

    Returns:
      `(pixels, masks) -> float32 [B, M, C]`, scores before the softmax of each crop under each of its masks;
      pixels float32 [B, S, S, 3] in [0, 255], masks bool [B, M, S, S] (an empty one gives the intact
      score), B a multiple of the number of devices.

    Raises:
      InputError: the network has no class scores.
    """
    require_scores(network)

    def step(pixels, masks, params):
        def under(mask):
            return class_scores(network, params, blacked_out(network, pixels, mask))

        return jax.lax.map(under, masks.swapaxes(0, 1)).swapaxes(0, 1)

    return on_every_device(network, step)
