"""Stage cache: arrays on disk under a key that holds all they depend on."""

import dataclasses
import functools
import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import partsjax
from partsjax.errors import BadInput
from partsjax.reporting.file_names import file_name
from partsjax.runs import sealed
from partsjax.runs.workdir import written_whole

# The rooms whose code decides every stage's numbers; an edit to any of them makes all keys new.
_ROOMS = ("ops", "networks", "data", "emergence")


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


@dataclasses.dataclass(frozen=True)
class Cache:
    """A folder of stages' results, whatever they are called; `say` tells the user of a damaged one."""

    folder: Path
    say: Callable[[str], None]

    def __truediv__(self, name: str) -> "Cache":
        return Cache(self.folder / file_name(name), self.say)

    def entry(self, name: str, key: str) -> "Entry":
        return Entry(self.folder, file_name(name), key, self.say)


class Entry:
    """One result of a stage: `folder/NAME-KEY.npz`."""

    def __init__(self, folder: Path, name: str, key: str, say: Callable[[str], None]):
        """name: safe as a file's."""
        self._folder, self._name, self._key, self._say = folder, name, key, say
        self.path = folder / f"{name}-{key[:20]}.npz"

    def exists(self) -> bool:
        """Whether it is there and whole, to the byte; a damaged file is removed."""
        return self.found() is not None

    def found(self) -> dict[str, np.ndarray] | None:
        """All its arrays; None where it is not there, or was damaged, said aloud and removed."""
        try:
            return sealed.read(self.path, self._key)
        except FileNotFoundError:
            return None
        except (sealed.Damaged, OSError) as error:
            self._say(f"note: {self.path}: damaged ({error}); computed again")
            self.path.unlink()
            return None

    def load(self, *names: str) -> list[np.ndarray]:
        """The arrays of these names, of an entry that exists.

        Raises:
          BadInput: it does no longer.
        """
        try:
            return sealed.read_some(self.path, *names)
        except Exception as error:  # as `sealed.read`
            raise BadInput(
                f"{self.path}: gone or damaged while in use ({error}); run the same command again"
            ) from error

    def save(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Writes it whole and drops earlier results of the same name under other keys."""
        with written_whole(self.path) as temporary:
            sealed.write(temporary, arrays, self._key)
        earlier = re.compile(rf"{re.escape(self._name)}-[0-9a-f]{{20}}\.npz")
        for other in self._folder.iterdir():
            if other != self.path and earlier.fullmatch(other.name):
                other.unlink()
