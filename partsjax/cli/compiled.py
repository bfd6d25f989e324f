"""Code that is compiled once, and kept for all later runs of commands."""

import contextlib
import glob
import itertools
import re
import warnings
from pathlib import Path

import jax

from partsjax.cache_folder import own_folder

MOST_KEPT = 1 << 30  # bytes that are kept; a network's kernels are half a megabyte on processors
_UNUSABLE = re.compile(r"Error (?:reading|writing) persistent compilation cache entry for '(.+?)'")


def keep_compiled() -> None:
    """Lets JAX keep all that it compiles in `compiled` of the user's cache folder, before it compiles.

    JAX keys an entry by the program, its own version, and the device with its features, so that machines can
    share a home. A cache that the user has chosen (JAX_COMPILATION_CACHE_DIR) stays as it is. Nothing is
    kept where the folder cannot be written, or is not the user's alone: what lies there is run.
    """
    if jax.config.jax_compilation_cache_dir is not None:
        return
    folder = own_folder("compiled")
    if folder is None:
        return
    _drop_least_used(folder)
    _drop_unusable(folder)
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)


def _drop_least_used(folder: Path) -> None:
    """What is over `MOST_KEPT` bytes; JAX's own limit needs a lock, and a further package."""
    with contextlib.suppress(OSError):  # another run is at it too
        files = [(path, path.stat()) for path in folder.rglob("*") if path.is_file()]
        files.sort(key=lambda file: -max(file[1].st_atime, file[1].st_mtime))
        sizes = itertools.accumulate(found.st_size for _, found in files)
        for (path, _), size in zip(files, sizes, strict=True):
            if size > MOST_KEPT:
                path.unlink(missing_ok=True)


def _drop_unusable(folder: Path) -> None:
    """Entries that JAX cannot read, or write whole, go, where it would only warn of them at every run."""
    show = warnings.showwarning

    def without(message, *more, **named):
        if (found := _UNUSABLE.match(str(message))) is None:
            return show(message, *more, **named)
        for entry in folder.glob(f"{glob.escape(found[1])}-*"):
            with contextlib.suppress(OSError):
                entry.unlink()

    warnings.showwarning = without
