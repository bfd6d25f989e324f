"""A data set by its name on the command line."""

import os
from collections.abc import Callable, Iterable

from partsjax.data.schema import Dataset
from partsjax.errors import BadInput, nearest

DATASETS = ("shapeparts", "coco_parts", "pascal_part")


def load_dataset(
    name: str,
    data_dir: str | os.PathLike | None,
    classes: Iterable[str] | None,
    *,
    seed: int,
    part_list: str = "123",
    prepared_dir: str | os.PathLike | None = None,
    progress: Callable[[int, int, str], None] | None = None,
) -> Dataset:
    """Reads a data set.

    Args:
      name: one of `DATASETS`.
      data_dir: the data set's folder; `shapeparts` is rendered from `seed` and needs none.
      classes: names of object classes; None for all.
      seed: of `shapeparts` alone.
      part_list, prepared_dir, progress: of `pascal_part` alone; see `pascal_part.read`.

    Raises:
      BadInput: an unknown data set, no `data_dir` where one is needed, and whatever its reader meets.
    """
    data_dir, prepared_dir = data_dir or None, prepared_dir or None  # an empty flag is none
    # A reader is imported when asked for: one data set must not cost the imports of the others.
    if name == "shapeparts":
        from partsjax.data import shapeparts

        return shapeparts.read(seed=seed, classes=classes)
    if name == "coco_parts":
        from partsjax.data import coco_parts

        return coco_parts.read(data_dir, classes)
    if name == "pascal_part":
        from partsjax.data import pascal_part

        return pascal_part.read(data_dir, classes, part_list, prepared_dir, progress)
    raise BadInput(f"data set {name!r}: there is no such data set; {nearest(str(name), DATASETS)}")
