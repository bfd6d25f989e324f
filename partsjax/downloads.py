"""Files from the web: fetched whole, whatever interrupts it, and checked.

Requests speaks HTTP; resuming is ours. Neither tfds's download manager nor pooch resumes, and a gigabyte
over a slow line takes more than one try.
"""

import dataclasses
import hashlib
import os
import re
import shutil
import time
from pathlib import Path

from partsjax.errors import InputError
from partsjax.progress import UnitProgress

_BLOCK = 2**16  # of a block that breaks off nothing is kept
_TRIES, _PAUSE = 5, 1.0  # in a row that bring nothing new; seconds before the next
_TIMEOUT = 60  # seconds without a byte
_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+)|bytes \*/(\d+)")


@dataclasses.dataclass(frozen=True)
class Download:
    """A file on the web.

    url: its address. path: where it is kept on disk.
    md5, sha256: its published checksums, hexadecimal, or how they begin; "" where none is published.
    elsewhere: how another folder is chosen, as "give another --data_dir".
    """

    url: str
    path: Path
    md5: str = ""
    sha256: str = ""
    elsewhere: str = "give another folder"

    def wrong(self, md5: str, sha256: str) -> str:
        """What of a file's checksums is not as published; "" where all is."""
        for kind, found, published in (("md5", md5, self.md5), ("sha256", sha256, self.sha256)):
            if not found.startswith(published):
                return f"{kind} {found}, not {published} as published"
        return ""

    def refused(self, what: str) -> InputError:
        """What went wrong with it, and how to go on."""
        return InputError(
            f"{self.url}: {what}; run again to resume, or fetch it by hand and put it at {self.path}"
        )


def fetch(download: Download, progress: UnitProgress) -> str:
    """Fetches a file unless it is there already; one cut off resumes where it stopped.

    It gets its name only when it is whole. Until then it lies in the same folder, under another name for
    each address.

    Returns:
      Its SHA-256, hexadecimal.

    Raises:
      InputError: it cannot be had, does not fit on the disk or has another checksum than was published.
    """
    if download.path.exists():
        md5, sha256 = _checksums(download.path, progress)
        if wrong := download.wrong(md5, sha256):
            raise InputError(f"{download.path}: has {wrong}; remove it and run again")
        return sha256
    address = hashlib.sha256(download.url.encode()).hexdigest()[:8]
    part = download.path.with_name(f"{download.path.name}.{address}.part")
    _all_of(download, part, progress)
    md5, sha256 = _checksums(part, progress)
    if wrong := download.wrong(md5, sha256):
        part.unlink()  # going on from it would never do
        raise download.refused(f"what came has {wrong}")
    os.replace(part, download.path)
    return sha256


def _all_of(download: Download, part: Path, progress: UnitProgress) -> None:
    """Makes `part` the whole file, in as many requests as bring it further."""
    import requests

    failures = 0
    while True:
        before = _size(part)
        try:
            _rest_of(download, part, progress)
            return
        except requests.RequestException as error:
            after = _size(part)
            failures = 0 if after > before else failures + 1
            if failures == _TRIES or after == 0:
                got = f"cut off after {after:,} bytes" if after else "cannot be reached"
                raise download.refused(f"{got} ({reason(error)})") from error
            time.sleep(_PAUSE)
        except OSError as error:
            raise InputError(
                f"{part}: cannot be written ({reason(error)}); make room, or {download.elsewhere}"
            ) from error


def _rest_of(download: Download, part: Path, progress: UnitProgress) -> None:
    """One request for what is not there yet; raises requests' exceptions where it breaks off."""
    import requests

    there = _size(part)
    # A compressed transfer would have another length than the file, and no place to go on from.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={there}-"} if there else {})
    with requests.get(download.url, headers=headers, stream=True, timeout=_TIMEOUT) as response:
        covered = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
        if response.status_code == 416:
            if covered and covered[3] and int(covered[3]) == there:
                return  # whole already: stopped just before it got its name
            part.unlink()
            raise download.refused(f"has no bytes beyond {there:,}; what was there was removed")
        if response.status_code == 206 and covered and covered[1] and int(covered[1]) == there:
            total = int(covered[2])
        elif response.status_code == 200:  # all of it, also where a server does not know ranges
            there, total = 0, int(response.headers.get("Content-Length", 0))
        else:
            raise download.refused(f"the server answers {response.status_code} {response.reason}")
        require_space(download.path.parent, total - there, download.url, download.elsewhere)
        with part.open("ab") if there else part.open("wb") as file:
            for block in response.iter_content(_BLOCK):
                file.write(block)
                there += len(block)
                progress(there // 10**6, total // 10**6, f"downloading {download.path.name}", "MB")


def require_space(folder: Path, size: int, what: str, elsewhere: str) -> None:
    """Raises `InputError` where a folder's disk has no room for `size` more bytes; see `Download`."""
    free = shutil.disk_usage(folder).free
    if size > free:
        raise InputError(
            f"{folder}: {what} needs {size / 1e9:.3f} GB there and {free / 1e9:.3f} GB are free; "
            f"make room, or {elsewhere}"
        )


def _checksums(path: Path, progress: UnitProgress) -> tuple[str, str]:
    """MD5 and SHA-256, hexadecimal."""
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


def reason(error: Exception) -> str:
    """The innermost cause, in one line: what wraps it names pools and retries."""
    while True:
        inner = getattr(error, "reason", None) or (error.args[0] if error.args else None)
        if not isinstance(inner, Exception):
            text = inner if isinstance(inner, str) else str(error)
            return " ".join(text.split()) or type(error).__name__
        error = inner
