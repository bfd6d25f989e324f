"""The one schema all datasets are read into.

Boxes are `xyxy`, half-open, in continuous pixel coordinates: a pixel with index i covers
[i, i + 1). VOC's 1-based inclusive boxes become (x1 - 1, y1 - 1, x2, y2), COCO's `xywh`
becomes (x, y, x + w, y + h).
"""

import dataclasses
import math
from typing import Protocol

import numpy as np

from partsjax.data.masks import pack, tight_box
from partsjax.data.sources import image_source
from partsjax.errors import InputError

Box = tuple[float, float, float, float]
SPLITS = ("train", "val")


def pixel_window(box: Box) -> tuple[int, int, int, int]:
    """The whole pixels that a box touches, half-open `xyxy`."""
    return math.floor(box[0]), math.floor(box[1]), math.ceil(box[2]), math.ceil(box[3])


class ImageSource(Protocol):
    """Where an image's pixels come from. A `size()`, (width, height), is used where there is one."""

    @property
    def label(self) -> str:
        """What error messages call it: a path, or a description such as `shapeparts image 12`."""

    def read(self) -> np.ndarray:
        """uint8 [H, W, 3] RGB. Raises `InputError` naming the file if it is missing or damaged."""

    def digest(self) -> str:
        """Hexadecimal content hash; equal digests mean equal pixels."""


def _numbers(box, what: str) -> Box:
    try:
        found = tuple(v if type(v) in (int, float) else float(v) for v in box)
    except (TypeError, ValueError):
        found = ()
    if len(found) != 4 or not all(map(math.isfinite, found)):
        raise InputError(f"{what}: box {box!r:.80}: give four finite numbers, x1, y1, x2, y2 in pixels")
    return found


def _packed(mask, box: Box | None, what: str) -> tuple[Box, bytes]:
    """A mask of a whole image as `Part` keeps it, and its box: the mask's smallest where none is given."""
    mask = np.asarray(mask)
    if mask.ndim != 2 or mask.dtype.kind not in "bui":
        raise InputError(f"{what}: mask is {mask.dtype} {list(mask.shape)}; give bool [height, width]")
    box = tight_box(mask) if box is None else _numbers(box, what)
    if box is None:
        raise InputError(f"{what}: no pixel of its mask is marked; leave the part out")
    window = pixel_window(box)
    if min(window) < 0 or window[3] > mask.shape[0] or window[2] > mask.shape[1]:
        raise InputError(
            f"{what}: box {box} reaches out of its mask {list(mask.shape)}; both are of the image"
        )
    return box, pack(mask, window)


@dataclasses.dataclass(frozen=True)
class Part:
    """One instance of a part of one object.

    Attributes:
      name: of the part, such as "ear".
      box: `xyxy` in pixels of the image; left out where there is a mask, it is that one's smallest.
      mask: the part's pixels, or None. Given as a bool array [H, W] of the whole image; kept as the
        `np.packbits` of those in `window`, row by row, which `pixels()` unpacks.

    Raises:
      InputError: neither box nor mask, an empty mask, or one that does not hold the box.
    """

    name: str
    box: Box | None = None
    mask: bytes | np.ndarray | None = None

    def __post_init__(self):
        what, box, mask = f"part {self.name!r}", self.box, self.mask
        if mask is not None and not isinstance(mask, bytes):
            box, mask = _packed(mask, box, what)
        if box is None:
            raise InputError(f"{what}: has neither box nor mask; give one of them")
        object.__setattr__(self, "box", _numbers(box, what))
        object.__setattr__(self, "mask", mask)

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
    """One object.

    Attributes:
      object_class: what it is, such as "horse".
      box: `xyxy` in pixels of the image.
      parts: the instances of its parts.
    """

    object_class: str
    box: Box
    parts: tuple[Part, ...] = ()

    def __post_init__(self):
        object.__setattr__(self, "box", _numbers(self.box, f"object {self.object_class!r}"))
        object.__setattr__(self, "parts", tuple(self.parts))


@dataclasses.dataclass(frozen=True)
class Image:
    """One image with its objects.

    Attributes:
      image_id: unique within the dataset.
      split: "train" or "val".
      source: where its pixels come from: uint8 [H, W, 3] RGB, the path or the bytes of an encoded image, or
        an `ImageSource`, which is made of each of these.
      objects: those in it.
    """

    image_id: str
    split: str
    source: ImageSource
    objects: tuple[Object, ...] = ()

    def __post_init__(self):
        object.__setattr__(self, "image_id", str(self.image_id))
        object.__setattr__(self, "source", image_source(self.source, f"image {self.image_id}"))
        object.__setattr__(self, "objects", tuple(self.objects))

    @property
    def size(self) -> tuple[int, int] | None:
        """(width, height) in pixels, as annotated or by the file's header; None where there is neither."""
        known = getattr(self.source, "annotated_size", None)
        if known is not None or not hasattr(self.source, "size"):
            return known
        try:
            return self.source.size()
        except InputError:  # reported when it is read
            return None
