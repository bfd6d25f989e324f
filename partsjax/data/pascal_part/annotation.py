"""One PASCAL-Part annotation file (`Annotations_Part/*.mat`), as it is: raw part names, tight boxes."""

import dataclasses
import io
import os
from pathlib import Path
from typing import Any

import numpy as np

from partsjax.data.contents import stand_in
from partsjax.data.masks import PixelBox, pack, tight_box
from partsjax.errors import InputError


@dataclasses.dataclass(frozen=True)
class RawPart:
    """One annotated piece; `box` is None and `mask` empty where no pixel is marked.

    `mask` packs the window `box` as `schema.Part.mask` does.
    """

    name: str
    box: PixelBox | None
    mask: bytes


@dataclasses.dataclass(frozen=True)
class RawObject:
    """One annotated object; `object_class` as in the file; `box` is None where no pixel is marked."""

    object_class: str
    box: PixelBox | None
    parts: tuple[RawPart, ...]


@dataclasses.dataclass(frozen=True)
class MatAnnotation:
    """One file: the (width, height) in pixels of its masks (None without objects), and its objects."""

    size: tuple[int, int] | None
    objects: tuple[RawObject, ...]


def read_annotation(path: str | os.PathLike) -> MatAnnotation:
    """Reads one `.mat` file with the variable `anno`.

    Boxes are the tight boxes of the masks (paper: section on the data), half-open pixels.

    Raises:
      InputError: missing, damaged or MATLAB 7.3 file, no `anno` as PASCAL-Part writes it, or masks of
        different shapes.
    """
    objects = []
    size = None
    for index, raw in enumerate(_structs(_anno(path), "objects", path)):
        where = f"object {index + 1}"
        mask = _mask(raw, where, path)
        height, width = mask.shape
        if size is None:
            size = (width, height)
        _same_shape(mask, size, where, path)
        parts = []
        for number, raw_part in enumerate(_structs(raw, "parts", path)):
            name = _text(raw_part, "part_name", f"{where}, part {number + 1}", path)
            part_mask = _mask(raw_part, f"{where}, part {name}", path)
            _same_shape(part_mask, size, f"{where}, part {name}", path)
            box = tight_box(part_mask)
            parts.append(RawPart(name, box, pack(part_mask, box) if box else b""))
        objects.append(RawObject(_text(raw, "class", where, path), tight_box(mask), tuple(parts)))
    return MatAnnotation(size, tuple(objects))


def _anno(path: str | os.PathLike) -> dict[str, Any]:
    import scipy.io  # takes long

    try:
        data = Path(path).read_bytes()
    except FileNotFoundError as error:
        raise InputError(f"{path}: annotation not found; unpack PASCAL-Part's archive there") from error
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read ({error.strerror}); fix the path or its permissions"
        ) from error
    if what := stand_in(data[:1024]):
        raise InputError(f"{path}: not a MATLAB file but {what}")
    try:
        content = scipy.io.loadmat(io.BytesIO(data), simplify_cells=True, variable_names=["anno"])
    except NotImplementedError as error:
        raise InputError(f"{path}: is a MATLAB 7.3 (HDF5) file; save it again with `save -v7`") from error
    except MemoryError:
        raise
    except Exception as error:  # scipy raises almost anything on damaged data
        raise InputError(
            f"{path}: not a MATLAB file, or cut off or damaged; replace it with an intact copy"
        ) from error
    anno = content.get("anno")
    if not isinstance(anno, dict) or "objects" not in anno:
        raise InputError(f"{path}: has no variable `anno` with `objects`; use PASCAL-Part's own files")
    return anno


def _structs(parent: dict[str, Any], key: str, path) -> list[dict[str, Any]]:
    """A field of structs: none, one (which MATLAB does not tell from an array of one) or many."""
    value = parent.get(key, ())
    items = [value] if isinstance(value, dict) else list(np.ravel(value)) if np.size(value) else []
    if not all(isinstance(item, dict) for item in items):
        raise InputError(f"{path}: `{key}` does not hold structs; use PASCAL-Part's own files")
    return items


def _mask(raw: dict[str, Any], where: str, path) -> np.ndarray:
    mask = np.asarray(raw.get("mask", ()))
    if mask.ndim != 2 or mask.dtype.kind not in "buif":
        raise InputError(f"{path}: {where} has no two-dimensional mask; use PASCAL-Part's own files")
    return mask.astype(bool, copy=False)


def _same_shape(mask: np.ndarray, size: tuple[int, int], where: str, path) -> None:
    if mask.shape != size[::-1]:
        raise InputError(
            f"{path}: the mask of {where} is {mask.shape[1]}x{mask.shape[0]} px, the first object's is "
            f"{size[0]}x{size[1]}; replace the file with an intact copy"
        )


def _text(raw: dict[str, Any], key: str, where: str, path) -> str:
    value = raw.get(key)
    if not isinstance(value, str) or not value:
        raise InputError(f"{path}: {where} has no `{key}`; use PASCAL-Part's own files")
    return value
