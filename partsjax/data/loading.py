"""A dataset by its name."""

import contextlib
import os
from collections.abc import Callable, Iterable
from typing import Any

from partsjax.data.class_selection import select_classes
from partsjax.data.dataset import Dataset
from partsjax.data.reader_options import arguments_for
from partsjax.data.registry import dataset_names, find_reader
from partsjax.errors import InputError
from partsjax.foreign import one_line
from partsjax.progress import bars, when_needed


def load_dataset(  # noqa: PLR0913 (options of a public call, by keyword)
    name: str,
    data_dir: str | os.PathLike | None = None,
    *,
    classes: Iterable[str] | None = None,
    seed: int = 0,
    download: bool = False,
    skip_bad: bool = False,
    progress: bool | Callable[[int, int, str, str], None] = True,
    **options: Any,
) -> Dataset:
    """Reads a dataset.

    Args:
      name: "shapeparts" (drawn), "coco_parts" or "pascal_part"; a name given to `register_dataset`; or
        "package.module:function", a reader of your own.
      data_dir: the dataset's folder; `shapeparts` has none.
      classes: names of object classes; None for all that have part boxes.
      seed: of what is drawn; no other reader uses it.
      download: fetch what is not in `data_dir` yet; `pascal_part` alone can.
      skip_bad: leave out annotations that are wrong, with a note, instead of raising.
      progress: whether a bar shows how far what takes long is; or a function, called as
        `(done, total, what, unit)`.
      options: of the reader's own, such as `val_fraction=0.3` of `coco_parts`.

    Raises:
      InputError: an unknown dataset, an option it does not use, no `data_dir` where one is needed, and
        whatever its reader meets.
    """
    reader = find_reader(name)
    classes = None if classes is None else (classes,) if isinstance(classes, str) else tuple(classes)
    with when_needed(bars()) if progress is True else contextlib.nullcontext(progress or None) as shown:
        shared = {
            "data_dir": os.path.expanduser(data_dir) if data_dir else None,  # an empty flag is none
            "classes": classes,
            "seed": seed,
            "download": download,
            "skip_bad": skip_bad,
            "progress": shown,
        }
        arguments = arguments_for(name, reader, shared, options)
        if data_dir and "data_dir" not in arguments:
            others = ", ".join(other for other in dataset_names() if other != name)
            raise InputError(
                f"--data_dir={data_dir}: {name} reads no folder; leave it out, or name the dataset that is "
                f"there with --dataset ({others})"
            )
        if download and "download" not in arguments:
            raise InputError(f"--download: {name} has nothing to download; leave it out")
        try:
            dataset = reader(**arguments)
        except (InputError, MemoryError):
            raise
        except Exception as error:
            raise InputError(f"--dataset={name}: the reader failed: {one_line(error)}") from error
    if not isinstance(dataset, Dataset):
        raise InputError(f"--dataset={name}: the reader returned {type(dataset).__name__}, not a Dataset")
    return select_classes(dataset, classes)
