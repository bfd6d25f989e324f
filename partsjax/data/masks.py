"""Pixel masks: the tight box of one, and the packed window `schema.Part` keeps."""

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:  # which itself packs masks
    from partsjax.data.schema import Part

PixelBox = tuple[int, int, int, int]


def tight_box(mask: np.ndarray) -> PixelBox | None:
    """The smallest half-open box (x1, y1, x2, y2), in pixels, round a mask bool [H, W]; None if empty."""
    rows = np.flatnonzero(mask.any(axis=1))
    if not rows.size:
        return None
    columns = np.flatnonzero(mask[rows[0] : rows[-1] + 1].any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def pack(mask: np.ndarray, box: PixelBox) -> bytes:
    """The window `box` of a mask bool [H, W], as `schema.Part.mask` holds it (one bit a pixel, by rows)."""
    x1, y1, x2, y2 = box
    return np.packbits(mask[y1:y2, x1:x2]).tobytes()


def union_of_parts(name: str, parts: "Sequence[Part]") -> "Part":
    """One part called `name` that covers the pixels of `parts` (same image, integral boxes, at least one).

    Its box is the union of their boxes, which is tight where theirs are.
    """
    if len(parts) == 1:
        return dataclasses.replace(parts[0], name=name)
    x1, y1 = (int(min(part.box[i] for part in parts)) for i in (0, 1))
    x2, y2 = (int(max(part.box[i] for part in parts)) for i in (2, 3))
    covered = np.zeros((y2 - y1, x2 - x1), bool)
    for part in parts:
        left, top, right, bottom = (int(v) for v in part.box)
        covered[top - y1 : bottom - y1, left - x1 : right - x1] |= part.pixels()
    mask = np.packbits(covered).tobytes()
    return dataclasses.replace(parts[0], name=name, box=(x1, y1, x2, y2), mask=mask)
