"""Where prepared copies of PASCAL-Part are kept by default."""

import os
import tempfile
from pathlib import Path


def default_prepared_dir(copy: str) -> Path:
    """`$TFDS_DATA_DIR`; else of these the first that holds `copy`, or the first that can be written.

    `~/tensorflow_datasets`, where tfds itself keeps what it prepares; `partsjax` in the user's cache;
    `temporary()`, for users without a home.
    """
    if asked := os.environ.get("TFDS_DATA_DIR"):
        return Path(os.path.expanduser(asked))
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    wanted = (os.path.expanduser(path) for path in ("~/tensorflow_datasets", f"{cache}/partsjax"))
    # Of a home that is not known the "~" stays.
    places = [*(Path(path) for path in wanted if os.path.isabs(path)), temporary()]
    there = next((place for place in places if os.path.isdir(place / copy)), None)
    return there or next(filter(_writable, places), places[-1])


def temporary() -> Path:
    """This user's folder among the system's temporary files."""
    return Path(tempfile.gettempdir()) / f"partsjax-{os.getuid()}"


def _writable(place: Path) -> bool:
    nearest = next(folder for folder in (place, *place.parents) if os.path.lexists(folder))
    return os.path.isdir(nearest) and os.access(nearest, os.W_OK | os.X_OK)
