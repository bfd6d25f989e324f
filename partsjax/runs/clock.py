"""What a run costs: seconds and peak memory by stage."""

import contextlib
import resource
import sys
import time
from collections.abc import Iterator


class Clock:
    """Wall seconds and peak resident memory by stage; a stage entered again adds to its time."""

    def __init__(self):
        self.seconds: dict[str, float] = {}
        self.peak_bytes: dict[str, int] = {}

    @contextlib.contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0) + time.perf_counter() - start
            self.peak_bytes[name] = peak_memory()

    def record(self) -> dict:
        """By stage, as `manifest.json` holds it."""
        return {
            name: {"seconds": round(seconds, 3), "peak_memory_bytes": self.peak_bytes[name]}
            for name, seconds in self.seconds.items()
        }


def peak_memory() -> int:
    """Peak resident memory of this process so far, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
