"""COCO's `segmentation`: polygons, or run lengths, as pixels."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np

from partsjax.data.coco_parts.values import absent, number
from partsjax.data.masks import PixelBox, tight_box
from partsjax.data.schema import Box, pixel_window


class Segmentation(Protocol):
    """Some pixels of an image."""

    @property
    def hull(self) -> Box:
        """The smallest box around it, `xyxy` in image pixels."""

    def pixels(self, window: PixelBox) -> np.ndarray:
        """bool [height, width]: which pixels of a window have their center on it."""

    def pieces(self) -> Sequence["Segmentation"]:
        """Its disjoint polygons, or itself."""


@dataclasses.dataclass(frozen=True, eq=False)
class Polygons:
    """The union of some polygons: float [V, 2] corners each, in image pixels."""

    rings: tuple[np.ndarray, ...]

    @property
    def hull(self) -> Box:
        corners = np.concatenate(self.rings)
        return (*corners.min(axis=0).tolist(), *corners.max(axis=0).tolist())

    def pixels(self, window: PixelBox) -> np.ndarray:
        return np.any([_filled(ring, window) for ring in self.rings], axis=0)

    def pieces(self) -> Sequence["Polygons"]:
        """Polygons that overlap, touch or lie in one another stay together; pixelless ones drop out."""
        if len(self.rings) == 1:
            return (self,)
        from scipy import ndimage  # takes long to import

        window = pixel_window(self.hull)
        filled = [_filled(ring, window) for ring in self.rings]
        labels, _ = ndimage.label(np.any(filled, axis=0), np.ones((3, 3)))
        together: dict[int, list[np.ndarray]] = {}
        for ring, pixels in zip(self.rings, filled, strict=True):
            if pixels.any():
                together.setdefault(int(labels[pixels][0]), []).append(ring)
        return [Polygons(tuple(rings)) for rings in together.values()] if len(together) > 1 else (self,)


@dataclasses.dataclass(frozen=True, eq=False)
class Pixels:
    """A mask, bool [H, W], with at least one pixel."""

    mask: np.ndarray

    @property
    def hull(self) -> Box:
        return tuple(float(v) for v in tight_box(self.mask))

    def pixels(self, window: PixelBox) -> np.ndarray:
        x1, y1, x2, y2 = window
        return self.mask[y1:y2, x1:x2]

    def pieces(self) -> Sequence["Pixels"]:
        """Itself: stray pixels of a mask are not instances."""
        return (self,)


def parse(raw: Any, width: int, height: int) -> Segmentation | None:
    """The `segmentation` of an annotation in an image of this size; None where there is none.

    Args:
      raw: polygons as lists of x, y, x, y, …, or run lengths down the columns as `{"size": [height, width],
        "counts": …}`, a list of numbers or COCO's compressed text.

    Raises:
      ValueError: anything else; says what.
    """
    if absent(raw) or raw in ([], [[]], {}, ""):
        return None
    if isinstance(raw, dict):
        return Pixels(_runs(raw, width, height))
    if not isinstance(raw, list):
        raise ValueError(f"{raw!r:.40} is neither polygons nor run lengths")
    return Polygons(tuple(_rings(raw)))


def _rings(raw: list) -> Iterator[np.ndarray]:
    for ring in raw if isinstance(raw[0], list) else [raw]:
        if not isinstance(ring, list) or len(ring) < 6 or len(ring) % 2:
            raise ValueError(f"{ring!r:.40} is not a polygon of three corners or more")
        yield np.array([number(value) for value in ring]).reshape(-1, 2)


def _runs(raw: dict[str, Any], width: int, height: int) -> np.ndarray:
    counts = raw.get("counts")
    counts = _decompressed(counts) if isinstance(counts, str) else counts
    if raw.get("size") != [height, width]:
        raise ValueError(f"its size {raw.get('size')!r:.40} is not [{height}, {width}], the image's")
    if not isinstance(counts, list) or not all(type(run) is int and run >= 0 for run in counts):
        raise ValueError("its counts are not run lengths")
    if sum(counts) != width * height:
        raise ValueError(f"its counts add up to {sum(counts)}, not to {width * height} pixels")
    mask = np.repeat(np.arange(len(counts)) % 2 == 1, counts).reshape(width, height).T
    if not mask.any():
        raise ValueError("it has no pixel")
    return mask


def _decompressed(text: str) -> list[int]:
    """Run lengths from COCO's text: numbers in groups of five bits, from the third on as differences."""
    counts, value, shift = [], 0, 0
    for character in text:
        bits = ord(character) - 48
        if not 0 <= bits < 64:
            raise ValueError("its counts are not run lengths")
        value |= (bits & 31) << shift
        shift += 5
        if bits & 32:
            continue  # more groups follow
        if bits & 16:
            value -= 1 << shift
        counts.append(value + (counts[-2] if len(counts) > 2 else 0))
        value = shift = 0
    return counts


def _filled(ring: np.ndarray, window: PixelBox) -> np.ndarray:
    """bool [height, width]: the pixels of a window whose centers lie in a polygon, by the even-odd rule."""
    left, top, right, bottom = window
    x1, y1 = ring.T[..., None] - np.array([[left], [top]])[..., None]
    x2, y2 = np.roll(x1, -1, axis=0), np.roll(y1, -1, axis=0)
    middle = np.arange(bottom - top) + 0.5
    crosses = (y1 <= middle) != (y2 <= middle)  # [V, height]
    edge, row = np.nonzero(crosses)
    x1, y1, x2, y2 = (v[edge, 0] for v in (x1, y1, x2, y2))
    at = x1 + (middle[row] - y1) * (x2 - x1) / (y2 - y1)
    # A row's pixels from the first center at or right of the crossing on change sides.
    first = np.clip(np.ceil(at - 0.5), 0, right - left).astype(np.int64)
    changes = np.zeros((bottom - top, right - left + 1), np.int64)
    np.add.at(changes, (row, first), 1)
    return changes[:, :-1].cumsum(axis=1) % 2 == 1
