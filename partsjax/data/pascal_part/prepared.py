"""A dataset from a prepared copy of PASCAL-Part, which is made first where there is none."""

import collections
import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from partsjax.data.class_selection import choose_classes, missing_in_a_split
from partsjax.data.dataset import Dataset
from partsjax.data.doubled import counted_once
from partsjax.data.masks import union_of_parts
from partsjax.data.overlap import intersection
from partsjax.data.pascal_part import builder, places
from partsjax.data.pascal_part.lists import ALL_CLASSES, PART_LISTS, VOC_CLASS, canonical
from partsjax.data.pascal_part.records import RecordImage
from partsjax.data.pascal_part.source import PascalSource, find_source, image_list
from partsjax.data.schema import SPLITS, Image, Object, Part
from partsjax.errors import InputError
from partsjax.progress import UnitProgress


def read_prepared(
    data_dir: Path | None,
    classes: tuple[str, ...] | None,
    part_list: str,
    prepared_dir: str | os.PathLike | None,
    skip_bad: bool,
    progress: UnitProgress | None,
) -> Dataset:
    """As `pascal_part.read_pascal_part`, of a list and of classes that are known."""
    if data_dir is None:
        source, copy = None, _only_copy(prepared_dir)
    else:
        source = find_source(data_dir)
        default = places.default_prepared_dir(builder.copy_name(source))
        where = default if prepared_dir is None else Path(prepared_dir).expanduser()
        copy = builder.prepare_copy(source, where, progress, skip_bad=skip_bad)
    builder.refuse_damaged(copy, skip_bad)
    found = _assemble(copy, source, classes, part_list)
    if copy.parent == places.temporary():
        note = f"prepared in {copy.parent}, which may be emptied: TFDS_DATA_DIR=DIR keeps it elsewhere"
        found = dataclasses.replace(found, notes=(*found.notes, note))
    return found


def _only_copy(prepared_dir) -> Path:
    copies = builder.prepared_copies(Path(prepared_dir).expanduser()) if prepared_dir is not None else []
    if len(copies) != 1:
        holds = f"{prepared_dir} holds {len(copies)} prepared copies"
        found = "neither is given" if prepared_dir is None else holds
        raise InputError(
            f"pascal_part: needs data_dir, or a prepared_dir with one prepared copy ({found}); "
            "give the folder that holds VOCdevkit and Annotations_Part"
        )
    return copies[0]


def _assemble(
    copy: Path, source: PascalSource | None, classes: tuple[str, ...] | None, part_list: str
) -> Dataset:
    where = os.fspath(source.data_dir if source else copy)
    parts_of = PART_LISTS[part_list]
    asked = set(parts_of if classes is None else classes)
    skipped = collections.Counter()
    found = []
    for split in SPLITS:
        for row, record in enumerate(_annotations(copy, split)):
            if objects := _objects(record, asked, parts_of, skipped):
                found.append((split, row, record["image_id"].decode(), objects))
    seen = {(o.object_class, p.name) for *_, objects in found for o in objects for p in o.parts}
    parts = {c: tuple(p for p in names if (c, p) in seen) for c, names in parts_of.items()}
    if classes is not None and not all(parts[c] for c in classes):
        parts = dict(_assemble(copy, source, None, part_list).parts)  # so that the error names what there is
    chosen = choose_classes(classes, ALL_CLASSES, parts, where)
    images, turned = [], builder.turned_images(copy)
    for split, row, image_id, objects in found:
        objects = tuple(o for o in objects if o.object_class in chosen)
        if objects:
            label = os.fspath(source.photograph(image_id)) if source else f"{copy}: image {image_id}"
            pixels = RecordImage(os.fspath(copy), split, row, image_id, label, turned.get(image_id))
            images.append(Image(image_id, split, pixels, objects))
    missing = [f"{c}:{p}" for c in chosen for p in parts_of[c] if (c, p) not in seen]
    notes = [f"PASCAL-Part with the {part_list}-part list"]
    if count := builder.unannotated(copy):
        notes.append(f"{count} listed images have no annotation and are left out")
    notes += [f"{what}: {count} left out" for what, count in sorted(skipped.items())]
    if missing:
        notes.append(f"parts of the list without a box in these images: {', '.join(missing)}")
    if damaged := builder.damaged_images(copy):
        notes.append(f"left out by --skip_bad, {len(damaged)} of a kind: {builder.together(damaged)}")
    once, doubled = counted_once(images)
    notes += doubled + missing_in_a_split(once, chosen, lambda split: _place(source, copy, split))
    return Dataset(once, {c: parts[c] for c in chosen}, "pascal_part", tuple(notes))


def _place(source: PascalSource | None, copy: Path, split: str) -> str:
    """What messages call the source of a split."""
    return os.fspath(image_list(source.data_dir, split) if source else copy)


def _annotations(copy: Path, split: str) -> list[Mapping[str, Any]]:
    damaged = InputError(f"{copy}: this prepared copy is damaged; delete the folder and run again")
    try:
        found = builder.rows(copy, "annotations", split)
        records = [found[row] for row in range(len(found))]
    except MemoryError:
        raise
    except Exception as error:  # array_record and tfds raise almost anything on damaged files
        raise damaged from error
    # A file cut off may still give rows, with nothing in them.
    if not all(record["image_id"] for record in records):
        raise damaged
    return records


def _objects(
    record: Mapping[str, Any],
    asked: set[str],
    parts_of: Mapping[str, tuple[str, ...]],
    skipped: collections.Counter,
) -> tuple[Object, ...]:
    objects, pieces = record["objects"], record["parts"]
    classes = [VOC_CLASS.get(name, name) for name in (raw.decode() for raw in objects["class"])]
    if asked.isdisjoint(classes):
        return ()
    grouped = [{} for _ in classes]
    for number, (owner, raw) in enumerate(zip(pieces["object"], pieces["name"], strict=True)):
        object_class = classes[owner]
        if object_class not in asked:
            continue
        raw = raw.decode()
        known = canonical(object_class, raw)
        box = tuple(int(v) for v in pieces["box"][number])
        if known is None:
            skipped[f"pieces named {object_class}:{raw}, which the lists do not know"] += 1
        elif not any(box):
            skipped[f"pieces of {object_class} without a marked pixel"] += 1
        elif known[0] in parts_of[object_class]:
            name, limb = known
            key = (name, number if limb is None else limb)
            grouped[owner].setdefault(key, []).append(Part(name, box, pieces["mask"][number]))
    found = []
    for object_class, raw_box, group in zip(classes, objects["box"], grouped, strict=True):
        if object_class not in asked:
            continue
        box = tuple(int(v) for v in raw_box)
        if not any(box):
            skipped[f"{object_class} objects without a marked pixel"] += 1
            continue
        parts = []
        for (name, _), same in group.items():
            part = union_of_parts(name, same)
            if intersection(part.box, box) > 0:
                parts.append(part)
            else:
                skipped[f"parts of {object_class} outside their object"] += 1
        found.append(Object(object_class, box, parts))
    return tuple(found)
