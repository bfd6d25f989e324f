"""One COCO JSON file as tables of images, categories and annotations that refer to each other."""

import dataclasses
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from partsjax.data.coco_parts.values import Id, flag, identifier, whole_number
from partsjax.data.contents import stand_in
from partsjax.data.faults import Faults
from partsjax.errors import InputError

_REQUIRED = {
    "images": ("id", "file_name", "width", "height"),
    "categories": ("id", "name"),
    "annotations": ("id", "image_id", "category_id"),
}
_ENTRY = {"images": "image", "categories": "category", "annotations": "annotation"}


@dataclasses.dataclass(frozen=True)
class ImageEntry:
    """An image: its file under the image folder, and the size in pixels that boxes count in."""

    id: Id
    file_name: str
    width: int
    height: int


@dataclasses.dataclass(frozen=True)
class CategoryEntry:
    """A category as the file spells it; `supercategory` is None where there is none."""

    id: Id
    name: Any
    supercategory: Any


@dataclasses.dataclass(frozen=True)
class CocoAnnotation:
    """An annotation of an image and a category that exist; `raw` holds what else the file says of it."""

    id: Id
    image: Id
    category: Id
    crowd: bool
    raw: Mapping[str, Any]


@dataclasses.dataclass(frozen=True)
class CocoFile:
    """The tables of one file.

    Attributes:
      path: the file, for error messages.
      images: by id, in the file's order.
      categories: by id, ascending.
      annotations: by id, in the file's order.
    """

    path: Path
    images: Mapping[Id, ImageEntry]
    categories: Mapping[Id, CategoryEntry]
    annotations: Mapping[Id, CocoAnnotation]

    @property
    def used(self) -> set[Id]:
        """The categories that have an annotation."""
        return {annotation.category for annotation in self.annotations.values()}


def load(path: str | os.PathLike, faults: Faults, folder: str = "") -> CocoFile:
    """Reads one file; what is wrong with single entries goes into `faults`, and they are left out.

    File names get `folder` before them. Checked are keys, ids, references, flags, sizes and file names; not
    boxes, nor what categories mean.

    Raises:
      InputError: missing or broken file, a table that is not there, or `categories` with ids of two types.
    """
    path = Path(path)
    document = _document(path)
    for name in _REQUIRED:
        if not isinstance(document.get(name), list):
            raise InputError(f"{path}: has no list `{name}`; a COCO file needs {', '.join(_REQUIRED)}")
    images, lost = {}, set()
    for entry, raw in _entries(document, "images", path, faults):
        image = _image(entry, raw, folder, path, faults)
        lost.add(entry) if image is None else images.setdefault(entry, image)
    categories = [
        CategoryEntry(entry, raw["name"], raw.get("supercategory"))
        for entry, raw in _entries(document, "categories", path, faults)
    ]
    try:
        categories.sort(key=lambda category: category.id)
    except TypeError as error:
        raise InputError(f"{path}: `categories` mixes numbers and strings as ids; use numbers") from error
    by_id = {category.id: category for category in categories}
    annotations = {}
    for entry, raw in _entries(document, "annotations", path, faults):
        if _reference(raw["image_id"]) in lost:
            continue  # the image is the fault
        annotation = _annotation(entry, raw, images, by_id, path, faults)
        if annotation is not None:
            annotations[entry] = annotation
    return CocoFile(path, images, by_id, annotations)


def _document(path: Path) -> Mapping[str, Any]:
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise InputError(f"{path}: not found; put it there") from error
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read ({error.strerror}); fix the path or its permissions"
        ) from error
    if what := stand_in(data[:1024]):
        raise InputError(f"{path}: not JSON but {what}")
    try:
        # Of bytes, json tells UTF-8 with a byte-order mark and UTF-16 by itself.
        document = json.loads(data)
    except json.JSONDecodeError as error:
        raise InputError(
            f"{path}: broken JSON at line {error.lineno}, column {error.colno} ({error.msg}); "
            "fix it or export it again"
        ) from error
    except (UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{path}: not a JSON text; export it again as UTF-8") from error
    if not isinstance(document, dict):
        raise InputError(f"{path}: holds no COCO document; it needs {', '.join(_REQUIRED)}")
    return document


def _entries(
    document: Mapping[str, Any], name: str, path: Path, faults: Faults
) -> Iterator[tuple[Id, Mapping[str, Any]]]:
    """(id, entry) of one list, without those that have no id of their own or lack a key."""
    required, seen, of = _REQUIRED[name], set(), _ENTRY[name]
    can_skip = name != "categories"
    for number, raw in enumerate(document[name]):
        place = f"{number} of `{name}`"
        if not isinstance(raw, dict):
            fix = f"write an object with {', '.join(required)}"
            faults.add(path, place, f"is {raw!r:.40}", fix, of="entry", can_skip=can_skip)
            continue
        missing = next((key for key in required if key not in raw), None)
        if missing is not None:
            of_it, called = ("entry", place) if "id" not in raw else (of, raw["id"])
            what = f"has no `{missing}` in `{name}`"
            faults.add(path, called, what, f"add `{missing}`", of=of_it, can_skip=can_skip)
            continue
        try:
            entry = identifier(raw["id"])
        except ValueError:
            what, fix = f"has id {raw['id']!r:.40}", "make it a whole number or a string"
            faults.add(path, place, what, fix, of="entry", can_skip=can_skip)
            continue
        if entry in seen:
            what = f"appears twice: `{name}` has the id {entry} twice"
            faults.add(path, entry, what, "renumber them", of=of, can_skip=False)
            continue
        seen.add(entry)
        yield entry, raw


def _image(entry: Id, raw: Mapping[str, Any], folder: str, path: Path, faults: Faults) -> ImageEntry | None:
    try:
        width, height = whole_number(raw["width"]), whole_number(raw["height"])
    except ValueError:
        width = height = 0
    name = raw["file_name"]
    if width <= 0 or height <= 0:
        what = f"has size {raw['width']!r:.40}x{raw['height']!r:.40}"
        faults.add(path, entry, what, "write its real size, whole numbers of pixels", of="image")
    elif not isinstance(name, str) or not name or "\\" in name or "\0" in name or not _encodable(name):
        what = f"has file name {name!r:.80}"
        faults.add(path, entry, what, "write a relative path with '/'", of="image")
    elif {"", ".", ".."} & set(name.split("/")):  # an empty piece is an absolute path, or a folder
        what = f"has file name {name!r}, which leads out of the image folder"
        faults.add(path, entry, what, "write it relative to that folder", of="image")
    else:
        return ImageEntry(entry, folder + name, width, height)
    return None


def _encodable(name: str) -> bool:
    """Whether a name is whole: half a character (a lone surrogate) names no file."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _annotation(
    entry: Id, raw: Mapping[str, Any], images, categories, path: Path, faults: Faults
) -> CocoAnnotation | None:
    image, category = _reference(raw["image_id"]), _reference(raw["category_id"])
    if image not in images:
        what = f"names image {raw['image_id']!r:.40}, which `images` does not list"
        faults.add(path, entry, what, "add the image or remove the annotation")
    elif category not in categories:
        what = f"names category {raw['category_id']!r:.40}, which `categories` does not list"
        faults.add(path, entry, what, "add the category or remove the annotation")
    else:
        try:
            return CocoAnnotation(entry, image, category, flag(raw.get("iscrowd")), raw)
        except ValueError:
            faults.add(path, entry, f"has iscrowd {raw['iscrowd']!r:.40}", "write 0 or 1")
    return None


def _reference(value: Any) -> Id | None:
    try:
        return identifier(value)
    except ValueError:
        return None
