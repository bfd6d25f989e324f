"""Pickles of plain data, read without ever running what is in them.

A pickle may name any function and have it called. Here only a handful of names is admitted, each
answered by a function of our own that does the one thing the name is for; any other name is
refused before anything is called.
"""

import codecs
import collections
import io
import pickle
import struct
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

import numpy as np

from partsjax.errors import BadInput

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


def _empty_array(cls: type, shape: tuple[int, ...], typecode: bytes) -> np.ndarray:
    # NumPy pickles an empty array and fills it afterwards, whatever shape is written here.
    return np.empty((0,), np.int8)


def _scalar(dtype: np.dtype, data: bytes) -> np.generic:
    if dtype.hasobject:
        raise pickle.UnpicklingError("a scalar of objects")
    return np.frombuffer(data, dtype, count=1)[0]


def _encode(text: str, encoding: str) -> bytes:
    # Protocol 2 has no bytes: they are written as text with this call around it.
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"text encoded as {encoding}")
    return codecs.latin_1_encode(text)[0]


def _no_bytes() -> bytes:
    return b""


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
}
"""What pickled arrays are made of."""


class _Unpickler(pickle.Unpickler):
    def __init__(self, stream: BinaryIO, label: str, admitted: Admitted, persistent: Callable | None):
        super().__init__(stream)
        self.label = label
        self.admitted = admitted
        self.persistent = persistent

    def find_class(self, module: str, name: str):
        if (module, name) not in self.admitted:
            raise BadInput(
                f"{self.label}: carries code ({module}.{name}) and was not run; "
                "save the weights alone, as arrays or tensors by name"
            )
        return self.admitted[module, name]

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
) -> Any:
    """The next pickle of `stream`, made of plain data alone.

    Args:
      stream: open at the pickle's first byte; left after its last one.
      label: the file's name, for messages.
      admitted: (module, name) as written in the pickle -> what stands in for it.
      persistent: answers references to data outside the pickle.

    Raises:
      BadInput: the pickle names anything not admitted (nothing of it is run), or is damaged.
    """
    stream = io.BytesIO(stream) if isinstance(stream, bytes) else stream
    try:
        return _Unpickler(stream, label, admitted, persistent).load()
    except DAMAGE as error:
        raise damaged(label, error) from None


def damaged(label: str, error: Exception) -> BadInput:
    """The error for a file cut short or overwritten; the fix is to fetch it again."""
    reason = " ".join(str(error).split())[:120] or type(error).__name__
    return BadInput(f"{label}: damaged or cut short ({reason}); fetch or save it again")
