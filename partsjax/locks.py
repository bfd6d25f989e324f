"""One process at a time in a folder; the others wait."""

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path

from partsjax.errors import InputError


@contextlib.contextmanager
def locked(folder: Path, fix: str) -> Iterator[None]:
    """Makes the folder where there is none, and waits until no other process has it locked.

    Raises:
      InputError: nothing can be written there; `fix` says what else to do.
    """
    with contextlib.ExitStack() as stack:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock = stack.enter_context(open(folder / "lock", "wb"))
        except OSError as error:
            raise InputError(f"{folder}: cannot write there ({error.strerror}); {fix}") from error
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
