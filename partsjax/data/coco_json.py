"""One COCO JSON file of objects and parts, checked: every fault is one line that names the annotation."""

import dataclasses
import json
import math
import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from partsjax.data.schema import Box
from partsjax.errors import BadInput

OVERHANG = 1.0
"""How far, in pixels, a box may reach beyond its image and still be taken for rounding (our choice)."""

_REQUIRED = {
    "images": ("id", "file_name", "width", "height"),
    "categories": ("id", "name", "supercategory"),
    "annotations": ("id", "image_id", "category_id", "bbox"),
}


@dataclasses.dataclass(frozen=True)
class Category:
    """What an annotation is of: an object class, or one of its parts (`part` is None for the object)."""

    object_class: str
    part: str | None


@dataclasses.dataclass(frozen=True)
class CocoFile:
    """The tables of one file.

    Attributes:
      path: the file, for error messages.
      images: id -> entry, in the file's order.
      categories: id -> category, by ascending id.
      annotations: id -> entry, in the file's order; their images and categories exist.
    """

    path: Path
    images: Mapping[Any, Mapping[str, Any]]
    categories: Mapping[Any, Category]
    annotations: Mapping[Any, Mapping[str, Any]]

    def fault(self, annotation_id: Any, message: str) -> BadInput:
        """The error about one annotation."""
        return BadInput(f"{self.path}: annotation {annotation_id} {message}")

    def box(self, annotation: Mapping[str, Any]) -> Box:
        """An annotation's `bbox` (x, y, width, height) as half-open (x1, y1, x2, y2) inside its image.

        Up to `OVERHANG` px beyond the image is cut off.

        Raises:
          BadInput: not four finite numbers, no width or height, or further outside the image.
        """
        bbox, name = annotation["bbox"], annotation["id"]
        if not (isinstance(bbox, list) and len(bbox) == 4 and all(type(v) in (int, float) for v in bbox)):
            raise self.fault(name, f"has bbox {bbox!r}; write four numbers: x, y, width, height")
        x, y, w, h = map(float, bbox)
        if not all(map(math.isfinite, (x, y, w, h))) or w <= 0 or h <= 0:
            raise self.fault(name, f"has bbox {bbox}, without a width and height; mend or remove it")
        image = self.images[annotation["image_id"]]
        width, height = image["width"], image["height"]
        box = max(x, 0.0), max(y, 0.0), min(x + w, float(width)), min(y + h, float(height))
        beyond = max(-x, -y, x + w - width, y + h - height)
        if beyond > OVERHANG or box[0] >= box[2] or box[1] >= box[3]:
            raise self.fault(
                name,
                f"has bbox {bbox} outside its image {image['file_name']} ({width}x{height} px); "
                "bbox is x, y, width, height in the image's pixels",
            )
        return box


def load(path: str | os.PathLike) -> CocoFile:
    """Reads one file and checks all of it but the boxes, which are checked when asked for.

    Raises:
      BadInput: missing or broken file, a table or key that is not there, an id used twice, an
        annotation of an unknown image or category, a category that is neither object nor part, an
        image size that is none, or a file name that leads out of the image folder.
    """
    path = Path(path)
    document = _document(path)
    tables = {name: _table(document, name, path) for name in _REQUIRED}
    for image in tables["images"].values():
        _check_image(image, path)
    categories = {i: _category(c, path) for i, c in _by_id(tables["categories"], path)}
    if len(set(categories.values())) < len(categories):
        names = [c["name"] for c in tables["categories"].values()]
        twice = next(name for name in names if names.count(name) > 1)
        raise BadInput(f"{path}: category {twice!r} is there twice; merge the two")
    found = CocoFile(path, tables["images"], categories, tables["annotations"])
    for name, annotation in found.annotations.items():
        if not _known(annotation["image_id"], found.images):
            raise found.fault(name, f"names image {annotation['image_id']!r}, which `images` does not list")
        if not _known(annotation["category_id"], categories):
            raise found.fault(
                name, f"names category {annotation['category_id']!r}, which `categories` does not list"
            )
    return found


def _document(path: Path) -> Mapping[str, Any]:
    try:
        document = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise BadInput(
            f"{path}: not found; instances_train.json and instances_val.json are both needed"
        ) from error
    except json.JSONDecodeError as error:
        raise BadInput(
            f"{path}: broken JSON at line {error.lineno}, column {error.colno} ({error.msg}); "
            "mend it or export it again"
        ) from error
    except (UnicodeDecodeError, RecursionError) as error:
        raise BadInput(f"{path}: not a JSON text; export it again as UTF-8") from error
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror}); mend the path or its rights") from error
    if not isinstance(document, dict):
        raise BadInput(f"{path}: holds no COCO document; it needs {', '.join(_REQUIRED)}")
    return document


def _table(document: Mapping[str, Any], name: str, path: Path) -> dict[Any, Mapping[str, Any]]:
    """The entries of one list by their ids."""
    entries = document.get(name)
    if not isinstance(entries, list):
        raise BadInput(f"{path}: has no list `{name}`; a COCO file needs {', '.join(_REQUIRED)}")
    required, table = _REQUIRED[name], {}
    for number, entry in enumerate(entries):
        if not isinstance(entry, dict):
            raise BadInput(f"{path}: entry {number} of `{name}` is no object with {', '.join(required)}")
        for key in required:
            if key not in entry:
                called = f"{name}[{number}]" if "id" not in entry else f"{name} entry {entry['id']}"
                raise BadInput(f"{path}: {called} has no `{key}`; add it")
        if not isinstance(entry["id"], int | str):
            raise BadInput(f"{path}: {name}[{number}] has id {entry['id']!r}; make it a number or a string")
        if entry["id"] in table:
            raise BadInput(f"{path}: `{name}` has the id {entry['id']} twice; number them anew")
        table[entry["id"]] = entry
    return table


def _check_image(image: Mapping[str, Any], path: Path) -> None:
    size = image["width"], image["height"]
    if not all(type(v) is int and v > 0 for v in size):
        raise BadInput(f"{path}: image {image['id']} has size {size[0]}x{size[1]}; write its real size")
    name = image["file_name"]
    if not isinstance(name, str) or not name or "\\" in name or "\0" in name:
        raise BadInput(f"{path}: image {image['id']} has file name {name!r}; write a relative path with '/'")
    # An empty piece is an absolute path, or a folder.
    if {"", ".", ".."} & set(name.split("/")):
        raise BadInput(
            f"{path}: image {image['id']} has file name {name!r}, which leads out of the image folder; "
            "write it relative to that folder"
        )


def _by_id(table: Mapping[Any, Any], path: Path):
    try:
        return sorted(table.items())
    except TypeError as error:
        raise BadInput(f"{path}: `categories` mixes numbers and strings as ids; use numbers") from error


def _category(category: Mapping[str, Any], path: Path) -> Category:
    name, kind = category["name"], category["supercategory"]
    if isinstance(name, str) and isinstance(kind, str):
        object_class, colon, part = name.partition(":")
        if kind.upper() == "OBJECT" and object_class and not colon:
            return Category(object_class, None)
        if kind.upper() == "PART" and object_class and part:
            return Category(object_class, part)
    raise BadInput(
        f"{path}: category {category['id']} has name {name!r} and supercategory {kind!r}; "
        "write OBJECT with a class's name, or PART with object:part"
    )


def _known(name: Any, table: Collection) -> bool:
    return isinstance(name, int | str) and name in table
