"""One process at a time in a folder."""

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from partsjax.errors import InputError


@contextlib.contextmanager
def locked(folder: Path, fix: str) -> Iterator[None]:
    """Makes the folder where there is none, and waits until no other process has it locked.

    Raises:
      InputError: nothing can be written there, or locked; `fix` says what else to do.
    """
    with contextlib.ExitStack() as stack:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock = stack.enter_context(open(folder / "lock", "wb"))
        except OSError as error:
            raise InputError(f"{folder}: cannot write there ({error.strerror}); {fix}") from error
        take(lock, folder, fix)
        yield


def take(lock: IO, folder: Path, fix: str, *, wait: bool = True) -> None:
    """Locks a folder's open file; the lock goes when it is closed, or with the process.

    Raises:
      BlockingIOError: another process has it, where this one does not `wait`.
      InputError: the file system has no locks.
    """
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        raise
    except OSError as error:
        raise InputError(
            f"{folder}: cannot be locked ({error.strerror}), as on a file system without flock; {fix}"
        ) from error
