"""Archives unpacked safely: whole or not at all, and nowhere but where they should be."""

import os
import shutil
import tarfile
import zlib
from pathlib import Path

from partsjax.downloads import Download, reason, require_space
from partsjax.errors import InputError
from partsjax.progress import UnitProgress


def unpack(archive: Download, wanted: str, to: Path, progress: UnitProgress) -> None:
    """Unpacks an archive, and puts its folder called `wanted` at `to` once it is whole.

    Raises:
      InputError: it is damaged, holds anything but files and folders within it, has no such folder, or does
        not fit on the disk.
    """
    place = to.parent / f".{to.name}.unpacking"
    shutil.rmtree(place, ignore_errors=True)  # of a run that was stopped
    to.parent.mkdir(parents=True, exist_ok=True)
    try:
        with tarfile.open(archive.path) as tar:
            members = tar.getmembers()
            require_space(
                to.parent,
                sum(member.size for member in members),
                f"what {archive.path} holds",
                archive.elsewhere,
            )
            for number, member in enumerate(members, 1):
                if not (member.isfile() or member.isdir()) or os.path.isabs(member.name):
                    raise tarfile.ReadError(f"{member.name!r} is neither a file nor a folder in it")
                tar.extract(member, place, filter="data")  # which refuses what would lie outside
                progress(number, len(members), f"unpacking {archive.path.name}", "files")
        found = min(place.rglob(wanted), key=lambda folder: len(folder.parts), default=None)
        if found is None:
            raise InputError(f"{archive.path}: holds no folder {wanted}; put the published archive there")
        os.replace(found, to)
    except (tarfile.TarError, zlib.error, EOFError, OSError) as error:
        raise InputError(
            f"{archive.path}: cannot be unpacked ({reason(error)}); remove it and run again"
        ) from error
    finally:
        shutil.rmtree(place, ignore_errors=True)
