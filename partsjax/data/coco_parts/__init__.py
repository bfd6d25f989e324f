"""COCO JSON of parts: by PACO's convention, or any file of one object class, for your own photographs."""

import collections
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated

from partsjax.data.class_selection import choose_classes, missing_in_a_split, of_classes
from partsjax.data.coco_parts.categories import Category, Meanings, meanings
from partsjax.data.coco_parts.layout import FolderLayout, find_layout
from partsjax.data.coco_parts.objects import FileObjects
from partsjax.data.coco_parts.photographs import PhotographFolder, image_ids
from partsjax.data.coco_parts.tables import CocoFile, load
from partsjax.data.coco_parts.values import Id
from partsjax.data.dataset import Dataset
from partsjax.data.doubled import counted_once
from partsjax.data.faults import Faults
from partsjax.data.reader_options import Flag
from partsjax.data.schema import SPLITS, Image, Object
from partsjax.data.sources import FileImage
from partsjax.errors import InputError

_OBJECT_CLASS = Flag(
    "coco_parts, for files without object categories: the one class, as car, of which every category is a "
    "part. An image's parts together are its object, unless a category of that name has boxes of it."
)
_VAL_FRACTION = Flag(
    "coco_parts, for one annotations.json without splits: the share of images kept unseen, drawn by their "
    "names, so that it is the same in every run. Default: 0.5."
)
_SPLIT_POLYGONS = Flag(
    "coco_parts: where one annotation holds several disjoint polygons, as both wheels of a car, make each an "
    "instance with a box of its own."
)


def read_coco_parts(
    data_dir: str | os.PathLike | None = None,
    classes: Iterable[str] | None = None,
    *,
    object_class: Annotated[str | None, _OBJECT_CLASS] = None,
    val_fraction: Annotated[float | None, _VAL_FRACTION] = None,
    split_polygons: Annotated[bool | None, _SPLIT_POLYGONS] = None,
    skip_bad: bool = False,
) -> Dataset:
    """Reads a folder's annotations, and the photographs' places in `JPEGImages/` or `images/`.

    Annotations are in `instances_train.json` and `instances_val.json`, or in one `annotations.json`, whose
    images are parted by a hash of their ids. A category is an object class (supercategory OBJECT) or a
    part (supercategory PART, named `object:part`); with `object_class` every category used is a
    part of that class. A part's `obj_ann_id` is the annotation of its object. A part without one goes to
    the object of its class and image whose box holds the largest share of the part's area, the
    smallest such box if several do (our choice). Where an image has parts of a class but no object box
    of it, they are taken for one object whose box is the union of theirs. A `segmentation` gives a part's
    mask, and the box where there is no `bbox`. Crowds (`iscrowd`) are left out with their parts, and what is
    marked twice counts once. The notes say what was assumed and left out, and how often.

    Args:
      data_dir: the folder.
      classes: names of object classes; None for all that have part boxes.
      object_class: the one class that a file without object categories is of.
      val_fraction: without split files, the share of images that are val, in (0, 1); None: 0.5.
      split_polygons: each disjoint polygon of an annotation is an instance by itself.
      skip_bad: leave out images and annotations whose entries are wrong, with a note, instead of raising.

    Returns:
      The images that show an object of `classes`, by split and in the files' order, with the objects of
      `classes` alone. An image's id is its file name without the ending, if no other image has the rest
      of it too. Parts are in the order of their category ids; those without a single box are not listed.
      No photograph is touched: one that is missing, or not of the size the file gives, is reported when
      read.

    Raises:
      InputError: whatever is wrong with the folder, the files, or the annotations of `classes`; faults of one
        kind, of both files, are reported together.
    """
    layout = find_layout(data_dir, val_fraction)
    faults, notes, counted = Faults(skip_bad), [], collections.Counter()
    files = [load(path, faults, layout.inner_folder(path)) for path in layout.files]
    kinds = meanings(files, object_class, notes)
    known = _annotated_parts(files, kinds)
    try:
        chosen = choose_classes(classes, known, known, os.fspath(layout.root))
    except InputError:
        faults.settle()  # a class may have no parts for the faults of their annotations
        raise
    if split_polygons:
        _require_segmentations(files)
    objects = [
        FileObjects(file, kind, set(chosen), bool(split_polygons), faults, counted).by_image()
        for file, kind in zip(files, kinds, strict=True)
    ]
    images, doubled = counted_once(_images(layout, files, objects, faults))
    faults.settle()
    parts = _with_boxes(known, chosen, images)
    chosen = choose_classes(classes, chosen, parts, os.fspath(layout.root))
    images = of_classes(images, chosen)
    notes += [f"{count} {what}" for what, count in sorted(counted.items())] + doubled
    if not layout.by_split:
        count = sum(image.split == "val" for image in images)
        notes.append(
            f"{layout.files[0].name} has no splits: {count} of {len(images)} images are val, by a hash of "
            f"their names (--val_fraction={layout.val_fraction:g})"
        )
    notes += missing_in_a_split(images, chosen, layout.place)
    parts = {name: parts[name] for name in chosen}
    return Dataset(images, parts, "coco_parts", (*notes, *faults.notes()))


def _annotated_parts(files: Sequence[CocoFile], kinds: Sequence[Meanings]) -> dict[str, tuple[str, ...]]:
    """Object class -> its parts that have an annotation, by category id; classes in the order of theirs."""
    found: dict[str, dict[str, None]] = collections.defaultdict(dict)
    for file, kind in zip(files, kinds, strict=True):
        used = file.used
        for category_id, category in kind.items():
            parts = found[category.object_class]
            if category.part is not None and category_id in used:
                parts[category.part] = None
    return {name: tuple(parts) for name, parts in found.items()}


def _with_boxes(
    known: Mapping[str, Sequence[str]], chosen: Iterable[str], images: Iterable[Image]
) -> dict[str, tuple[str, ...]]:
    """The parts of the chosen classes of which some box is left."""
    seen = {Category(o.object_class, p.name) for i in images for o in i.objects for p in o.parts}
    return {name: tuple(p for p in known[name] if Category(name, p) in seen) for name in chosen}


def _require_segmentations(files: Iterable[CocoFile]) -> None:
    annotations = (annotation for file in files for annotation in file.annotations.values())
    if not any(annotation.raw.get("segmentation") for annotation in annotations):
        raise InputError("--split_polygons: no annotation has a segmentation; leave it out")


def _images(
    layout: FolderLayout,
    files: Sequence[CocoFile],
    objects: Sequence[Mapping[Id, tuple[Object, ...]]],
    faults: Faults,
) -> list[Image]:
    """By split, in the files' order."""
    images, seen = [], {}
    ids = image_ids(entry.file_name for file in files for entry in file.images.values())
    folder = PhotographFolder(layout.photographs)
    for file, found in zip(files, objects, strict=True):
        for name, those in found.items():
            entry = file.images[name]
            image_id = ids[entry.file_name]
            if image_id in seen:
                what, fix = f"appears twice (before in {seen[image_id]})", "keep each image in one place"
                faults.add(file.path, entry.file_name, what, fix, of="image", can_skip=False)
            seen.setdefault(image_id, file.path.name)
            source = FileImage(folder.path(entry.file_name), (entry.width, entry.height))
            images.append(Image(image_id, layout.split(file.path, image_id), source, those))
    return sorted(images, key=lambda image: SPLITS.index(image.split))  # stable
