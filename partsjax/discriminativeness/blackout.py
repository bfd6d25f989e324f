"""Blackout: a part's pixels, and same-sized boxes elsewhere in the object, replaced by the mean color."""

import dataclasses
import math
from collections.abc import Callable, Sequence

import jax
import numpy as np

from partsjax.data.crops import CONTEXT, pixels_of
from partsjax.data.schema import Object
from partsjax.discriminativeness.resampling import mean_over_crops
from partsjax.discriminativeness.scores import blacked_out, class_scores, on_every_device, require_scores
from partsjax.emergence.bootstrap import Resampled
from partsjax.networks.protocol import Network

CONTROLS = 8  # random places a part is compared with (our choice)


@dataclasses.dataclass(frozen=True)
class Blackout:
    """Which pixels of a crop are replaced: for a part, and for each of its R random controls.

    part: bool [S, S]; controls: bool [R, S, S].
    """

    part: np.ndarray
    controls: np.ndarray

    @property
    def areas(self) -> tuple[float, float]:
        """Fractions of the crop: the part's, and the controls' mean."""
        return float(self.part.mean()), float(self.controls.mean())


def blackout(shown: Object, part: str, size: int, seed: Sequence[int], controls: int = CONTROLS) -> Blackout:
    """What is blacked out in the crop of an object: one part, all its instances together.

    The control has a box for each instance, each at a place of its own, drawn uniformly among those
    inside the object's box. It has as many pixels as what it is compared with: the instance's box, or, where
    that has a mask, its box shrunk to the mask's area (our choice: otherwise a control would take more away
    than the part does).

    Args:
      size: side of the crop, S pixels.
      seed: of the places, whole numbers; take one for every crop and part, so that
        no other crop changes them.

    Returns:
      All false where the object has no such part, or one too small to hold a pixel's center.
    """
    taken = [pixels_of(p, shown.box, size) for p in shown.parts if p.name == part]
    taken = [pixels for pixels in taken if pixels.any()]
    together = np.any(taken, axis=0) if taken else np.zeros((size, size), bool)
    random = np.random.default_rng(list(seed))
    elsewhere = np.zeros((controls, size, size), bool)
    for place in elsewhere:
        for pixels in taken:
            place[_random_box(pixels, size, random)] = True
    return Blackout(together, elsewhere)


def _random_box(pixels: np.ndarray, size: int, random: np.random.Generator) -> tuple[slice, slice]:
    """A box as large as these pixels at a random place inside the object, as slices of rows and columns."""
    rows, columns = np.flatnonzero(pixels.any(axis=1)), np.flatnonzero(pixels.any(axis=0))
    sides = np.array([rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1])
    inner = size - 2 * CONTEXT  # the object's side in its crop
    shrink = math.sqrt(pixels.sum() / sides.prod())
    height, width = np.clip(np.round(sides * shrink).astype(int), 1, inner)
    top, left = CONTEXT + random.integers(0, (inner - height + 1, inner - width + 1))
    return slice(top, top + height), slice(left, left + width)


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


@dataclasses.dataclass(frozen=True)
class PartDrops:
    """What a class score loses without a part, over the crops that have it; intervals over images.

    crops: how many have it. area: mean fraction of a crop that the part covers.
    drop, control: mean drop of the class score without the part, and without random boxes of its size.
    difference: drop - control, paired by crop.
    per_area: the same by unit of area, the unit being the whole crop: each sum of drops over crops by the
      sum of the areas that were replaced (our choice; a mean of quotients would be decided by the
      smallest parts).
    """

    crops: int
    area: float
    drop: Resampled
    control: Resampled
    difference: Resampled
    per_area: Resampled

    @property
    def discriminative(self) -> bool:
        """The lower end of the difference's 95% interval is over 0."""
        return bool(self.difference.low > 0)


def part_drops(drops, controls, areas, control_areas, images: np.ndarray, weights: np.ndarray) -> PartDrops:
    """The drops of one part over the crops of its class that have it.

    Args:
      drops: float [N], the class score minus the same without the part.
      controls: float [N, R], the same without each random box.
      areas, control_areas: float [N], fractions of the crop replaced, see `Blackout.areas`.
      images: int [N], the image of each crop; weights: float [I, R], see `mean_over_crops`.
    """
    drops, areas = np.asarray(drops, np.float64), np.asarray(areas, np.float64)
    control = np.asarray(controls, np.float64).mean(axis=1)
    both = np.stack([drops, control, drops - control], axis=1)
    means = mean_over_crops(both, images, weights)
    return PartDrops(
        crops=len(drops),
        area=float(areas.mean()) if len(areas) else math.nan,
        drop=means[0],
        control=means[1],
        difference=means[2],
        per_area=mean_over_crops(drops, images, weights, areas)
        - mean_over_crops(control, images, weights, np.asarray(control_areas, np.float64)),
    )
