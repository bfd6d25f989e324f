"""COCO JSON with part categories (PACO's convention), for any objects and parts one has boxes of."""

import collections
import dataclasses
import os
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from partsjax.data.class_selection import choose_classes
from partsjax.data.coco_json import CocoFile, load
from partsjax.data.images import FileImage
from partsjax.data.reader_options import DEFAULTS, ReaderOptions
from partsjax.data.schema import SPLITS, Box, Dataset, Image, Object, Part
from partsjax.errors import BadInput

_LAYOUT = "give the folder that holds instances_train.json, instances_val.json and JPEGImages/"
_IMAGE_FOLDERS = ("JPEGImages", "images")


def read(
    data_dir: str | os.PathLike | None,
    classes: Iterable[str] | None = None,
    options: ReaderOptions = DEFAULTS,
    *,
    skip_bad: bool = False,
) -> Dataset:
    """Reads `instances_{train,val}.json`, and the photographs' places in `JPEGImages/` or `images/`.

    A category is an object class (supercategory OBJECT) or a part (supercategory PART, named
    `object:part`). A part's `obj_ann_id` is the annotation of its object. A part without one goes to
    the object of its class and image whose box holds the largest share of the part's area, the
    smallest such box if several do (our choice). Where an image has parts of a class but no object box
    of it, they are taken for one object whose box is the union of theirs. Crowds (`iscrowd`) are left
    out with their parts. The last two are counted in the notes. Segmentations are not read.

    Args:
      data_dir: the folder.
      classes: names of object classes; None for all that have part boxes.

    Returns:
      The images that show an object of `classes`, in the files' order, with the objects of `classes`
      alone. An image's id is its file name without the ending. Parts are in the order of their
      category ids; those without a single box are not listed. No masks. No photograph is touched: one
      that is missing, or not of the size the file gives, is reported when read.

    Raises:
      BadInput: whatever is wrong with the folder, the files, or the annotations of `classes`.
    """
    if data_dir is None:
        raise BadInput(f"coco_parts: no data_dir is given; {_LAYOUT}")
    root = Path(data_dir).expanduser()
    if not root.is_dir():
        raise BadInput(f"{root}: no such folder; {_LAYOUT}")
    files = {split: load(root / f"instances_{split}.json") for split in SPLITS}
    folder = next((root / name for name in _IMAGE_FOLDERS if (root / name).is_dir()), None)
    if folder is None:
        raise BadInput(f"{root}: has neither JPEGImages/ nor images/; {_LAYOUT}")
    parts = _annotated_parts(files.values())
    chosen = choose_classes(classes, parts, parts, os.fspath(root))
    counted = collections.Counter()
    images = []
    split_of = {}
    for split, file in files.items():
        for name, objects in _objects(file, set(chosen), counted).items():
            image = file.images[name]
            image_id = os.fspath(PurePosixPath(image["file_name"]).with_suffix(""))
            if image_id in split_of:
                raise BadInput(
                    f"{file.path}: image {image['file_name']} is there twice (before in "
                    f"instances_{split_of[image_id]}.json); keep each image in one place"
                )
            split_of[image_id] = split
            source = FileImage(os.fspath(folder / image["file_name"]), (image["width"], image["height"]))
            images.append(Image(image_id, split, source, objects))
    notes = tuple(f"{count} {what}" for what, count in sorted(counted.items()))
    return Dataset("coco_parts", tuple(images), {name: parts[name] for name in chosen}, notes)


def _annotated_parts(files: Iterable[CocoFile]) -> dict[str, tuple[str, ...]]:
    """Object class -> its parts that have a box, by category id; classes in the order of theirs."""
    found = collections.defaultdict(dict)
    for file in files:
        used = {annotation["category_id"] for annotation in file.annotations.values()}
        for category_id, category in file.categories.items():
            parts = found[category.object_class]
            if category.part is not None and category_id in used:
                parts[category.part] = None
    return {name: tuple(parts) for name, parts in found.items()}


@dataclasses.dataclass
class _Sorted:
    """The annotations of the chosen classes in one file."""

    boxes: dict[Any, Box]
    crowds: set[Any]
    parts: list[Mapping[str, Any]]
    by_image: dict[tuple[Any, str], list[Any]]
    """(image id, object class) -> ids of its objects that are no crowds."""


def _sort(file: CocoFile, chosen: set[str]) -> _Sorted:
    found = _Sorted({}, set(), [], collections.defaultdict(list))
    for name, annotation in file.annotations.items():
        category = file.categories[annotation["category_id"]]
        if category.object_class not in chosen:
            continue
        if category.part is not None:
            found.parts.append(annotation)
            continue
        if annotation.get("obj_ann_id") not in (name, None):
            raise file.fault(name, "is an object with another's obj_ann_id; make it its own id")
        if annotation.get("iscrowd"):
            found.crowds.add(name)
        else:
            found.boxes[name] = file.box(annotation)
            found.by_image[annotation["image_id"], category.object_class].append(name)
    return found


def _objects(file: CocoFile, chosen: set[str], counted: collections.Counter) -> dict[Any, tuple[Object, ...]]:
    """Image id -> its objects of the chosen classes; images without any are left out."""
    found = _sort(file, chosen)
    owned = {name: [] for name in found.boxes}
    unowned = collections.defaultdict(list)
    for annotation in found.parts:
        category = file.categories[annotation["category_id"]]
        part = Part(category.part, file.box(annotation))
        owner = _owner(file, annotation, part.box, found)
        if owner is None:
            unowned[annotation["image_id"], category.object_class].append(part)
        elif owner in found.crowds:
            counted["parts of crowds (iscrowd) left out"] += 1
        else:
            owned[owner].append(part)
    if found.crowds:
        counted["crowds (iscrowd) left out"] += len(found.crowds)
    objects = {image: [] for image in file.images}
    for (image, object_class), names in found.by_image.items():
        objects[image] += [Object(object_class, found.boxes[name], tuple(owned[name])) for name in names]
    for (image, object_class), parts in unowned.items():
        counted[f"{object_class} objects without a box: taken to be the union of their parts' boxes"] += 1
        objects[image].append(Object(object_class, _hull([part.box for part in parts]), tuple(parts)))
    return {image: tuple(those) for image, those in objects.items() if those}


def _owner(file: CocoFile, annotation: Mapping[str, Any], box: Box, found: _Sorted) -> Any:
    """The id of the object a part belongs to; None if its image has no object box of its class."""
    name, image = annotation["id"], annotation["image_id"]
    object_class = file.categories[annotation["category_id"]].object_class
    owner = annotation.get("obj_ann_id")
    if owner is not None:
        other = file.annotations.get(owner) if isinstance(owner, int | str) else None
        if other is None or other["image_id"] != image:
            raise file.fault(name, f"has obj_ann_id {owner!r}, which is no annotation of its image; mend it")
        category = file.categories[other["category_id"]]
        if category.part is not None or category.object_class != object_class:
            raise file.fault(name, f"has obj_ann_id {owner!r}, which is no {object_class}; mend it")
        return owner
    candidates = found.by_image.get((image, object_class), ())
    if not candidates:
        return None
    # The part's area is common to all, so the largest overlap is the largest share.
    best = min(candidates, key=lambda i: (-_overlap(box, found.boxes[i]), _area(found.boxes[i])))
    if _overlap(box, found.boxes[best]) <= 0:
        raise file.fault(
            name, f"lies outside every {object_class} of its image; give it an obj_ann_id or remove it"
        )
    return best


def _area(box: Box) -> float:
    return max(box[2] - box[0], 0.0) * max(box[3] - box[1], 0.0)


def _overlap(a: Box, b: Box) -> float:
    corner = max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])
    return _area(corner)


def _hull(boxes: list[Box]) -> Box:
    left, top, right, bottom = zip(*boxes, strict=True)
    return min(left), min(top), max(right), max(bottom)
