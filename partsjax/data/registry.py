"""Readers of datasets by name. A reader is a function to `Dataset`; ours are found like any other."""

from collections.abc import Callable

from partsjax.data.dataset import Dataset
from partsjax.errors import InputError, nearest
from partsjax.foreign import find_function

Reader = Callable[..., Dataset]

OURS = {
    "shapeparts": "partsjax.data.shapeparts:read_shapeparts",
    "coco_parts": "partsjax.data.coco_parts:read_coco_parts",
    "pascal_part": "partsjax.data.pascal_part:read_pascal_part",
}
"""Where the readers that come with this package are; one is imported when asked for."""

_registered: dict[str, Reader] = {}


def register_dataset(name: str, reader: Reader) -> None:
    """Makes a reader known to `load_dataset` by a name.

    Args:
      name: of the dataset. A name that is registered again refers to the newer reader.
      reader: a function that returns a `Dataset`. It is given those of `load_dataset`'s `data_dir`,
        `classes`, `seed`, `download`, `skip_bad` and `progress` that it has parameters for; its other
        parameters are options of its own.

    Raises:
      InputError: the name is empty, holds a colon, or is one of ours.
    """
    if not name or ":" in name:
        raise InputError(f"dataset {name!r}: not a name; give one without a colon")
    if name in OURS:
        raise InputError(f"dataset {name!r}: comes with partsjax; choose another name")
    _registered[name] = reader


def dataset_names() -> tuple[str, ...]:
    """Ours, and those registered."""
    return (*OURS, *_registered)


def find_reader(name: str) -> Reader:
    """The reader of a dataset, or the function that `package.module:function` names.

    Raises:
      InputError: there is none.
    """
    if name in _registered:
        return _registered[name]
    if name not in OURS and ":" not in name:
        raise InputError(
            f"dataset {name!r}: there is no such dataset; {nearest(name, dataset_names())}, or "
            "package.module:function, a reader of your own"
        )
    return find_function(f"--dataset={name}", OURS.get(name, name), "datasets", dataset_names())
