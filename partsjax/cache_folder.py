"""The folder of ours in the user's cache."""

import os
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
