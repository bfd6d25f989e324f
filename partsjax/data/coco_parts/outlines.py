"""Where an annotation is: its box as written, and the pixels of its segmentation where it has one."""

import collections
import dataclasses
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from partsjax.data.checks import OVERHANG
from partsjax.data.coco_parts.segmentation import Segmentation, parse
from partsjax.data.coco_parts.tables import CocoAnnotation, CocoFile, ImageEntry
from partsjax.data.coco_parts.values import absent, degrees
from partsjax.data.faults import Faults, Wrong
from partsjax.data.overlap import box_iou, intersection
from partsjax.data.schema import Box, Part, pixel_window

DISAGREE = 0.5
"""IoU of bbox and segmentation under which a note says that they differ (our choice)."""


@dataclasses.dataclass(frozen=True)
class Outline:
    """The place of one annotation.

    Attributes:
      annotation: whose.
      written: x1, y1, x2, y2 as the file has them, in what the file takes for pixels.
      segmentation: its pixels, where the file has them.
    """

    annotation: CocoAnnotation
    written: Box
    segmentation: Segmentation | None

    def pieces(self) -> list["Outline"]:
        """One for each of its disjoint polygons, with the polygon's box; itself where they are one."""
        pieces = self.segmentation.pieces() if self.segmentation else ()
        if len(pieces) < 2:
            return [self]
        return [Outline(self.annotation, piece.hull, piece) for piece in pieces]

    def part(self, name: str, box: Box) -> Part:
        """It as an instance of a part, in the box that `inside` gave it."""
        if self.segmentation is None:
            return Part(name, box)
        pixels = self.segmentation.pixels(pixel_window(box))
        return Part(name, box, np.packbits(pixels).tobytes() if pixels.any() else None)


def outlines(
    file: CocoFile, annotations: Iterable[CocoAnnotation], faults: Faults, counted: collections.Counter
) -> Iterator[Outline]:
    """The outlines of those annotations that have a sound one; what is wrong with others goes into `faults`.

    `bbox` (x, y, width, height) goes before `segmentation`, whose smallest box stands in where there is none.
    """
    for annotation in annotations:
        try:
            yield _outline(annotation, file.images[annotation.image], counted)
        except Wrong as wrong:
            faults.add(file.path, annotation.id, str(wrong), wrong.fix)


def _outline(annotation: CocoAnnotation, image: ImageEntry, counted: collections.Counter) -> Outline:
    raw = annotation.raw
    _refuse_rotation(raw)
    bbox, segmentation, unread = raw.get("bbox"), None, ""
    try:
        segmentation = parse(raw.get("segmentation"), image.width, image.height)
    except ValueError as error:
        unread = f" and a segmentation of which {error}"
    if absent(bbox) or bbox == []:
        if segmentation is None:
            fix = "add four numbers: x, y, width, height, or a segmentation"
            raise Wrong(f"has no `bbox` in `annotations`{unread}", fix)
        return Outline(annotation, segmentation.hull, segmentation)
    written = _corners(bbox)
    if unread:
        counted["segmentations that cannot be read: their boxes are taken"] += 1
    if segmentation is not None:
        if intersection(written, segmentation.hull) <= 0:
            raise Wrong("has a segmentation outside its bbox", "correct one of the two")
        if box_iou(written, segmentation.hull) < DISAGREE:
            counted["annotations whose bbox and segmentation differ (IoU under 0.5): bbox is taken"] += 1
    return Outline(annotation, written, segmentation)


def inside(outline: Outline, image: ImageEntry, file: CocoFile, faults: Faults) -> Box | None:
    """The box cut to its image, half-open `xyxy`; None, with a fault, where it reaches too far out."""
    x1, y1, x2, y2 = outline.written
    box = max(x1, 0.0), max(y1, 0.0), min(x2, float(image.width)), min(y2, float(image.height))
    beyond = max(-x1, -y1, x2 - image.width, y2 - image.height)
    written = outline.annotation.raw.get("bbox") or [x1, y1, x2 - x1, y2 - y1]
    if beyond > OVERHANG or box[0] >= box[2] or box[1] >= box[3]:
        faults.add(
            file.path,
            outline.annotation.id,
            f"has bbox {written} outside its image {image.file_name} ({image.width}x{image.height} px)",
            "bbox is x, y, width, height in the image's pixels",
        )
        return None
    if box[2] <= 1 and box[3] <= 1 and not all(float(v).is_integer() for v in box):
        faults.add(
            file.path,
            outline.annotation.id,
            f"has bbox {written}, which lies within the first pixel of {image.file_name}",
            "write pixels, not fractions of the image",
        )
        return None
    return box


def _refuse_rotation(raw: Mapping[str, Any]) -> None:
    """CVAT writes attributes.rotation, Label Studio rotation, in degrees."""
    attributes = raw.get("attributes")
    for holder in (raw, attributes if isinstance(attributes, dict) else {}):
        if "rotation" not in holder:
            continue
        try:
            rotation = degrees(holder["rotation"])
        except ValueError:
            raise Wrong("has a rotation that is not a number", "write degrees, or remove it") from None
        if rotation:
            raise Wrong(
                f"is rotated by {rotation:g} degrees, and bbox is the box before that",
                "export the boxes around the rotated ones, or polygons without rotation",
            )


def _corners(bbox: Any) -> Box:
    """x1, y1, x2, y2 of a `bbox`."""
    if not (isinstance(bbox, list) and len(bbox) == 4 and all(type(v) in (int, float) for v in bbox)):
        raise Wrong(f"has bbox {bbox!r:.80}", "write four numbers: x, y, width, height")
    x, y, width, height = map(float, bbox)
    if not all(map(math.isfinite, (x, y, width, height))) or width <= 0 or height <= 0:
        raise Wrong(f"has bbox {bbox}, without a width and height", "correct or remove it")
    return x, y, x + width, y + height
