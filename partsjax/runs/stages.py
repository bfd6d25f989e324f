"""Stage cache: arrays on disk under a key that holds all they depend on."""

import dataclasses
import functools
import hashlib
import importlib.metadata
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from partsjax.errors import InputError
from partsjax.reporting.file_names import file_name
from partsjax.runs import code, sealed
from partsjax.runs.workdir import written_whole

_COMPUTING = ("jax", "jaxlib", "numpy", "scipy", "flax", "optax", "pillow")


def key(*modules: str, **depends_on: Any) -> str:
    """Hexadecimal key of a stage's result: everything it depends on, its code, and what runs that.

    Args:
      modules: whose code the stage is, with all that they import.
      depends_on: JSON-able.
    """
    text = json.dumps({"code": code.version(*modules), **environment(), **depends_on}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def modules_of(*things: Any) -> list[str]:
    """The modules of this package in which functions, or the types of objects, are written."""
    found = {thing.__module__ if callable(thing) else type(thing).__module__ for thing in things}
    return sorted(module for module in found if module.partition(".")[0] == __name__.partition(".")[0])


@functools.cache
def environment() -> dict[str, Any]:
    """What a number may depend on besides our code: versions of what computes, backend, precision."""
    import jax

    device = jax.devices()[0]
    return {
        "versions": {name: importlib.metadata.version(name) for name in _COMPUTING},
        "backend": f"{device.platform}: {device.device_kind}",
        "precision": [jax.config.jax_default_matmul_precision, jax.config.jax_enable_x64],
    }


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
        """All its arrays; None where it is not there, or was damaged, which is reported, and removed."""
        try:
            return sealed.read_sealed(self.path, self._key)
        except FileNotFoundError:
            return None
        except (sealed.Damaged, OSError) as error:
            self._say(f"note: {self.path}: damaged ({error}); computed again")
            self.path.unlink()
            return None

    def load(self, *names: str) -> list[np.ndarray]:
        """The arrays of these names, of an entry that exists.

        Raises:
          InputError: it does no longer.
        """
        try:
            return sealed.read_some(self.path, *names)
        except Exception as error:  # as `sealed.read`
            raise InputError(
                f"{self.path}: gone or damaged while in use ({error}); run the same command again"
            ) from error

    def delete(self) -> None:
        """It is there no longer, if it was."""
        self.path.unlink(missing_ok=True)

    def save(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Writes it whole and drops earlier results of the same name under other keys."""
        with written_whole(self.path) as temporary:
            sealed.write_sealed(temporary, arrays, self._key)
        earlier = re.compile(rf"{re.escape(self._name)}-[0-9a-f]{{20}}\.npz")
        for other in self._folder.iterdir():
            if other != self.path and earlier.fullmatch(other.name):
                other.unlink()
