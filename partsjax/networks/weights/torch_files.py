"""torch's .pth, without torch: the zip archive of today and the stream of pickles of before 1.6."""

import dataclasses
import math
import pathlib
import struct
import zipfile
from collections.abc import Callable
from typing import BinaryIO

import jax.numpy as jnp
import numpy as np

from partsjax.errors import BadInput
from partsjax.networks.weights.naming import by_name
from partsjax.networks.weights.pickles import DAMAGE, NUMPY, Admitted, damaged, load_pickle
from partsjax.networks.weights.tensors import WeightFile

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


def _parameter(tensor, *_) -> _Tensor:
    return tensor


def _shape(sides=()) -> tuple[int, ...]:
    return tuple(sides)


_ADMITTED: Admitted = {
    **NUMPY,
    **{("torch", name): _StorageType(dtype) for name, dtype in _STORAGES.items()},
    ("torch._utils", "_rebuild_tensor"): _tensor,
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    ("torch._utils", "_rebuild_parameter"): _parameter,
    ("torch", "Size"): _shape,
}


def read_pth(path: pathlib.Path) -> WeightFile:
    """The tensors of a `.pth`: a state dict, or a checkpoint that holds one as `state_dict`.

    Raises:
      BadInput: damaged, it carries code, or there is no state dict in it.
    """
    try:
        with path.open("rb") as stream:
            tensors = _read_zip(path) if zipfile.is_zipfile(stream) else _read_stream(path)
    except (zipfile.BadZipFile, OSError, *DAMAGE) as error:
        raise damaged(str(path), error) from None
    return by_name(str(path), tensors)


def _read_zip(path: pathlib.Path) -> dict[str, np.ndarray]:
    with zipfile.ZipFile(path) as archive:
        pickles = [name for name in archive.namelist() if name.rpartition("/")[2] == "data.pkl"]
        if len(pickles) != 1:
            raise BadInput(f"{path}: a zip archive, but not torch's (no data.pkl); save it with torch.save")
        folder = pickles[0].removesuffix("data.pkl")
        order = f"{folder}byteorder"
        if order in archive.namelist() and archive.read(order) != b"little":
            raise BadInput(f"{path}: written on a big-endian machine; save it again on a little-endian one")
        content = load_pickle(
            archive.read(pickles[0]), str(path), admitted=_ADMITTED, persistent=_storage_reference
        )
        return _arrays(path, content, lambda storage: archive.read(f"{folder}data/{storage.key}"))


def _read_stream(path: pathlib.Path) -> dict[str, np.ndarray]:
    label = str(path)
    with path.open("rb") as stream:
        if load_pickle(stream, label) != _MAGIC:
            raise BadInput(f"{path}: not a file of torch.save; save the state dict with torch.save")
        version = load_pickle(stream, label)
        if version != _STREAM_VERSION:
            raise BadInput(f"{path}: torch.save version {version} is unknown; save it with torch >= 1.6")
        load_pickle(stream, label)  # sizes of C types on the machine that wrote it
        references: dict[str, _Storage] = {}

        def note(reference):
            storage = _storage_reference(reference)
            return references.setdefault(storage.key, storage)

        content = load_pickle(stream, label, admitted=_ADMITTED, persistent=note)
        keys = load_pickle(stream, label)
        storages = {key: _read_storage(stream, references[key]) for key in keys}
    return _arrays(path, content, lambda storage: storages[storage.key])


def _read_storage(stream: BinaryIO, storage: _Storage) -> bytes:
    (count,) = struct.unpack("<q", stream.read(8))
    if count != storage.count:
        raise ValueError(f"storage {storage.key} of {count} numbers instead of {storage.count}")
    return stream.read(count * storage.dtype.itemsize)


def _storage_reference(reference) -> _Storage:
    kind, storage_type, key, _, count = reference[:5]
    if kind != "storage" or not isinstance(storage_type, _StorageType):
        raise ValueError(f"a reference to {kind}")
    if len(reference) > 5 and reference[5] is not None:
        raise ValueError("a storage that is a view of another; save it again with torch >= 1.6")
    return _Storage(str(key), storage_type.dtype, int(count))


def _arrays(path: pathlib.Path, content, read: Callable[[_Storage], bytes]) -> dict[str, np.ndarray]:
    """The numbers of every tensor in the state dict of `content`."""
    for key in ("state_dict", "model_state_dict", "model"):
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
    if not isinstance(content, dict) or not any(isinstance(value, _Tensor) for value in content.values()):
        raise BadInput(f"{path}: holds no state dict; save one with torch.save(model.state_dict(), path)")
    storages: dict[str, np.ndarray] = {}
    arrays = {}
    for name, tensor in content.items():
        if not isinstance(tensor, _Tensor):
            continue
        storage = tensor.storage
        if storage.key not in storages:
            data = read(storage)
            if len(data) != storage.count * storage.dtype.itemsize:
                raise ValueError(f"storage {storage.key} has {len(data)} bytes")
            storages[storage.key] = np.frombuffer(data, storage.dtype)
        arrays[str(name)] = _view(storages[storage.key], tensor, str(name))
    return arrays


def _view(numbers: np.ndarray, tensor: _Tensor, name: str) -> np.ndarray:
    sides, strides = tensor.shape, tensor.strides
    reach = sum((side - 1) * stride for side, stride in zip(sides, strides, strict=True))
    inside = min((tensor.offset, *strides), default=0) >= 0 and tensor.offset + reach < numbers.size
    # A stride of 0 would let a small file claim an array of any size.
    if min(sides, default=1) < 0 or (math.prod(sides) and not (inside and math.prod(sides) <= numbers.size)):
        raise ValueError(f"tensor {name} reaches outside its storage")
    if not math.prod(sides):
        return np.empty(sides, numbers.dtype)
    steps = [stride * numbers.itemsize for stride in strides]
    return np.lib.stride_tricks.as_strided(numbers[tensor.offset :], sides, steps).copy()
