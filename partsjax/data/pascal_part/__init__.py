"""PASCAL-Part: the paper's part boxes, from its `.mat` masks on VOC2010's photographs."""

import dataclasses
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

from partsjax.data.class_selection import choose_classes
from partsjax.data.dataset import Dataset
from partsjax.data.pascal_part.download import PARTS_URL, VOC_URL, download_pascal_part
from partsjax.data.pascal_part.lists import ALL_CLASSES, PART_LISTS
from partsjax.data.reader_options import Flag
from partsjax.errors import InputError, nearest, needing
from partsjax.progress import UnitProgress

_PART_LIST = Flag("pascal_part: the paper's parts (123, the default), or its authors' later, shorter list.")

_VOC_URL = Flag(f"pascal_part with --download: address of VOC2010. Default: {VOC_URL}.", decides=False)
_PARTS_URL = Flag(f"pascal_part with --download: address of the masks. Default: {PARTS_URL}.", decides=False)


def read_pascal_part(  # noqa: PLR0913 (options of a public call, by keyword)
    data_dir: str | os.PathLike | None = None,
    classes: Iterable[str] | None = None,
    *,
    part_list: Annotated[Literal["123", "105"], _PART_LIST] = "123",
    prepared_dir: str | os.PathLike | None = None,
    voc_url: Annotated[str | None, _VOC_URL] = None,
    parts_url: Annotated[str | None, _PARTS_URL] = None,
    download: bool = False,
    skip_bad: bool = False,
    progress: UnitProgress | None = None,
) -> Dataset:
    """Reads PASCAL-Part, preparing it first where that has not been done.

    Position labels are dropped but instances stay apart; upper and lower leg or arm of one limb are
    one instance, whose mask is both together. An object's or part's box is the tight box of its mask
    (paper: section on the data). Images in VOC's lists without an annotation, and pieces without a
    marked pixel or with a name the lists do not know, are left out and counted in the notes; what is marked
    twice counts once.

    Args:
      data_dir: holds `VOCdevkit/VOC2010/{JPEGImages,ImageSets/Main}` and `Annotations_Part/*.mat`. With
        None, the one copy under `prepared_dir` is read and the source is not needed.
      classes: names of object classes; None for all that have part boxes.
      part_list: `123` (the paper's) or `105`.
      prepared_dir: where prepared copies are kept; by default where tfds keeps its own.
      voc_url, parts_url: with `download`, addresses of the two archives; None for their authors'.
      download: fetch and unpack first what `data_dir` does not hold yet; see `download_pascal_part`.
      skip_bad: leave out images whose annotations are damaged, with a note, instead of raising.
      progress: called as a copy is fetched and prepared.

    Returns:
      Images that show an object of `classes`, with integral boxes and the parts' masks; their pixels
      come from the prepared copy.

    Raises:
      InputError: an unknown list or class, a class without parts, and whatever `download_pascal_part`,
        `find_source`, `prepare_copy` and `prepared_copies` meet.
    """
    if part_list not in PART_LISTS:
        raise InputError(f"part list {part_list!r}: unknown; {nearest(str(part_list), PART_LISTS)}")
    classes = None if classes is None else (classes,) if isinstance(classes, str) else tuple(classes)
    # Asked of the list first: minutes may be spent on preparing.
    choose_classes(classes, ALL_CLASSES, PART_LISTS[part_list], "pascal_part")
    if not download and (voc_url or parts_url):
        raise InputError("--voc_url, --parts_url: no effect without --download; add it, or leave them out")
    if download and data_dir is None:
        raise InputError("pascal_part: no data_dir is given; give the folder to download to")
    with needing("pascal_part", "pascal"):
        from partsjax.data.pascal_part.prepared import read_prepared
    data_dir, notes = None if data_dir is None else Path(data_dir).expanduser(), []
    if download:
        notes = download_pascal_part(data_dir, voc_url or VOC_URL, parts_url or PARTS_URL, progress)
    found = read_prepared(data_dir, classes, part_list, prepared_dir, skip_bad, progress)
    return dataclasses.replace(found, notes=(*notes, *found.notes)) if notes else found
