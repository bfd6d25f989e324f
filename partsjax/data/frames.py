"""What a network is shown: every object in a crop of its own, or whole images."""

import dataclasses
from collections.abc import Mapping

from partsjax.data.crops import CONTEXT
from partsjax.data.dataset import Dataset
from partsjax.data.schema import Box, Image, Object
from partsjax.errors import InputError, nearest

FRAMES = ("object", "image")


def require_frame(frame: str) -> None:
    """Raises `InputError` where there is none of that name."""
    if frame not in FRAMES:
        raise InputError(f"frame={frame!r}: {nearest(str(frame), FRAMES)}")


@dataclasses.dataclass(frozen=True)
class ImageFrames:
    """A dataset of which `class_crops` takes whole images, squashed to the input (Network Dissection).

    For each class in it, an image has one object, which has the parts of all objects of that class; its crop
    is the image.
    """

    images: tuple[Image, ...]
    parts: Mapping[str, tuple[str, ...]]


def in_frame(dataset: Dataset, frame: str, size: int) -> Dataset | ImageFrames:
    """What crops of `size` pixels are taken of, in one of `FRAMES`."""
    if frame == "object":
        return dataset
    images = [dataclasses.replace(image, objects=_squashed(image, size)) for image in dataset.images]
    return ImageFrames(tuple(images), dataset.parts)


def _squashed(image: Image, size: int) -> tuple[Object, ...]:
    if not image.objects:
        return ()
    box, parts = _whose_crop_is_all(image, size), {}
    for one in image.objects:
        parts.setdefault(one.object_class, []).extend(one.parts)
    return tuple(Object(name, box, tuple(those)) for name, those in parts.items())


def _whose_crop_is_all(image: Image, size: int) -> Box:
    """A crop shows `CONTEXT` pixels around its object on each side."""
    width, height = image.size or _read_size(image)
    context = CONTEXT / size
    return width * context, height * context, width * (1 - context), height * (1 - context)


def _read_size(image: Image) -> tuple[int, int]:
    try:
        height, width = image.source.read().shape[:2]
    except InputError:  # reported when it is read for its crop
        return 1, 1
    return width, height
