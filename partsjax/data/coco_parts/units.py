"""Boxes that were not written as x, y, width, height in pixels, where that is certain for a whole file."""

from collections.abc import Callable, Iterable, Sequence

from partsjax.data.checks import OVERHANG
from partsjax.data.coco_parts.outlines import Outline
from partsjax.data.coco_parts.tables import CocoFile, ImageEntry
from partsjax.data.coco_parts.values import number
from partsjax.errors import InputError

SURE = 20
"""This many distinct boxes that agree are no accident (our choice)."""


def check_units(file: CocoFile, outlines: Sequence[Outline]) -> None:
    """Refuses a file whose boxes are fractions or percentages of the image, or hold two corners.

    Raises:
      InputError: with what the boxes were taken for and how to convert them.
    """
    if not outlines:
        return
    if _all_within(outlines, 1) and not _images_within(file, outlines, 1):
        raise _refused(
            file, outlines, "fractions of the image, in 0 to 1", "multiply them by width and height"
        )
    sure = len({outline.written for outline in outlines}) >= SURE
    if _all_within(outlines, 100):
        # Objects in the same small corner of every large picture are not to be believed.
        small = sure and not _images_within(file, outlines, 200)
        if small or _areas_say(file, outlines, _area_of_percentages):
            fix = "multiply them by width / 100 and height / 100"
            raise _refused(file, outlines, "percentages of the image, as Label Studio writes them", fix)
    certain = sure or _mostly_beyond(file, outlines) or _areas_say(file, outlines, _area_of_corners)
    if certain and _are_corners(file, outlines):
        fix = "write x, y, width, height: [x1, y1, x2 - x1, y2 - y1]"
        raise _refused(file, outlines, "two corners, x1, y1, x2, y2", fix)


def _refused(file: CocoFile, outlines: Sequence[Outline], taken_for: str, fix: str) -> InputError:
    first = outlines[0].annotation
    return InputError(
        f"{file.path}: all {len(outlines)} boxes look like {taken_for} (first: annotation {first.id}, bbox "
        f"{first.raw.get('bbox')}); bbox counts pixels: {fix}"
    )


def _all_within(outlines: Iterable[Outline], side: float) -> bool:
    rounding = 0.005 * side
    return all(
        max(outline.written) <= side + rounding and min(outline.written) >= -rounding for outline in outlines
    )


def _images_within(file: CocoFile, outlines: Iterable[Outline], side: float) -> bool:
    """Whether any of their images has a side no longer than this."""
    images = (file.images[outline.annotation.image] for outline in outlines)
    return any(min(image.width, image.height) <= side for image in images)


def _mostly_beyond(file: CocoFile, outlines: Sequence[Outline]) -> bool:
    """Whether most boxes reach out of their images."""

    def beyond(outline: Outline) -> bool:
        image = file.images[outline.annotation.image]
        return outline.written[2] > image.width + OVERHANG or outline.written[3] > image.height + OVERHANG

    return sum(map(beyond, outlines)) > len(outlines) / 2


def _are_corners(file: CocoFile, outlines: Sequence[Outline]) -> bool:
    """Whether every third and fourth number is the larger, as right and bottom are, and no area objects.

    As widths and heights, such numbers would put every box into the image's upper left; a file's own `area`
    can say that they are.
    """
    starts = False
    for outline in outlines:
        image = file.images[outline.annotation.image]
        x, y, right, bottom = _as_written(outline)
        if outline.segmentation or right <= x or bottom <= y:
            return False
        if right > image.width + OVERHANG or bottom > image.height + OVERHANG:
            return False
        if _says(outline, right * bottom):
            return False
        starts |= x > OVERHANG and y > OVERHANG
    return starts


def _as_written(outline: Outline) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = outline.written
    return x1, y1, x2 - x1, y2 - y1


def _area_of_percentages(outline: Outline, image: ImageEntry) -> float:
    _, _, width, height = _as_written(outline)
    return width * height * image.width * image.height / 100**2


def _area_of_corners(outline: Outline, image: ImageEntry) -> float:
    x1, y1, x2, y2 = _as_written(outline)
    return (x2 - x1) * (y2 - y1)


def _areas_say(
    file: CocoFile, outlines: Sequence[Outline], area: Callable[[Outline, ImageEntry], float]
) -> bool:
    """Whether the annotations' own areas are those of another reading, and none that of the plain one."""
    for outline in outlines:
        _, _, width, height = _as_written(outline)
        other = area(outline, file.images[outline.annotation.image])
        if other <= 0 or not _says(outline, other) or _says(outline, width * height):
            return False
    return True


def _says(outline: Outline, area: float) -> bool:
    """Whether the annotation's own `area` is this one."""
    try:
        own = number(outline.annotation.raw.get("area"))
    except ValueError:
        return False
    return abs(own - area) <= 0.01 * area
