"""Objects and parts that are marked twice: a second box of the same thing can never be found."""

import collections
import dataclasses
from collections.abc import Sequence

from partsjax.data.overlap import box_iou
from partsjax.data.schema import Image, Object, Part

SAME = 0.95
"""IoU over which two boxes of one name are the same thing (our choice)."""


def counted_once(images: Sequence[Image]) -> tuple[tuple[Image, ...], list[str]]:
    """The images without second copies, and notes that count them.

    Objects of one class whose boxes agree (IoU over `SAME`) are one, with the first's box and the parts of
    both; parts of one name and one object whose boxes agree are the first of them.
    """
    doubled = collections.Counter()
    images = tuple(_once(image, doubled) for image in images)
    return images, [
        f"{count} doubled {what} boxes (IoU over {SAME}): each counted once"
        for what, count in sorted(doubled.items())
    ]


def _once(image: Image, doubled: collections.Counter) -> Image:
    objects: list[Object] = []
    for one in image.objects:
        for number, other in enumerate(objects):
            if one.object_class == other.object_class and box_iou(one.box, other.box) > SAME:
                doubled[f"{one.object_class}"] += 1
                objects[number] = dataclasses.replace(other, parts=other.parts + one.parts)
                break
        else:
            objects.append(one)
    for number, one in enumerate(objects):
        parts: list[Part] = []
        for part in one.parts:
            if any(part.name == other.name and box_iou(part.box, other.box) > SAME for other in parts):
                doubled[f"{one.object_class}:{part.name}"] += 1
            else:
                parts.append(part)
        if len(parts) < len(one.parts):
            objects[number] = dataclasses.replace(one, parts=tuple(parts))
    # An image without copies stays the very same.
    return image if tuple(objects) == image.objects else dataclasses.replace(image, objects=tuple(objects))
