"""A run's folder: one run at a time, one set of options, whole files only."""

import contextlib
import errno
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from partsjax.errors import InputError
from partsjax.locks import take

_UNFINISHED = ".unfinished-"


@contextlib.contextmanager
def written_whole(path: Path, *, durable: bool = False) -> Iterator[Path]:
    """Yields a temporary path next to `path` and moves it there when the block ends well.

    A reader sees the old file or the new one, never half of one. `durable` also waits until the
    bytes are on the disk.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{_UNFINISHED}{path.name}")
    try:
        yield temporary
        if durable:
            with open(temporary, "rb") as file:
                os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def unfinished(folder: Path) -> Iterator[Path]:
    """Yields an empty folder next to `folder` that takes its place when the block ends well."""
    temporary = folder.with_name(f"{_UNFINISHED}{folder.name}")
    temporary.mkdir()
    try:
        yield temporary
        shutil.rmtree(folder, ignore_errors=True)
        temporary.rename(folder)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def write_json(path: Path, content: Any) -> None:
    with written_whole(path, durable=True) as temporary:
        temporary.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def read_json(path: Path) -> Any:
    """Raises FileNotFoundError or ValueError."""
    return json.loads(path.read_text(encoding="utf-8"))


@contextlib.contextmanager
def plain_errors(folder: Path) -> Iterator[None]:
    """Turns what can go wrong with a disk into one line that names the fix."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise InputError(
                f"{folder}: the disk is full; what was finished is kept: free some space and run the same "
                "command again"
            ) from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            where = Path(os.fsdecode(error.filename or folder))
            ours = where == folder or folder in where.parents
            fix = "choose another folder" if ours else "get the right to use it"
            raise InputError(f"{where}: not permitted ({error.strerror}); {fix}") from error
        if error.errno == errno.ENAMETOOLONG:
            raise InputError(
                f"{error.filename or folder}: {error.strerror}; choose a shorter --workdir"
            ) from error
        raise


def make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return
    except (FileExistsError, NotADirectoryError):
        at = next(p for p in (folder, *folder.parents) if os.path.lexists(p) and not p.is_dir())
        why = f"{at} is {'a link to what is not there' if at.is_symlink() else 'a file'}"
    except OSError as error:
        why = error.strerror
    raise InputError(f"{folder}: cannot be made, {why}; choose another folder")


@contextlib.contextmanager
def locked_folder(folder: Path) -> Iterator[Path]:
    """Locks a run's folder for this process; it is made if it is not there.

    The lock goes with the process, however it ends. Files left unfinished are removed.

    Raises:
      InputError: it cannot be made, another process has it, or its file system has no locks.
    """
    with plain_errors(folder):
        make_folder(folder)
        with open(folder / "lock", "ab") as lock:
            try:
                take(lock, folder, "choose a folder on another one, or mount it with flock", wait=False)
            except BlockingIOError:
                raise InputError(
                    f"{folder}: another run is using this folder; wait for it or choose another folder"
                ) from None
            for left_over in list(folder.rglob(f"{_UNFINISHED}*")):
                if left_over.is_dir():
                    shutil.rmtree(left_over)
                else:
                    left_over.unlink()
            yield folder


def claim(folder: Path, options: dict[str, Any]) -> None:
    """Checks that a folder was made with the same options; a new one is made for them.

    To be called once the options are known to name things that exist: a mistyped name must not
    claim the folder against its own correction.

    Args:
      options: JSON-able; whatever decides the run's results.

    Raises:
      InputError: it was made with other options; the line names them.
    """
    path = folder / "options.json"
    options = json.loads(json.dumps(options))
    if not path.exists():
        write_json(path, options)
        return
    try:
        before = read_json(path)
    except ValueError:
        raise InputError(f"{path}: not JSON; choose another --workdir, or delete this folder") from None
    changed = [
        f"{name}: {before.get(name)!r} then, {options.get(name)!r} now"
        for name in sorted(before.keys() | options.keys())
        if before.get(name) != options.get(name)
    ]
    if changed:
        raise InputError(
            f"{folder}: made with other options ({'; '.join(changed)}); choose another --workdir, or "
            "delete this folder"
        )
