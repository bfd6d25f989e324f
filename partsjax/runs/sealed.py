"""Arrays in a file that shows every change made to it: an .npz with a digest of all it holds."""

import hashlib
import io
import threading
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

_SEAL = "seal"

# NumPy reads headers through `ast`, which in Python 3.11 fails now and then when two threads use it.
_loading = threading.Lock()


class Damaged(Exception):
    """A file is not what was written; says in a few words what is wrong."""


def write_sealed(path: Path, arrays: Mapping[str, np.ndarray], what: str = "") -> None:
    """what: names the content; to be given again when it is read."""
    with open(path, "wb") as file:
        np.savez(file, **{_SEAL: np.array(_seal(arrays, what))}, **arrays)


def read_sealed(path: Path, what: str = "") -> dict[str, np.ndarray]:
    """All the arrays.

    Raises:
      FileNotFoundError: there is no such file.
      Damaged: not a byte of it is to be trusted.
    """
    content = io.BytesIO(path.read_bytes())
    try:
        with zipfile.ZipFile(content) as archive:
            bad = archive.testzip()  # before NumPy believes a header
        if bad is not None:
            raise Damaged(f"bad checksum of {bad}")
        content.seek(0)
        with _loading, np.load(content, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except Damaged:
        raise
    except Exception as error:  # zipfile, zlib and NumPy raise almost anything
        raise Damaged(" ".join(str(error).split()) or type(error).__name__) from error
    seal = arrays.pop(_SEAL, None)
    if seal is None or str(seal) != _seal(arrays, what):
        raise Damaged("not the content it was written with")
    return arrays


def read_some(path: Path, *names: str) -> list[np.ndarray]:
    """Some arrays of a file that has been read whole before: the seal is not looked at again."""
    with _loading, np.load(path, allow_pickle=False) as file:
        return [file[name] for name in names]


def _seal(arrays: Mapping[str, np.ndarray], what: str) -> str:
    digest = hashlib.blake2b(what.encode(), digest_size=16)
    for name in sorted(arrays):
        array = np.asarray(arrays[name])
        digest.update(f"\0{name}\0{array.dtype.str}\0{array.shape}\0".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()
