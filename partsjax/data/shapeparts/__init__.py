"""shapeparts: the embedded dataset, drawn on the fly from a seed.

Four object classes with articulated parts, in random pose, place, color and clutter, so that a part
is seldom where it was last time and its truth is exact to the pixel. Nothing is stored: an image is a
function of (seed, split, class, index, style), the same in any order and any process. The dataset is
our own; no paper defines it.

Memory: annotations alone, about 5 kB an image. An image of 320 x 280 pixels is drawn each time it is
read.
"""

import dataclasses
import functools
import hashlib
from collections.abc import Iterable

import numpy as np

from partsjax.data.class_selection import choose_classes
from partsjax.data.dataset import Dataset
from partsjax.data.schema import SPLITS, Image, Object
from partsjax.data.shapeparts.compose import compose
from partsjax.data.shapeparts.paint import paint
from partsjax.data.shapeparts.raster import annotate, identify
from partsjax.data.shapeparts.scene import FIGURES, STYLES, Key
from partsjax.errors import InputError, nearest

RENDERER = 1  # raised whenever any image or box of any key changes; part of every digest
CLASSES = tuple(FIGURES)


@dataclasses.dataclass(frozen=True)
class RenderedImage:
    """An image that is drawn when it is read; a `schema.ImageSource`."""

    key: Key

    @property
    def image_id(self) -> str:
        """Such as `robot-train-0007`."""
        return f"{self.key.object_class}-{self.key.split}-{self.key.index:04d}"

    @property
    def label(self) -> str:
        """What error messages call it."""
        return f"shapeparts image {self.image_id}"

    def read(self) -> np.ndarray:
        """uint8 [H, W, 3] RGB; 280 to 320 pixels a side."""
        scene = compose(self.key)
        return paint(self.key, scene, identify(scene))

    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return _size(self.key)

    def digest(self) -> str:
        """Hash of the renderer's version and the key: 32 hexadecimal digits."""
        content = f"shapeparts {RENDERER} {dataclasses.astuple(self.key)}"
        return hashlib.blake2b(content.encode(), digest_size=16).hexdigest()


@functools.lru_cache(maxsize=4096)
def _size(key: Key) -> tuple[int, int]:
    return compose(key).size


@functools.lru_cache(maxsize=4096)
def _objects(key: Key) -> tuple[Object, ...]:
    scene = compose(key)
    return annotate(scene, identify(scene))


def read_shapeparts(
    seed: int = 0, classes: Iterable[str] | None = None, per_class: int = 100, style: str = "natural"
) -> Dataset:
    """The dataset of a seed; both splits come from one distribution and share no random number.

    An image shows one object of its class, or sometimes a second one of the same class, in front of
    scenery and among clutter that may include parts torn off other classes, which are not annotated.
    Boxes and masks are of visible pixels; see `raster.annotate` for what is too hidden.

    Args:
      seed: 0 or more.
      classes: some of `CLASSES`; None for all. An image is the same whichever are asked for.
      per_class: images of each class in each split; the first n are the same for any larger number.
      style: "natural", or "planted" for flat colors that the filters of `planted` detect.

    Raises:
      InputError: an unknown class or style, a negative seed, or fewer than one image per class.
    """
    chosen = choose_classes(classes, CLASSES, {c: f.parts for c, f in FIGURES.items()}, "shapeparts")
    if style not in STYLES:
        raise InputError(f"shapeparts: no style {style!r}; {nearest(str(style), STYLES)}")
    if seed < 0:
        raise InputError(f"shapeparts: seed {seed} is negative; give 0 or more")
    if per_class < 1:
        raise InputError(f"shapeparts: {per_class} images per class; give 1 or more")
    images = []
    for split in SPLITS:
        for object_class in chosen:
            for index in range(per_class):
                source = RenderedImage(Key(int(seed), split, object_class, index, style))
                images.append(Image(source.image_id, split, source, _objects(source.key)))
    return Dataset(tuple(images), {c: FIGURES[c].parts for c in chosen}, "shapeparts")
