"""Pickles of plain data, read without ever running what is in them.

A pickle may name any function and have it called. Here only a handful of names is admitted, each
answered by a function of our own that does the one thing the name is for. For any other name there
are two ways: the file is refused before anything is called, or an inert `Placeholder` stands in,
which takes whatever is done with it and does nothing. Nothing that a pickle names is ever imported.
"""

import codecs
import collections
import io
import pickle
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

import numpy as np

from partsjax.errors import InputError

Admitted = Mapping[tuple[str, str], Callable[..., Any] | type]

DAMAGE = (
    pickle.UnpicklingError,
    EOFError,
    AttributeError,
    KeyError,
    IndexError,
    TypeError,
    ValueError,
    OverflowError,
    MemoryError,
    RecursionError,
    struct.error,
)
"""What the standard library raises on a pickle cut short or overwritten."""
UNREADABLE = (zipfile.BadZipFile, zlib.error, OSError, RuntimeError, *DAMAGE)
"""What it and h5py raise on archives and files that are."""


def _empty_array(cls: type, shape: tuple[int, ...], typecode: bytes) -> np.ndarray:
    # NumPy pickles an empty array and fills it afterwards, whatever shape is written here.
    return np.empty((0,), np.int8)


def _scalar(dtype: np.dtype, data: bytes | str) -> np.generic:
    if dtype.hasobject:
        raise pickle.UnpicklingError("a scalar of objects")
    data = data.encode("latin1") if isinstance(data, str) else data  # Python 2's strings
    return np.frombuffer(data, dtype, count=1)[0]


def _encode(text: str, encoding: str) -> bytes:
    # Protocol 2 has no bytes: they are written as text with this call around it.
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"text encoded as {encoding}")
    return codecs.latin_1_encode(text)[0]


def _no_bytes() -> bytes:
    return b""


def _default_dict(*_) -> dict:
    return {}


def _from_buffer(data, dtype: np.dtype, shape: tuple[int, ...], order: str) -> np.ndarray:
    return np.frombuffer(data, dtype).reshape(shape, order=order)


NUMPY: Admitted = {
    **{
        (f"{package}.{module}", name): function
        for package in ("numpy.core", "numpy._core")
        for module, name, function in (
            ("multiarray", "_reconstruct", _empty_array),
            ("multiarray", "scalar", _scalar),
            ("numeric", "_frombuffer", _from_buffer),
        )
    },
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("_codecs", "encode"): _encode,
    ("__builtin__", "bytes"): _no_bytes,
    ("builtins", "bytes"): _no_bytes,
    ("collections", "OrderedDict"): collections.OrderedDict,
    ("collections", "defaultdict"): _default_dict,
}
"""What pickled arrays are made of."""


class Placeholder:
    """Stands in for an object of a class, or the result of a function, that is not admitted.

    It keeps what the pickle puts into it, for a reader to look through: `state`, of an object;
    `items`, of a mapping or list; `arguments`. `named` is what it stands for.
    """

    __slots__ = ("arguments", "items", "state")
    named = ""

    def __new__(cls, *arguments, **_):
        made = super().__new__(cls)
        made.arguments, made.items, made.state = arguments, {}, None
        return made

    def __init__(self, *_, **__):
        pass

    def __call__(self, *arguments):
        return Placeholder(*arguments)

    def __setstate__(self, state):
        self.state = state

    def __setitem__(self, key, value):
        self.items[key] = value

    def append(self, value):
        self.items[len(self.items)] = value

    def extend(self, values):
        for value in values:
            self.append(value)

    add = append


class _Unpickler(pickle.Unpickler):
    def __init__(
        self,
        stream: BinaryIO,
        label: str,
        admitted: Admitted,
        persistent: Callable | None,
        placeholders: bool,
    ):
        # Python 2 wrote its strings as bytes; latin1 takes any, and NumPy takes its numbers from it.
        super().__init__(stream, encoding="latin1")
        self.label = label
        self.admitted = admitted
        self.persistent = persistent
        self.placeholders = placeholders

    def find_class(self, module: str, name: str):
        if (module, name) in self.admitted:
            return self.admitted[module, name]
        if self.placeholders:
            return type("Placeholder", (Placeholder,), {"__slots__": (), "named": f"{module}.{name}"})
        raise InputError(
            f"{self.label}: carries code ({module}.{name}) and was not run; "
            "save the weights alone, as arrays or tensors by name"
        )

    def persistent_load(self, reference):
        if self.persistent is None:
            raise pickle.UnpicklingError("a reference to outside the pickle")
        return self.persistent(reference)


def load_pickle(
    stream: BinaryIO | bytes,
    label: str,
    *,
    admitted: Admitted = NUMPY,
    persistent: Callable[[Any], Any] | None = None,
    placeholders: bool = False,
) -> Any:
    """The next pickle of `stream`, made of plain data alone; nothing that it names is run.

    Args:
      stream: open at the pickle's first byte; left after its last one.
      label: the file's name, for messages.
      admitted: (module, name) as written in the pickle -> what stands in for it.
      persistent: answers references to data outside the pickle.
      placeholders: a `Placeholder` stands in for what is not admitted; else that is refused.

    Raises:
      InputError: the pickle names anything not admitted (without `placeholders`), or is damaged.
    """
    stream = io.BytesIO(stream) if isinstance(stream, bytes) else stream
    try:
        return _Unpickler(stream, label, admitted, persistent, placeholders).load()
    except DAMAGE as error:
        raise damaged_pickle(label, error) from None


def damaged_pickle(label: str, error: Exception) -> InputError:
    """The error for a file cut short or overwritten; the fix is to fetch it again."""
    reason = " ".join(str(error).split())[:120] or type(error).__name__
    return InputError(f"{label}: damaged or cut short ({reason}); fetch or save it again")
