"""Intersection over union of the pixels on which filters are active and those of parts, over many crops."""

import dataclasses
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from partsjax.data.crops import Crops, pixels_of

_FILTERS, _FILTERS_THERE = 16, 256  # upsampled at once, on processors and on accelerators
_ROUNDING = 1e-6  # of what is interpolated, relative: it does not decide where a filter is saturated


@dataclasses.dataclass(frozen=True)
class FilterIou:
    """IoU of all filters of a layer with all parts of a class, summed over the crops of a split.

    thresholds: float32 [F], activation from which each is active.
    train, val: float32 [F, P], fractions; NaN where no pixel of the split shows the part.
    """

    thresholds: np.ndarray
    train: np.ndarray
    val: np.ndarray

    @staticmethod
    def over_classes(found: "Sequence[FilterIou]") -> "FilterIou":
        """Of the parts of several classes, one after another; thresholds are [F, classes]."""
        return FilterIou(
            np.stack([one.thresholds for one in found], axis=1),
            np.concatenate([one.train for one in found], axis=1),
            np.concatenate([one.val for one in found], axis=1),
        )

    @staticmethod
    def of_counts(intersections: np.ndarray, parts: np.ndarray) -> np.ndarray:
        """float32 [F, P].

        Args:
          intersections: integers [F, 1 + P], all pixels on which the filter is active, then those of them
            that show each part; parts: [P], pixels that show it.
        """
        both = intersections[:, 1:].astype(np.float64)
        union = intersections[:, :1] + parts - both
        return np.divide(both, union, out=np.full(both.shape, np.nan), where=parts > 0).astype(np.float32)


def part_planes(crops: Crops, numbers: Sequence[int], rows: int, planes: int) -> np.ndarray:
    """uint8 [rows, planes, S, S]: of each crop 1 everywhere, then 1 where it shows each part.

    By any instance of it; of one without mask the pixels whose centers lie in its box. Rows after `numbers`,
    which say what crops are there, are 0, as are planes after the last part's.
    """
    index = {part: i for i, part in enumerate(crops.parts, start=1)}
    found = np.zeros((rows, planes, crops.size, crops.size), np.uint8)
    for row, number in enumerate(numbers):
        shown = crops.objects[number]
        for part in shown.parts:
            found[row, index[part.name]] |= pixels_of(part, shown.box, crops.size)
        found[row, 0] = 1
    return found


def active_from(thresholds: jax.Array | np.ndarray) -> jax.Array:
    """The activation from which a filter is active, above 0, but for the rounding of what is upsampled."""
    return jnp.maximum(thresholds * (1 - _ROUNDING), jnp.finfo(jnp.float32).tiny)


def intersections(
    activation: jax.Array, planes: jax.Array, thresholds: jax.Array, across: jax.Array
) -> jax.Array:
    """Pixels on which filters are active within planes, summed over crops, to be traced: int32 [1, F, M].

    A filter is looked at on a crop only where one of its cells reaches the threshold, which few do: what
    is linear between cells is nowhere above all of them. 4 S^2 bytes for each filter upsampled at once.

    Args:
      activation: float32 [B, H, H, F]; planes: uint8 [B, M, S, S], 0 or 1; thresholds: float32 [F].
      across: `upsampling`, float32 [S, H].
    """
    filters, size = activation.shape[3], across.shape[0]
    level = active_from(thresholds)
    width = min(filters, _FILTERS if jax.default_backend() == "cpu" else _FILTERS_THERE)

    def crop(totals: jax.Array, of_crop: tuple[jax.Array, jax.Array]):
        maps, shown = of_crop
        maps = jnp.moveaxis(maps, 2, 0)
        shown = shown.reshape(len(shown), size * size).astype(jnp.float32)
        active = maps.max(axis=(1, 2)) >= level
        order = jnp.pad(jnp.argsort(~active), (0, width))
        count = active.sum()

        def some(i, totals):
            those = jax.lax.dynamic_slice_in_dim(order, i * width, width)
            pixels = jnp.einsum("yh,fhw,xw->fyx", across, maps[those], across)
            counted = i * width + jnp.arange(width) < count
            on = (pixels >= level[those, None, None]) & counted[:, None, None]
            within = on.reshape(width, size * size).astype(jnp.float32) @ shown.T
            return totals.at[those].add(within.astype(jnp.int32))

        return jax.lax.fori_loop(0, -(-count // width), some, totals), None

    start = jnp.zeros((filters, planes.shape[1]), jnp.int32)
    totals, _ = jax.lax.scan(crop, start, (activation, planes))
    return totals[None]
