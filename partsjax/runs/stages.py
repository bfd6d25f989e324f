"""Stage cache: arrays on disk under a key that holds all they depend on."""

import functools
import hashlib
import json
import threading
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import partsjax
from partsjax.runs.workdir import written_whole

# The rooms whose code decides every stage's numbers; an edit to any of them makes all keys new.
_ROOMS = ("ops", "networks", "data", "emergence")

# NumPy reads headers through `ast`, which in Python 3.11 fails now and then when two threads use it.
_loading = threading.Lock()


@functools.cache
def code_version(*more: str) -> str:
    """Hash of the source of everything that computes numbers; more: rooms that some stages use besides."""
    root = Path(partsjax.__file__).parent
    digest = hashlib.sha256()
    for room in (*_ROOMS, *more):
        for path in sorted((root / room).rglob("*.py")):
            digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def key(rooms: Sequence[str] = (), **depends_on: Any) -> str:
    """Hexadecimal key of a stage's result: everything it depends on, and the code.

    Args:
      rooms: of the code besides those that every stage's numbers come from, as "discriminativeness".
      depends_on: JSON-able.
    """
    text = json.dumps({"code": code_version(*rooms), **depends_on}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


class Entry:
    """One result of a stage: `folder/name-KEY.npz`."""

    def __init__(self, folder: Path, name: str, key: str):
        self._folder, self._name = folder, name
        self.path = folder / f"{name}-{key[:20]}.npz"

    def exists(self) -> bool:
        """Whether it is there and whole; a damaged file is removed."""
        if not self.path.exists():
            return False
        try:
            with zipfile.ZipFile(self.path) as archive:
                archive.namelist()
        except (zipfile.BadZipFile, OSError):
            self.path.unlink()
            return False
        return True

    def load(self, *names: str) -> dict[str, np.ndarray]:
        """All its arrays, or those of the given names."""
        with _loading, np.load(self.path, allow_pickle=False) as file:
            return {name: file[name] for name in names or file.files}

    def save(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Writes it whole and drops earlier results of the same name under other keys."""
        with written_whole(self.path) as temporary, open(temporary, "wb") as file:
            np.savez(file, **arrays)
        for other in self._folder.glob(f"{self._name}-*.npz"):
            if other != self.path:
                other.unlink()
