"""The folder of ours in the user's cache."""

import os
import stat
from pathlib import Path

from partsjax.errors import InputError


def cache_folder(name: str) -> Path:
    """A folder in `$PARTSJAX_CACHE`, by default in `partsjax` of the user's cache; it may not be there.

    Raises:
      InputError: no home folder is known.
    """
    own = os.environ.get("PARTSJAX_CACHE")
    cache = Path(own or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache", "partsjax"))
    try:
        return cache.expanduser() / name
    except RuntimeError:
        raise InputError(f"{cache}: no home folder is known; set PARTSJAX_CACHE to another folder") from None


def own_folder(name: str) -> Path | None:
    """`cache_folder`, made where it is not there, to keep in it what is run.

    None where it cannot be made, or where others than the user could write to it.
    """
    try:
        folder = cache_folder(name)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.stat()
    except (InputError, OSError):
        return None
    own = found.st_uid == os.getuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return folder if own else None
