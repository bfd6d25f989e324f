"""Areas and overlaps of two boxes, `xyxy`, as plain numbers."""

from collections.abc import Iterable

from partsjax.data.schema import Box


def box_area(box: Box) -> float:
    """0 where it is empty or inverted."""
    return max(box[2] - box[0], 0.0) * max(box[3] - box[1], 0.0)


def intersection(a: Box, b: Box) -> float:
    """The area common to both."""
    return box_area((max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])))


def box_iou(a: Box, b: Box) -> float:
    """Intersection over union, in [0, 1]; 0 where both are empty."""
    common = intersection(a, b)
    return common / (box_area(a) + box_area(b) - common) if common else 0.0


def hull(boxes: Iterable[Box]) -> Box:
    """The smallest box around at least one."""
    left, top, right, bottom = zip(*boxes, strict=True)
    return min(left), min(top), max(right), max(bottom)
