"""Who computes which run: files in a folder that all workers share, also over NFS.

A claim is the file SLUG.N, made where there was none (O_EXCL), which of several workers one alone can do. Its
time of change, set by its worker every few seconds, says that the worker lives. One that has been silent for
too long is taken over by making SLUG.N+1, which again one alone can do; who finds a later number than its own
has lost the run. Ages are differences of times that the file server set: clocks of machines may differ.
"""

import contextlib
import dataclasses
import json
import os
import socket
import time
from pathlib import Path

BEATS = 6  # signs of life within the time after which a worker counts as lost


def this_worker() -> str:
    """The machine and the process."""
    return f"{socket.gethostname()}:{os.getpid()}"


@dataclasses.dataclass(frozen=True)
class Holder:
    """Whose a claim is.

    since: when it was made, seconds since 1970; silent: seconds without a sign of life; lost: too many.
    """

    worker: str
    since: float
    silent: float
    lost: bool


@dataclasses.dataclass(frozen=True)
class Claim:
    """A run that is this worker's."""

    path: Path

    def beat(self) -> bool:
        """Gives a sign of life; False where another worker has taken over."""
        try:
            os.utime(self.path)
        except FileNotFoundError:
            return False
        return not _numbered(self.path, 1).exists()

    def release(self) -> None:
        """To be called once the run is finished or given up."""
        if not _numbered(self.path, 1).exists():
            number = int(self.path.suffix[1:])
            for earlier in range(-number, 1):  # upwards: the last stands for all until it goes
                _numbered(self.path, earlier).unlink(missing_ok=True)


@dataclasses.dataclass(frozen=True)
class Claims:
    """Those of all runs, in a folder.

    stale_after: seconds without a sign of life after which a worker counts as lost.
    """

    folder: Path
    stale_after: float

    @property
    def pause(self) -> float:
        """Seconds between two signs of life."""
        return self.stale_after / BEATS

    def take(self, slug: str) -> Claim | None:
        """Claims a run; None where another worker has it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        latest = self._latest().get(slug)
        if latest is not None and not self._lost(latest):
            return None
        path = _numbered(latest, 1) if latest else self.folder / f"{slug}.0"
        try:
            number = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
        except FileExistsError:
            return None
        try:
            with open(number, "w", encoding="utf-8") as file:
                json.dump({"worker": this_worker(), "since": time.time()}, file)
        except OSError:  # a full disk
            path.unlink(missing_ok=True)
            raise
        return Claim(path)

    def holders(self) -> dict[str, Holder]:
        """Whose runs are now, by slug."""
        latest, found = self._latest(), {}
        now = self._now() if latest else 0.0
        for slug, path in latest.items():
            with contextlib.suppress(FileNotFoundError):  # released meanwhile
                silent = now - _changed(path)
                said = _read(path)
                found[slug] = Holder(*said, silent, silent > self.stale_after)
        return found

    def _lost(self, path: Path) -> bool:
        try:
            return self._now() - _changed(path) > self.stale_after
        except FileNotFoundError:
            return False

    def _now(self) -> float:
        """By the clock that sets files' times; by this machine's where nothing can be written."""
        clock = self.folder / f"clock-{this_worker().replace(':', '-')}"
        try:
            clock.touch()
            os.utime(clock)
            return _changed(clock)
        except OSError:
            return time.time()
        finally:
            with contextlib.suppress(OSError):
                clock.unlink()

    def _latest(self) -> dict[str, Path]:
        """By slug, the claim that counts."""
        numbers: dict[str, int] = {}
        with contextlib.suppress(FileNotFoundError):
            for name in os.listdir(self.folder):
                slug, _, number = name.rpartition(".")
                if slug and number.isdecimal():
                    numbers[slug] = max(numbers.get(slug, 0), int(number))
        return {slug: self.folder / f"{slug}.{number}" for slug, number in numbers.items()}


def _read(path: Path) -> tuple[str, float]:
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        return said["worker"], said["since"]
    except (ValueError, KeyError):  # not written yet
        return "?", path.stat().st_mtime


def _numbered(path: Path, by: int) -> Path:
    return path.with_name(f"{path.stem}.{int(path.suffix[1:]) + by}")


def _changed(path: Path) -> float:
    """A file is opened to be asked: NFS keeps times of others for a while."""
    with open(path, "rb") as file:
        return os.fstat(file.fileno()).st_mtime
