"""What a file's categories are: object classes, or parts of one."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

from partsjax.data.coco_parts.tables import CategoryEntry, CocoFile
from partsjax.data.coco_parts.values import Id
from partsjax.data.faults import Faults, Wrong
from partsjax.data.names import cleaned, nearly_equal
from partsjax.errors import InputError


@dataclasses.dataclass(frozen=True)
class Category:
    """What an annotation is of: an object class, or one of its parts (`part` is None for the object)."""

    object_class: str
    part: str | None

    def __str__(self) -> str:
        return self.object_class if self.part is None else f"{self.object_class}:{self.part}"


Meanings = Mapping[Id, Category]
"""What the categories of one file are, by ascending id."""


def meanings(files: Sequence[CocoFile], object_class: str | None, notes: list[str]) -> list[Meanings]:
    """What the categories of each file are.

    By PACO's convention a category says so itself: supercategory OBJECT, or PART with the name
    `object:part`. With `object_class` every category that is used is a part of that class, or its object
    where it bears the class's very name. Names are cleaned, see `names.cleaned`; what is respelled is noted.

    Raises:
      InputError: `object_class` is given and not needed, or needed and not given; one category twice in a
        file; names that are not a line of text, or nearly equal.
    """
    if object_class is not None:
        object_class = _object_class(object_class, files)
    faults = Faults()
    found = [dict(_of_file(file, object_class, faults, notes)) for file in files]
    faults.settle()
    _check_spelling(files, found, object_class)
    return found


def _of_file(
    file: CocoFile, object_class: str | None, faults: Faults, notes: list[str]
) -> Iterator[tuple[Id, Category]]:
    used, seen = file.used, {}
    for category in file.categories.values():
        if object_class is not None and category.id not in used:
            continue  # such files often have a background, or the name of the whole set
        try:
            found = _by_convention(category) if object_class is None else _part(category, object_class)
        except Wrong as wrong:
            faults.add(file.path, category.id, str(wrong), wrong.fix, of="category", can_skip=False)
            continue
        if found in seen:
            what = f"is {str(found)!r} again: category {str(found)!r} appears twice"
            faults.add(file.path, category.id, what, "merge the two", of="category", can_skip=False)
            continue
        seen[found] = category.id
        note = f"category {category.name!r} is read as {str(found)!r}"
        if category.name not in (str(found), object_class and found.part) and note not in notes:
            notes.append(note)
        yield category.id, found


def _by_convention(category: CategoryEntry) -> Category:
    name, kind = category.name, category.supercategory
    if isinstance(name, str) and isinstance(kind, str):
        object_class, colon, part = name.partition(":")
        kind = kind.strip().upper()
        if kind == "OBJECT" and object_class and not colon:
            return Category(_clean(object_class, name), None)
        if kind == "PART" and object_class and part:
            return Category(_clean(object_class, name), _clean(part, name))
    raise Wrong(
        f"has name {name!r:.80} and supercategory {kind!r:.40}",
        "write OBJECT with a class's name, or PART with object:part; or, if all categories are parts of one "
        "class, name it with --object_class",
    )


def _part(category: CategoryEntry, object_class: str) -> Category:
    if not isinstance(category.name, str):
        raise Wrong(f"has name {category.name!r:.80}", "write a text")
    name = _clean(category.name, category.name)
    if name == object_class:
        return Category(object_class, None)
    return Category(object_class, _clean(name.removeprefix(f"{object_class}:"), name))


def _clean(name: str, whole: str) -> str:
    try:
        return cleaned(name)
    except ValueError as error:
        raise Wrong(f"has name {whole!r:.80}, which {error}", "give it one line of text") from None


def _object_class(asked: str, files: Sequence[CocoFile]) -> str:
    try:
        asked = cleaned(asked)
    except ValueError as error:
        raise InputError(f"--object_class={asked!r}: {error}; give one word, as car") from None
    kinds = {str(c.supercategory).strip().upper() for f in files for c in f.categories.values()}
    if kinds and kinds <= {"OBJECT", "PART"}:
        raise InputError(
            f"--object_class={asked}: the categories of {files[0].path} already say what they are "
            f"parts of; leave it out (--classes={asked} chooses a class)"
        )
    return asked


def _check_spelling(files: Sequence[CocoFile], found: Sequence[Meanings], asked: str | None) -> None:
    every = [category for of_file in found for category in of_file.values()]
    classes = [category.object_class for category in every]
    parts = [str(category) for category in every if category.part is not None]
    # A category that is nearly the class's own name is its object, spelled differently.
    parts_and_class = [] if asked is None else [asked, *(c.part for c in every if c.part is not None)]
    for first, second in nearly_equal(classes) or nearly_equal(parts) or nearly_equal(parts_and_class):
        where = " and ".join(str(file.path) for file in files)
        raise InputError(f"{where}: categories {first!r} and {second!r} are nearly equal; spell them alike")
