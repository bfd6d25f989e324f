"""Which of a dataset's classes a run asks for."""

import dataclasses
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence

from partsjax.data.dataset import Dataset
from partsjax.data.schema import SPLITS, Image
from partsjax.errors import InputError, nearest

_WITHOUT = {"train": "nothing can be fitted to it", "val": "nothing can be measured on unseen images"}


def choose_classes(
    asked: Iterable[str] | None, known: Iterable[str], parts: Mapping[str, Sequence[str]], where: str
) -> tuple[str, ...]:
    """The classes to read, in the dataset's own order, so that the order of asking changes nothing.

    Args:
      asked: names, or None for every class that has part boxes.
      known: every object class the dataset has.
      parts: object class -> its annotated parts; a class without any may be absent.
      where: what error messages call the dataset.

    Raises:
      InputError: an unknown class, a class without part boxes, or none left.
    """
    annotated = tuple(name for name in known if parts.get(name))
    if asked is None:
        if not annotated:
            raise InputError(f"{where}: no class has part boxes; use annotations with parts")
        return annotated
    wanted = (asked,) if isinstance(asked, str) else tuple(asked)
    if not wanted:
        raise InputError(f"{where}: no class is asked for; choose from: {', '.join(annotated)}")
    # As names are cleaned: what is typed may be spelled with other characters than what is stored.
    wanted = tuple(unicodedata.normalize("NFC", name).strip() for name in wanted)
    known = set(known)
    for name in wanted:
        if name not in known:
            raise InputError(f"{where}: no class {name!r}; {nearest(name, annotated)}")
        if name not in annotated:
            raise InputError(
                f"{where}: class {name!r} has no part boxes; choose from: {', '.join(annotated)}"
            )
    return tuple(name for name in annotated if name in wanted)


def select_classes(dataset: Dataset, asked: Iterable[str] | None) -> Dataset:
    """The images that show an object of some classes, with these objects alone; None: the dataset as it is.

    Raises:
      InputError: as `choose_classes`.
    """
    if asked is None:
        return dataset
    known = {o.object_class: None for image in dataset.images for o in image.objects}
    chosen = choose_classes(asked, {**dataset.parts, **known}, dataset.parts, dataset.name)
    return dataclasses.replace(
        dataset,
        images=of_classes(dataset.images, chosen),
        parts={name: dataset.parts[name] for name in chosen},
    )


def of_classes(images: Iterable[Image], chosen: Sequence[str]) -> tuple[Image, ...]:
    """The images that show an object of some classes, with these objects alone."""
    kept = ((image, tuple(o for o in image.objects if o.object_class in chosen)) for image in images)
    return tuple(
        image if objects == image.objects else dataclasses.replace(image, objects=objects)
        for image, objects in kept
        if objects
    )


def missing_in_a_split(
    images: Sequence[Image], chosen: Sequence[str], place: Callable[[str], str]
) -> list[str]:
    """A note for each split that shows none of a class, or of any; `place`: what a split comes from."""
    shown = {(image.split, found.object_class) for image in images for found in image.objects}
    notes = []
    for split in SPLITS:
        if missing := [name for name in chosen if (split, name) not in shown]:
            notes.append(f"{place(split)}: no {split} image shows {' or '.join(missing)}; {_WITHOUT[split]}")
    return notes
