"""Writes pickles and torch's files as torch, Python 2 and other libraries do, without any of them."""

import dataclasses
import io
import pickle
import zipfile
from typing import Any

import numpy as np

_STORAGES = {"float32": "FloatStorage", "float64": "DoubleStorage", "float16": "HalfStorage"}


@dataclasses.dataclass(frozen=True)
class Named:
    """A class or function by its name alone."""

    module: str
    name: str


@dataclasses.dataclass(frozen=True, eq=False)
class Made:
    """What calling `named` with `arguments` makes, with `state` set on it and `items` put into it.

    new: an object of a class, made by its `__new__`.
    """

    named: Named
    arguments: tuple = ()
    state: Any = None
    items: dict = dataclasses.field(default_factory=dict)
    new: bool = False


@dataclasses.dataclass(frozen=True)
class Text2:
    """A string of Python 2, which is bytes."""

    value: bytes


@dataclasses.dataclass(frozen=True)
class _Storage:
    key: str
    values: np.ndarray


class _Pickler(pickle._Pickler):
    def __init__(self, stream, storages: list[_Storage]):
        super().__init__(stream, 2)
        self._storages = storages

    def persistent_id(self, value):
        if not isinstance(value, _Storage):
            return None
        kind = Named("torch", _STORAGES[value.values.dtype.name])
        return "storage", kind, value.key, "cpu", value.values.size

    def save(self, value, save_persistent_id=True):
        if isinstance(value, Named):
            self.write(b"c" + f"{value.module}\n{value.name}\n".encode())
        elif isinstance(value, Text2):
            self.write(pickle.BINSTRING + len(value.value).to_bytes(4, "little") + value.value)
        elif isinstance(value, Made):
            self._save_made(value)
        elif isinstance(value, np.ndarray):
            self._save_tensor(value)
        else:
            super().save(value, save_persistent_id)

    def _save_made(self, made: Made) -> None:
        self.save(made.named)
        self.save(made.arguments)
        self.write(pickle.NEWOBJ if made.new else pickle.REDUCE)
        for key, value in made.items.items():
            self.save(key)
            self.save(value)
            self.write(pickle.SETITEM)
        if made.state is not None:
            self.save(made.state)
            self.write(pickle.BUILD)

    def _save_tensor(self, value: np.ndarray) -> None:
        storage = _Storage(str(len(self._storages)), np.ascontiguousarray(value).reshape(-1))
        self._storages.append(storage)
        strides = tuple(stride // value.itemsize for stride in np.ascontiguousarray(value).strides)
        hooks = Made(Named("collections", "OrderedDict"))
        arguments = storage, 0, value.shape, strides, False, hooks
        self._save_made(Made(Named("torch._utils", "_rebuild_tensor_v2"), arguments))


def pickled(content: Any) -> bytes:
    """A pickle of protocol 2, of plain values and the classes above; no arrays."""
    stream = io.BytesIO()
    _Pickler(stream, []).dump(content)
    return stream.getvalue()


def torch_file(content: Any, *, zipped: bool = True) -> bytes:
    """What torch.save would write of `content`, its arrays as tensors."""
    storages: list[_Storage] = []
    stream = io.BytesIO()
    _Pickler(stream, storages).dump(content)
    if not zipped:
        head = (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True})
        parts = [*(pickle.dumps(value, 2) for value in head), stream.getvalue()]
        parts.append(pickle.dumps([storage.key for storage in storages], 2))
        for storage in storages:
            parts += [storage.values.size.to_bytes(8, "little"), storage.values.tobytes()]
        return b"".join(parts)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as target:
        target.writestr("archive/data.pkl", stream.getvalue())
        target.writestr("archive/byteorder", "little")
        for storage in storages:
            target.writestr(f"archive/data/{storage.key}", storage.values.tobytes())
    return archive.getvalue()


def array2(value: np.ndarray) -> Made:
    """An array as NumPy under Python 2 pickles it."""
    dtype = Made(Named("numpy", "dtype"), (Text2(value.dtype.str[1:].encode()), 0, 1))
    dtype = dataclasses.replace(dtype, state=(3, Text2(b"<"), None, None, None, -1, -1, 0))
    empty = Named("numpy", "ndarray"), (0,), Text2(b"b")
    state = 1, value.shape, dtype, False, Text2(value.tobytes())
    return Made(Named("numpy.core.multiarray", "_reconstruct"), empty, state)
