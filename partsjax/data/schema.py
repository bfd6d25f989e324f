"""The one schema all data sets are read into.

Boxes are `xyxy`, half-open, in continuous pixel coordinates: a pixel with index i covers
[i, i + 1). VOC's 1-based inclusive boxes become (x1 - 1, y1 - 1, x2, y2), COCO's `xywh`
becomes (x, y, x + w, y + h).
"""

import dataclasses
import math
from collections.abc import Mapping
from typing import Protocol

import numpy as np

Box = tuple[float, float, float, float]
SPLITS = ("train", "val")


def pixel_window(box: Box) -> tuple[int, int, int, int]:
    """The whole pixels that a box touches, half-open `xyxy`."""
    return math.floor(box[0]), math.floor(box[1]), math.ceil(box[2]), math.ceil(box[3])


class ImageSource(Protocol):
    """Where an image's pixels come from."""

    @property
    def label(self) -> str:
        """What error messages call it: a path, or a description such as `shapeparts image 12`."""

    def read(self) -> np.ndarray:
        """uint8 [H, W, 3] RGB. Raises `InputError` naming the file if it is missing or damaged."""

    def digest(self) -> str:
        """Hexadecimal content hash; equal digests mean equal pixels."""


@dataclasses.dataclass(frozen=True)
class Part:
    """One instance of a part of one object; `mask` is optional.

    `mask` holds the part's pixels in `window`, the whole pixels that `box` touches, as `np.packbits` of a
    bool [height, width] array, row by row; `pixels()` unpacks it.
    """

    name: str
    box: Box
    mask: bytes | None = None

    @property
    def window(self) -> tuple[int, int, int, int]:
        """`box` widened to whole pixels."""
        return pixel_window(self.box)

    def pixels(self) -> np.ndarray:
        """bool [height, width]: the part inside its window; all true where there is no mask."""
        x1, y1, x2, y2 = self.window
        shape = (y2 - y1, x2 - x1)
        if self.mask is None:
            return np.ones(shape, bool)
        bits = np.unpackbits(np.frombuffer(self.mask, np.uint8), count=shape[0] * shape[1])
        return bits.reshape(shape).astype(bool)


@dataclasses.dataclass(frozen=True)
class Object:
    """One object, its box and the instances of its parts."""

    object_class: str
    box: Box
    parts: tuple[Part, ...]


@dataclasses.dataclass(frozen=True)
class Image:
    """One image with its objects; `image_id` is unique within the data set."""

    image_id: str
    split: str
    source: ImageSource
    objects: tuple[Object, ...]


@dataclasses.dataclass(frozen=True)
class Dataset:
    """A data set in memory; pixels stay where they are until read.

    Attributes:
      images: all images of both splits, in a fixed order (by split, then by the source's order).
      parts: object class -> names of its parts, in the order tables show them. Only classes
        that have at least one part are listed.
      name: as on the command line.
      notes: what a reader wants said aloud (assumptions made, annotations dropped), one line each.
    """

    images: tuple[Image, ...]
    parts: Mapping[str, tuple[str, ...]]
    name: str
    notes: tuple[str, ...] = ()
