"""What every dataset must satisfy, whether a reader made it or a user did by hand."""

from collections.abc import Iterator, Mapping, Sequence

from partsjax.data.faults import Faults
from partsjax.data.names import cleaned
from partsjax.data.overlap import intersection
from partsjax.data.schema import SPLITS, Box, Image
from partsjax.data.sources import ArrayImage
from partsjax.errors import InputError

OVERHANG = 1.0
"""How far, in pixels, a box may reach beyond its image and still be taken for rounding (our choice)."""


def check(images: Sequence[Image], parts: Mapping[str, Sequence[str]], name: str) -> None:
    """Refuses the images of a dataset where figures would be wrong; opens no file.

    Image ids are unique, splits known, names one line of text. The right and bottom of a
    box are beyond its left and top; it lies in its image where the size is known, up to `OVERHANG`. A part
    overlaps its object and is one of `parts`. Not all boxes lie in [0, 1], as fractions do.

    Raises:
      InputError: the first faults of each kind, in one line.
    """
    faults = Faults()

    def fault(image: Image, what: str, fix: str) -> None:
        faults.add(name, image.image_id, what, fix, of="image", can_skip=False)

    seen: set[str] = set()
    names: set[str] = set()
    allowed = {object_class: set(those) for object_class, those in parts.items()}
    for image in images:
        if image.image_id in seen:
            fault(image, "appears twice", "give each image an id of its own")
        seen.add(image.image_id)
        if image.split not in SPLITS:
            fault(image, f"is in split {image.split!r}", f"use {' or '.join(SPLITS)}")
        for what, box in boxes_of(image):
            if box[0] >= box[2] or box[1] >= box[3]:
                fault(image, f"has {what} at {box}", "a box is x1, y1, x2, y2, with x1 < x2 and y1 < y2")
        size = _known_size(image)
        if size is not None and (said := outside(image, size)):
            fault(image, said, "boxes are x1, y1, x2, y2 in the image's pixels")
        for one in image.objects:
            names.add(one.object_class)
            known = allowed.get(one.object_class, ())
            for part in one.parts:
                names.add(part.name)
                if part.name not in known:
                    what = f"has {part.name!r} of {one.object_class}, which is not in the dataset's parts"
                    fault(image, what, "list it there, or leave parts out for those of the images")
                elif intersection(part.box, one.box) <= 0:
                    what = f"has {part.name!r} at {part.box}, outside its {one.object_class} at {one.box}"
                    fault(image, what, "a part overlaps its object: correct one of the two")
    faults.settle()
    for one in sorted(names.union(parts, *parts.values()), key=str):
        _check_name(name, one)
    _refuse_fractions(images, name)


def boxes_of(image: Image) -> Iterator[tuple[str, Box]]:
    """Each box of an image, with a description of it."""
    for one in image.objects:
        yield one.object_class, one.box
        for part in one.parts:
            yield f"{one.object_class}:{part.name}", part.box


def outside(image: Image, size: tuple[int, int]) -> str | None:
    """The fault of the first box of an image that reaches outside its `size`, (width, height)."""
    for what, (x1, y1, x2, y2) in boxes_of(image):
        if max(-x1, -y1, x2 - size[0], y2 - size[1]) > OVERHANG:
            return f"has {what} at {(x1, y1, x2, y2)}, outside the picture ({size[0]}x{size[1]} px)"
    return None


def _known_size(image: Image) -> tuple[int, int] | None:
    """The size, where it is known without opening a file."""
    source = image.source
    return source.size() if isinstance(source, ArrayImage) else getattr(source, "annotated_size", None)


def _check_name(dataset: str, name: str) -> None:
    try:
        fits = isinstance(name, str) and cleaned(name) == name
        what = "has white space at its ends, or characters that are not composed (NFC)"
    except ValueError as error:
        fits, what = False, str(error)
    if not fits:
        raise InputError(f"{dataset}: the name {name!r} {what}; use one line of text")


def _refuse_fractions(images: Sequence[Image], name: str) -> None:
    highest = max((max(box) for image in images for _, box in boxes_of(image)), default=None)
    if highest is not None and highest <= 1:
        raise InputError(
            f"{name}: all boxes lie in 0 to 1, as fractions of the image do; multiply them by its width "
            "and height"
        )
