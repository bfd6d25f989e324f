"""Annotations become objects, each with its parts."""

import collections
from collections.abc import Iterator

from partsjax.data.coco_parts.categories import Category, Meanings
from partsjax.data.coco_parts.outlines import Outline, inside, outlines
from partsjax.data.coco_parts.tables import CocoAnnotation, CocoFile
from partsjax.data.coco_parts.units import check_units
from partsjax.data.coco_parts.values import Id, absent, identifier
from partsjax.data.faults import Faults
from partsjax.data.overlap import box_area, hull, intersection
from partsjax.data.schema import Box, Object, Part


class FileObjects:
    """The objects of some classes in one file.

    Args:
      kinds: what the file's categories are.
      chosen: object classes; annotations of others are not looked at.
      split_polygons: each disjoint polygon of a part is an instance.
      faults, counted: get what is wrong, and what is left out or assumed and how often.
    """

    def __init__(
        self,
        file: CocoFile,
        kinds: Meanings,
        chosen: set[str],
        split_polygons: bool,
        faults: Faults,
        counted: collections.Counter,
    ):
        self._file, self._kinds, self._chosen = file, kinds, chosen
        self._split, self._faults, self._counted = split_polygons, faults, counted
        self._boxes: dict[Id, Box] = {}
        self._parts: dict[Id, list[Part]] = {}
        # By (image, class): its objects, those left out, and parts whose image has neither.
        self._there: dict[tuple[Id, str], list[Id]] = collections.defaultdict(list)
        self._lost: dict[tuple[Id, str], set[Id]] = collections.defaultdict(set)
        self._crowds: set[Id] = set()
        self._unowned: dict[tuple[Id, str], list[Part]] = collections.defaultdict(list)

    def by_image(self) -> dict[Id, tuple[Object, ...]]:
        """Image id -> its objects; images without any are left out."""
        kept = list(self._kept())
        found = list(outlines(self._file, kept, self._faults, self._counted))
        check_units(self._file, found)
        parts = [outline for outline in found if self._kind(outline.annotation).part is not None]
        for outline in found:
            if self._kind(outline.annotation).part is None:
                self._add_object(outline)
        for annotation in kept:
            if self._kind(annotation).part is None and annotation.id not in self._boxes:
                self._lost[self._place(annotation)].add(annotation.id)
        for outline in parts:
            for instance in self._instances(outline):
                self._add_part(instance)
        objects: dict[Id, list[Object]] = {image: [] for image in self._file.images}
        for (image, object_class), ids in self._there.items():
            objects[image] += [Object(object_class, self._boxes[i], tuple(self._parts[i])) for i in ids]
        for (image, object_class), those in self._unowned.items():
            what = f"{object_class} objects without a box: taken to be the union of their parts' boxes"
            self._counted[what] += 1
            objects[image].append(Object(object_class, hull(part.box for part in those), tuple(those)))
        return {image: tuple(those) for image, those in objects.items() if those}

    def _kind(self, annotation: CocoAnnotation) -> Category:
        return self._kinds[annotation.category]

    def _place(self, annotation: CocoAnnotation) -> tuple[Id, str]:
        return annotation.image, self._kind(annotation).object_class

    def _kept(self) -> Iterator[CocoAnnotation]:
        """The annotations of the chosen classes that are not crowds."""
        for annotation in self._file.annotations.values():
            kind = self._kinds.get(annotation.category)
            if kind is None or kind.object_class not in self._chosen:
                continue
            owner = annotation.raw.get("obj_ann_id")
            if annotation.crowd and kind.part is not None:
                self._counted["crowds of parts (iscrowd) left out"] += 1
            elif annotation.crowd:
                self._counted["crowds (iscrowd) left out"] += 1
                self._lost[self._place(annotation)].add(annotation.id)
                self._crowds.add(annotation.id)
            elif kind.part is None and not absent(owner) and owner != annotation.id:
                what = "is an object with another's obj_ann_id"
                self._faults.add(self._file.path, annotation.id, what, "make it its own id")
                self._lost[self._place(annotation)].add(annotation.id)
            else:
                yield annotation

    def _instances(self, outline: Outline) -> list[Outline]:
        pieces = outline.pieces()
        if len(pieces) > 1 and self._split:
            what = (
                "annotations of disjoint polygons are split (--split_polygons): each polygon is an instance"
            )
            self._counted[what] += 1
            return pieces
        if len(pieces) > 1:
            what = "annotations hold disjoint polygons under one box; --split_polygons makes each an instance"
            self._counted[what] += 1
        return [outline]

    def _add_object(self, outline: Outline) -> None:
        annotation = outline.annotation
        box = inside(outline, self._file.images[annotation.image], self._file, self._faults)
        if box is not None:
            self._boxes[annotation.id], self._parts[annotation.id] = box, []
            self._there[self._place(annotation)].append(annotation.id)

    def _add_part(self, outline: Outline) -> None:
        annotation = outline.annotation
        box = inside(outline, self._file.images[annotation.image], self._file, self._faults)
        if box is None:
            return
        part, place = outline.part(self._kind(annotation).part, box), self._place(annotation)
        named = annotation.raw.get("obj_ann_id")
        owner = self._nearest(place, box) if absent(named) else self._named(annotation, named)
        if owner in self._boxes:
            if intersection(box, self._boxes[owner]) > 0:
                self._parts[owner].append(part)
                return
            what = f"lies outside the {place[1]} that its obj_ann_id names, annotation {owner}"
            fix = "a part overlaps its object: correct one of the two"
            self._faults.add(self._file.path, annotation.id, what, fix)
        elif owner in self._lost[place]:
            kind = "crowds (iscrowd)" if owner in self._crowds else "objects that are"
            self._counted[f"parts of {kind} left out"] += 1
        elif absent(named) and not self._there[place]:
            self._unowned[place].append(part)
        elif absent(named):
            what = f"lies outside every {place[1]} of its image"
            self._faults.add(self._file.path, annotation.id, what, "give it an obj_ann_id or remove it")

    def _nearest(self, place: tuple[Id, str], box: Box) -> Id | None:
        """The object that holds most of a part, the smallest of several; else one left out; else None."""
        # The part's area is common to all, so the largest overlap is the largest share.
        best = min(
            self._there[place],
            key=lambda i: (-intersection(box, self._boxes[i]), box_area(self._boxes[i])),
            default=None,
        )
        if best is not None and intersection(box, self._boxes[best]) > 0:
            return best
        return next(iter(self._lost[place]), None)

    def _named(self, annotation: CocoAnnotation, named) -> Id | None:
        """The object that an obj_ann_id names; None, with a fault, where that is none of the part's class."""
        try:
            owner = identifier(named)
        except ValueError:
            owner = None
        other = self._file.annotations.get(owner)
        if other is None or other.image != annotation.image:
            what = f"has obj_ann_id {named!r:.40}, which is not an annotation of its image"
        elif self._kinds.get(other.category) != Category(self._kind(annotation).object_class, None):
            what = f"has obj_ann_id {named!r:.40}, which is not a {self._kind(annotation).object_class}"
        else:
            return owner
        self._faults.add(self._file.path, annotation.id, what, "name the object it is a part of")
        return None
