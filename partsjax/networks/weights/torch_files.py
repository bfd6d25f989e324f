"""torch's files, without torch: the zip archive of today and the stream of pickles of before 1.6."""

import dataclasses
import functools
import math
import pathlib
import struct
import zipfile
from collections.abc import Callable
from typing import BinaryIO

import jax.numpy as jnp
import numpy as np

from partsjax.errors import InputError
from partsjax.networks.weights.naming import by_name
from partsjax.networks.weights.pickles import NUMPY, UNREADABLE, Admitted, damaged_pickle, load_pickle
from partsjax.networks.weights.tensors import WeightFile
from partsjax.networks.weights.trees import Lazy, leaves

_MAGIC = 0x1950A86A20F9469CFC6C
_STREAM_VERSION = 1001

_STORAGES = {
    "FloatStorage": np.dtype("<f4"),
    "DoubleStorage": np.dtype("<f8"),
    "HalfStorage": np.dtype("<f2"),
    "BFloat16Storage": np.dtype(jnp.bfloat16),
    "LongStorage": np.dtype("<i8"),
    "IntStorage": np.dtype("<i4"),
    "ShortStorage": np.dtype("<i2"),
    "CharStorage": np.dtype("i1"),
    "ByteStorage": np.dtype("u1"),
    "BoolStorage": np.dtype("?"),
    # No network of ours has these; their sizes are needed to step over them.
    "ComplexFloatStorage": np.dtype("<c8"),
    "ComplexDoubleStorage": np.dtype("<c16"),
    "QInt8Storage": np.dtype("V1"),
    "QUInt8Storage": np.dtype("V1"),
    "QInt32Storage": np.dtype("V4"),
}


@dataclasses.dataclass(frozen=True)
class _StorageType:
    """Stands in for torch's class of that name."""

    dtype: np.dtype


@dataclasses.dataclass(frozen=True)
class _Storage:
    key: str
    dtype: np.dtype
    count: int


@dataclasses.dataclass(frozen=True)
class _Tensor:
    """A tensor before its numbers are read: a strided view of a storage, in elements."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def _tensor(storage, offset, shape, strides, *_) -> _Tensor:
    return _Tensor(storage, int(offset), tuple(map(int, shape)), tuple(map(int, strides)))


def _parameter(tensor, *_):
    return tensor


def _with_attributes(make, _, arguments, __) -> _Tensor | None:
    """A tensor to which someone has attached attributes of his own."""
    return make(*arguments) if make in (_tensor, _parameter) else None


def _shape(sides=()) -> tuple[int, ...]:
    return tuple(sides)


_ADMITTED: Admitted = {
    **NUMPY,
    **{("torch", name): _StorageType(dtype) for name, dtype in _STORAGES.items()},
    ("torch._utils", "_rebuild_tensor"): _tensor,
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    ("torch._utils", "_rebuild_parameter"): _parameter,
    ("torch._utils", "_rebuild_parameter_with_state"): _parameter,
    ("torch._tensor", "_rebuild_from_type_v2"): _with_attributes,
    ("torch", "Size"): _shape,
    ("torch.storage", "UntypedStorage"): _StorageType(np.dtype("V1")),
}


def read_pth(path: pathlib.Path) -> WeightFile:
    """The tensors of what torch.save wrote, by the keys on the way to each; see `by_name`.

    They may lie at any depth: a state dict, a checkpoint with one in it, a whole module, or one of
    TorchScript. Whatever else is in the file is neither read nor run.

    Raises:
      InputError: damaged, or there are no tensors by name in it.
    """
    try:
        with path.open("rb") as stream:
            zipped = zipfile.is_zipfile(stream)
        content, read = _open_zip(path) if zipped else _open_stream(path)
        tensors = leaves(content, lambda value: isinstance(value, _Tensor))
        for name, tensor in tensors.items():
            _check_reach(tensor, name)
    except UNREADABLE as error:
        raise damaged_pickle(str(path), error) from None
    if not any(name.rpartition(".")[2].isidentifier() for name in tensors):
        raise InputError(f"{path}: holds no state dict; save one with torch.save(model.state_dict(), path)")
    numbers = functools.lru_cache(maxsize=1)(functools.partial(_numbers, str(path), read))
    readers = {name: functools.partial(_view, numbers, tensor) for name, tensor in tensors.items()}
    return by_name(str(path), Lazy(readers, {name: tensor.shape for name, tensor in tensors.items()}))


def _open_zip(path: pathlib.Path) -> tuple[object, Callable[[_Storage], bytes]]:
    """What was saved, and what reads a storage."""
    with zipfile.ZipFile(path) as archive:
        pickles = [name for name in archive.namelist() if name.rpartition("/")[2] == "data.pkl"]
        if len(pickles) != 1:
            raise InputError(f"{path}: a zip archive, but not torch's (no data.pkl); save it with torch.save")
        folder = pickles[0].removesuffix("data.pkl")
        order = f"{folder}byteorder"
        if order in archive.namelist() and archive.read(order) != b"little":
            raise InputError(f"{path}: written on a big-endian machine; save it again on a little-endian one")
        content = load_pickle(
            archive.read(pickles[0]),
            str(path),
            admitted=_ADMITTED,
            persistent=_storage_reference,
            placeholders=True,
        )

    def read(storage: _Storage) -> bytes:
        with zipfile.ZipFile(path) as archive:
            return archive.read(f"{folder}data/{storage.key}")

    return content, read


def _open_stream(path: pathlib.Path) -> tuple[object, Callable[[_Storage], bytes]]:
    label = str(path)
    with path.open("rb") as stream:
        if load_pickle(stream, label) != _MAGIC:
            raise InputError(f"{path}: not a file of torch.save; save the state dict with torch.save")
        version = load_pickle(stream, label)
        if version != _STREAM_VERSION:
            raise InputError(f"{path}: torch.save version {version} is unknown; save it with torch >= 1.6")
        load_pickle(stream, label)  # sizes of C types on the machine that wrote it
        references: dict[str, _Storage] = {}

        def note(reference):
            found = _storage_reference(reference)
            return references.setdefault(found.key, found) if isinstance(found, _Storage) else found

        content = load_pickle(stream, label, admitted=_ADMITTED, persistent=note, placeholders=True)
        keys = load_pickle(stream, label)
        places = {str(key): _skip_storage(stream, references[str(key)], path) for key in keys}

    def read(storage: _Storage) -> bytes:
        with path.open("rb") as stream:
            stream.seek(places[storage.key])
            return stream.read(storage.count * storage.dtype.itemsize)

    return content, read


def _skip_storage(stream: BinaryIO, storage: _Storage, path: pathlib.Path) -> int:
    """Where the numbers of the storage that comes next in `stream` begin, which is left after them."""
    (count,) = struct.unpack("<q", stream.read(8))
    if count != storage.count:
        raise ValueError(f"storage {storage.key} of {count} numbers instead of {storage.count}")
    place = stream.tell()
    if stream.seek(count * storage.dtype.itemsize, 1) > path.stat().st_size:
        raise EOFError(f"storage {storage.key} is cut short")
    return place


def _storage_reference(reference):
    if isinstance(reference, tuple) and reference[0] == "module":
        return reference[1]  # a class of the user's, with which torch once kept its source
    kind, storage_type, key, _, count = reference[:5]
    if kind != "storage":
        raise ValueError(f"a reference to {kind}")
    if len(reference) > 5 and reference[5] is not None:
        raise ValueError("a storage that is a view of another; save it again with torch >= 1.6")
    if not isinstance(storage_type, _StorageType):
        raise ValueError(f"numbers of an unknown kind, {getattr(storage_type, 'named', storage_type)}")
    return _Storage(str(key), storage_type.dtype, int(count))


def _numbers(label: str, read: Callable[[_Storage], bytes], storage: _Storage) -> np.ndarray:
    """All the numbers of a storage, as they lie there."""
    try:
        data = read(storage)
        if len(data) != storage.count * storage.dtype.itemsize:
            raise ValueError(f"storage {storage.key} has {len(data)} bytes")
    except UNREADABLE as error:
        raise damaged_pickle(label, error) from None
    return np.frombuffer(data, storage.dtype)


def _check_reach(tensor: _Tensor, name: str) -> None:
    sides, strides = tensor.shape, tensor.strides
    reach = sum((side - 1) * stride for side, stride in zip(sides, strides, strict=True))
    count = tensor.storage.count
    inside = min((tensor.offset, *strides), default=0) >= 0 and tensor.offset + reach < count
    # A stride of 0 would let a small file claim an array of any size.
    if min(sides, default=1) < 0 or (math.prod(sides) and not (inside and math.prod(sides) <= count)):
        raise ValueError(f"tensor {name} reaches outside its storage")


def _view(numbers: Callable[[_Storage], np.ndarray], tensor: _Tensor) -> np.ndarray:
    if not math.prod(tensor.shape):
        return np.empty(tensor.shape, tensor.storage.dtype)
    flat = numbers(tensor.storage)
    steps = [stride * flat.itemsize for stride in tensor.strides]
    return np.lib.stride_tricks.as_strided(flat[tensor.offset :], tensor.shape, steps).copy()
