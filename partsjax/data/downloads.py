"""Archives from the web: fetched whole, whatever interrupts it, and unpacked safely.

Requests speaks HTTP; resuming is ours. Neither tfds's download manager nor pooch resumes, and a gigabyte
over a slow line takes more than one try.
"""

import dataclasses
import hashlib
import os
import re
import shutil
import tarfile
import time
import zlib
from collections.abc import Callable
from pathlib import Path

from partsjax.errors import InputError

UnitProgress = Callable[[int, int, str, str], None]
"""Called with (done, total, what, unit) as something is prepared."""

_BLOCK = 2**16  # of a block that breaks off nothing is kept
_TRIES, _PAUSE = 5, 1.0  # in a row that bring nothing new; seconds before the next
_TIMEOUT = 60  # seconds without a byte
_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+)|bytes \*/(\d+)")
_ROOM = "make room, or give another folder"


@dataclasses.dataclass(frozen=True)
class Archive:
    """A tar archive on the web, compressed or not.

    url: its address. md5: its published checksum, or None. path: where it is kept on disk.
    """

    url: str
    md5: str | None
    path: Path

    def refused(self, what: str) -> InputError:
        """What went wrong with it, and how to go on."""
        return InputError(
            f"{self.url}: {what}; run again to resume, or fetch it by hand and put it at {self.path}"
        )


def fetch(archive: Archive, progress: UnitProgress) -> str:
    """Fetches an archive unless it is there already; one cut off resumes where it stopped.

    It gets its name only when it is whole. Until then it lies in the same folder, under another name for
    each address.

    Returns:
      Its SHA-256, hexadecimal.

    Raises:
      InputError: it cannot be had, does not fit on the disk or has another checksum than was published.
    """
    if archive.path.exists():
        md5, sha256 = _checksums(archive.path, progress)
        if archive.md5 not in (None, md5):
            published = f"{archive.md5} as published"
            raise InputError(f"{archive.path}: md5 is {md5}, not {published}; remove it and run again")
        return sha256
    address = hashlib.sha256(archive.url.encode()).hexdigest()[:8]
    part = archive.path.with_name(f"{archive.path.name}.{address}.part")
    _all_of(archive, part, progress)
    md5, sha256 = _checksums(part, progress)
    if archive.md5 not in (None, md5):
        part.unlink()  # going on from it would never do
        raise archive.refused(f"what came has md5 {md5}, not {archive.md5} as published")
    os.replace(part, archive.path)
    return sha256


def _all_of(archive: Archive, part: Path, progress: UnitProgress) -> None:
    """Makes `part` the whole file, in as many requests as bring it further."""
    import requests

    failures = 0
    while True:
        before = _size(part)
        try:
            _rest_of(archive, part, progress)
            return
        except requests.RequestException as error:
            after = _size(part)
            failures = 0 if after > before else failures + 1
            if failures == _TRIES or after == 0:
                got = f"cut off after {after:,} bytes" if after else "cannot be reached"
                raise archive.refused(f"{got} ({_reason(error)})") from error
            time.sleep(_PAUSE)
        except OSError as error:
            raise InputError(f"{part}: cannot be written ({_reason(error)}); {_ROOM}") from error


def _rest_of(archive: Archive, part: Path, progress: UnitProgress) -> None:
    """One request for what is not there yet; raises requests' exceptions where it breaks off."""
    import requests

    there = _size(part)
    # A compressed transfer would have another length than the file, and no place to go on from.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={there}-"} if there else {})
    with requests.get(archive.url, headers=headers, stream=True, timeout=_TIMEOUT) as response:
        covered = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
        if response.status_code == 416:
            if covered and covered[3] and int(covered[3]) == there:
                return  # whole already: stopped just before it got its name
            part.unlink()
            raise archive.refused(f"has no bytes beyond {there:,}; what was there was removed")
        if response.status_code == 206 and covered and covered[1] and int(covered[1]) == there:
            total = int(covered[2])
        elif response.status_code == 200:  # all of it, also where a server does not know ranges
            there, total = 0, int(response.headers.get("Content-Length", 0))
        else:
            raise archive.refused(f"the server answers {response.status_code} {response.reason}")
        require_space(archive.path.parent, total - there, archive.url)
        with part.open("ab") if there else part.open("wb") as file:
            for block in response.iter_content(_BLOCK):
                file.write(block)
                there += len(block)
                progress(there // 10**6, total // 10**6, f"downloading {archive.path.name}", "MB")


def require_space(folder: Path, size: int, what: str) -> None:
    """Raises `InputError` where a folder's disk has no room for `size` more bytes."""
    free = shutil.disk_usage(folder).free
    if size > free:
        raise InputError(
            f"{folder}: {what} needs {size / 1e9:.3f} GB there and {free / 1e9:.3f} GB are free; {_ROOM}"
        )


def unpack(archive: Archive, wanted: str, to: Path, progress: UnitProgress) -> None:
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
            require_space(to.parent, sum(member.size for member in members), f"what {archive.path} holds")
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
            f"{archive.path}: cannot be unpacked ({_reason(error)}); remove it and run again"
        ) from error
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _checksums(path: Path, progress: UnitProgress) -> tuple[str, str]:
    """MD5, as datasets publish it, and SHA-256, hexadecimal."""
    md5, sha256 = hashlib.md5(usedforsecurity=False), hashlib.sha256()
    done, total = 0, path.stat().st_size
    with open(path, "rb") as file:
        while block := file.read(_BLOCK):
            md5.update(block)
            sha256.update(block)
            done += len(block)
            progress(done // 10**6, total // 10**6, f"checking {path.name}", "MB")
    return md5.hexdigest(), sha256.hexdigest()


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _reason(error: Exception) -> str:
    """The innermost cause, in one line: what wraps it names pools and retries."""
    while True:
        inner = getattr(error, "reason", None) or (error.args[0] if error.args else None)
        if not isinstance(inner, Exception):
            text = inner if isinstance(inner, str) else str(error)
            return " ".join(text.split()) or type(error).__name__
        error = inner
