"""The script with which pages draw their charts: Vega, Vega-Lite and Vega-Embed, the same for every page."""

import contextlib
import functools
import hashlib
import os
import tempfile
from pathlib import Path


class Bundle:
    """Made when it is first asked for, which takes more than a second of processor time; or kept in a folder.

    Attributes:
      folder: where it is kept from one process to the next, by its version. It is to be the user's alone, as
        browsers run what lies there; None: it is not kept. What is damaged there is made again.
    """

    folder: Path | None = None

    @functools.cached_property
    def text(self) -> str:
        import vl_convert

        if self.folder is None:
            return vl_convert.javascript_bundle()
        path = self.folder / f"vega-{vl_convert.__version__}.js"
        if (kept := _read(path)) is None:
            kept = vl_convert.javascript_bundle()
            _write(path, kept)
        return kept


BUNDLE = Bundle()  # of this process; commands say where it is kept


def _read(path: Path) -> str | None:
    """What was kept, whole; its hash stands before it."""
    with contextlib.suppress(OSError):
        digest, _, text = path.read_bytes().partition(b"\n")
        if digest == _digest(text):
            return text.decode()
    return None


def _write(path: Path, text: str) -> None:
    with contextlib.suppress(OSError), tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as stream:
        try:
            stream.write(_digest(text.encode()) + b"\n" + text.encode())
            stream.close()
            os.replace(stream.name, path)
        except BaseException:
            os.unlink(stream.name)
            raise


def _digest(text: bytes) -> bytes:
    return hashlib.sha256(text).hexdigest().encode()
