"""The files of a result, and back.

`resamples.npz` keeps it exactly, so that it can be read again and compared image by image; the others are
output and are never read. It is a sealed .npz of a record (`records.packed`): what was measured, on which
unseen images, and of every layer and class all scores, verdicts and sets found, with the held-out AP of each
part's set on each of 1,000 bootstrap samples of the class's unseen images. Runs on the same images with the
same seed have the same samples, column for column, whatever their networks are.
"""

import dataclasses
import functools
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from partsjax.data.dataset import Dataset
from partsjax.emergence.descriptions import Descriptions
from partsjax.emergence.iou import FilterIou
from partsjax.emergence.judged import Judged
from partsjax.errors import InputError
from partsjax.reporting import tables
from partsjax.reporting.rows import write_table
from partsjax.runs import sealed, workdir
from partsjax.runs.context import Context
from partsjax.runs.emergence.result import DESCRIPTIONS_FILE, KEPT, SANITY_FILE, Emergence, EmergenceFacts
from partsjax.runs.emergence.unseen_again import unseen_again
from partsjax.runs.records import packed, unpacked
from partsjax.runs.unseen import Images


@dataclasses.dataclass(frozen=True)
class _Kept:
    about: EmergenceFacts
    judged: tuple[Judged, ...]  # layer by layer, class by class
    images: Images
    readable: Mapping[str, np.ndarray]
    ids: Mapping[str, tuple[str, ...]]
    notes: tuple[str, ...]
    skipped: tuple[str, ...]
    iou: tuple[FilterIou, ...] = ()  # as `judged`
    null_iou: Mapping[str, tuple[FilterIou, ...]] = dataclasses.field(default_factory=dict)
    descriptions: Descriptions | None = None


def write_files(found: Emergence, folder: Path) -> None:
    """Each whole or not at all."""
    whole = functools.partial(workdir.written_whole, durable=True)
    with whole(folder / "filters.parquet") as path:
        tables.write_filters(path, found.filters)
    with whole(folder / "parts.csv") as path:
        write_table(path, found.parts)
    with whole(folder / "combinations.csv") as path:
        write_table(path, found.combinations)
    if SANITY_FILE in found.outputs:
        with whole(folder / SANITY_FILE) as path:
            write_table(path, found.sanity)
    with whole(folder / KEPT) as path:
        kept = _Kept(
            found.about,
            tuple(found.judged.values()),
            found.images,
            found.readable,
            found.ids,
            found.notes,
            found.skipped,
            tuple(found.iou.values()),
            {null: tuple(iou.values()) for null, iou in found.null_iou.items()},
            found.descriptions,
        )
        sealed.write_sealed(path, packed(kept))
    if found.described:
        with whole(folder / DESCRIPTIONS_FILE) as path:
            write_table(path, found.described.table)
    about = found.about
    summary = tables.emergence_summary(about.net, about.weights, about.dataset, about.classes, found.summary)
    for layer, criteria in found.criteria.items():
        summary["layers"][layer]["iou"] = criteria.figures
    for of in found.described.by_layer if found.described else ():
        summary["layers"][of.layer]["descriptions"] = of.figures
    workdir.write_json(folder / "summary.json", summary)


def read(folder: str | Path, dataset: Dataset | None = None) -> Emergence:
    """What a run of `partsjax emergence`, or `Emergence.save`, left in a folder: the same object, figures
    exact.

    Args:
      folder: a workdir, or where `Emergence.save` has written to.
      dataset: the one it was measured on, to draw pictures from; all its images are read once.

    Raises:
      InputError: there is no finished run, or its file is damaged, or of another version of partsjax, or
        the dataset is a different one.
    """
    path = Path(folder).expanduser() / KEPT
    try:
        arrays = sealed.read_sealed(path)
    except FileNotFoundError:
        raise InputError(f"{path}: not found; run partsjax emergence to its end first") from None
    except (sealed.Damaged, OSError) as error:
        raise InputError(f"{path}: damaged ({error}); run partsjax emergence again") from None
    try:
        kept = unpacked(_Kept, arrays)
    except (ValueError, KeyError) as error:
        raise InputError(
            f"{path}: written by another version of partsjax, which kept other figures; measure again, into "
            "another folder"
        ) from error
    names = [(layer, of) for layer in kept.about.layers for of in kept.about.classes]
    judged = dict(zip(names, kept.judged, strict=True))
    iou = dict(zip(names, kept.iou, strict=bool(kept.iou)))
    null_iou = {null: dict(zip(names, of, strict=True)) for null, of in kept.null_iou.items()}
    more = kept.notes, kept.skipped, iou, null_iou, kept.descriptions
    found = Emergence(kept.about, judged, kept.images, kept.readable, kept.ids, None, *more)
    if dataset is None:
        return found
    return dataclasses.replace(found, crops=unseen_again(found, dataset, Context()))
