"""A dataset in memory: what every reader gives, and what can be made by hand."""

import collections
import dataclasses
import html
from collections.abc import Mapping

from partsjax.data.checks import check
from partsjax.data.schema import SPLITS, Image


@dataclasses.dataclass(frozen=True, repr=False)
class Dataset:
    """Images with objects and their parts; pixels stay where they are until read.

    Attributes:
      images: all images of both splits, in a fixed order.
      parts: object class -> names of its parts, in the order tables show them. Only classes that have at
        least one part are listed. If not given, those of the images, in order of first sight.
      name: as on the command line.
      notes: what the user should know (assumptions made, annotations dropped), one line each.

    Raises:
      InputError: something about the images that would make figures wrong; see `checks.check`.
    """

    images: tuple[Image, ...]
    parts: Mapping[str, tuple[str, ...]] | None = None
    name: str = "in memory"
    notes: tuple[str, ...] = ()

    def __post_init__(self):
        images = tuple(self.images)
        parts = _parts_seen(images) if self.parts is None else self.parts
        parts = {object_class: tuple(names) for object_class, names in parts.items()}
        for field, value in (("images", images), ("parts", parts), ("notes", tuple(self.notes))):
            object.__setattr__(self, field, value)
        check(images, parts, self.name)

    def __repr__(self) -> str:
        counts = "; ".join(_counts(self.images, split) for split in SPLITS)
        return f"<Dataset {self.name!r}: {', '.join(self.parts)}; {counts}>"

    def _repr_html_(self) -> str:
        """A table: objects of each class and instances of each part, by split."""
        counted: collections.Counter = collections.Counter()
        for image in self.images:
            for one in image.objects:
                counted[one.object_class, "", image.split] += 1
                counted.update((one.object_class, part.name, image.split) for part in one.parts)
        cells = [_cells("th", "class", "part", *SPLITS)]
        for name, parts in self.parts.items():
            cells.append(_cells("th", name, "(objects)", *(counted[name, "", split] for split in SPLITS)))
            for part in parts:
                cells.append(_cells("td", "", part, *(counted[name, part, split] for split in SPLITS)))
        caption = html.escape(f"{self.name}: {'; '.join(_counts(self.images, split) for split in SPLITS)}")
        return f"<table><caption>{caption}</caption><tr>{'</tr><tr>'.join(cells)}</tr></table>"


def _cells(tag: str, *row) -> str:
    return "".join(f"<{tag}>{html.escape(str(cell))}</{tag}>" for cell in row)


def _counts(images: tuple[Image, ...], split: str) -> str:
    objects = [image.objects for image in images if image.split == split]
    parts = sum(len(one.parts) for those in objects for one in those)
    return f"{split}: {len(objects)} images, {sum(map(len, objects))} objects, {parts} part boxes"


def _parts_seen(images: tuple[Image, ...]) -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for image in images:
        for one in image.objects:
            for part in one.parts:
                found.setdefault(one.object_class, {})[part.name] = None
    return {object_class: tuple(names) for object_class, names in found.items()}
