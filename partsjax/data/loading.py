"""A data set by its name on the command line."""

import os
from collections.abc import Callable, Iterable

from partsjax.data.reader_options import DEFAULTS, ReaderOptions
from partsjax.data.schema import Dataset
from partsjax.errors import InputError, nearest

DATASETS = ("shapeparts", "coco_parts", "pascal_part")

_USED = {
    "shapeparts": (),
    "coco_parts": ("object_class", "val_fraction", "split_polygons", "allow_duplicates"),
    "pascal_part": ("part_list", "allow_duplicates"),
}


def load_dataset(
    name: str,
    data_dir: str | os.PathLike | None,
    classes: Iterable[str] | None,
    *,
    seed: int,
    reader: ReaderOptions = DEFAULTS,
    skip_bad: bool = False,
    prepared_dir: str | os.PathLike | None = None,
    progress: Callable[[int, int, str], None] | None = None,
) -> Dataset:
    """Reads a data set.

    Args:
      name: one of `DATASETS`.
      data_dir: the data set's folder; `shapeparts` is rendered from `seed` and has none.
      classes: names of object classes; None for all.
      seed: of `shapeparts` alone.
      reader: what else the reader is told.
      skip_bad: leave out annotations that are wrong, with a note, instead of raising.
      prepared_dir, progress: of `pascal_part` alone; see `pascal_part.read`.

    Raises:
      InputError: an unknown data set, an option it does not use, no `data_dir` where one is needed, and
        whatever its reader meets.
    """
    data_dir, prepared_dir = data_dir or None, prepared_dir or None  # an empty flag is none
    if name not in DATASETS:
        raise InputError(f"data set {name!r}: there is no such data set; {nearest(str(name), DATASETS)}")
    reader.require_used(name, _USED[name])
    # A reader is imported when asked for: one data set must not cost the imports of the others.
    if name == "shapeparts":
        from partsjax.data import shapeparts

        if data_dir is not None:
            raise InputError(
                f"--data_dir={data_dir}: shapeparts is drawn and reads no folder; add --dataset=coco_parts "
                "(or pascal_part), or leave --data_dir out"
            )
        return shapeparts.read_shapeparts(seed=seed, classes=classes)
    if name == "coco_parts":
        from partsjax.data import coco_parts

        return coco_parts.read_coco_parts(data_dir, classes, reader, skip_bad=skip_bad)
    from partsjax.data import pascal_part

    return pascal_part.read_pascal_part(
        data_dir, classes, reader.part_list or "123", prepared_dir, progress, skip_bad=skip_bad
    )
