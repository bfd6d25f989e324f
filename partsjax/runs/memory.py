"""Memory of the host: how much there is, what a run may hold of it at once, and what waits for it."""

import contextlib
import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path

from partsjax.errors import InputError

# Bytes of Python, JAX, compiled code, a network and a batch in it, which no plan bounds (measured).
OWN = 1 << 30
_UNITS = {"": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_UNITS |= {"KIB": 1 << 10, "MIB": 1 << 20, "GIB": 1 << 30, "TIB": 1 << 40}


def bytes_of(text: str | int) -> int:
    """As "8GB" (10^9 bytes each), "512MiB" (2^20) or a number of bytes.

    Raises:
      InputError: it is none of them, or not above 0.
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]*)\s*", str(text))
    unit = _UNITS.get(found[2].upper()) if found else None
    if unit is None or float(found[1]) * unit < 1:
        raise InputError(f"memory_budget={text!r}: give a size, as 8GB or 512MiB")
    return int(float(found[1]) * unit)


def in_words(count: int) -> str:
    """As "8.0GB"."""
    return f"{count / 1e9:.1f}GB"


def there_is(cgroups: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")) -> int:
    """Bytes that this process can have: the machine's, or what a container or a batch system leaves it.

    Args:
      cgroups: where control groups are mounted; own: which of them this process is in.
    """
    limits = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    with contextlib.suppress(OSError):
        for line in own.read_text(encoding="utf-8").splitlines():
            _, controllers, path = line.split(":", 2)
            if not controllers:
                top, name = cgroups, "memory.max"
            elif "memory" in controllers.split(","):
                top, name = cgroups / "memory", "memory.limit_in_bytes"
            else:
                continue
            place = top / path.strip("/")
            for folder in (place, *place.parents):
                with contextlib.suppress(OSError, ValueError):  # no such file; "max"
                    limits.append(int((folder / name).read_text(encoding="utf-8")))
                if folder == top:
                    break
    return min(limits)


class Memory:
    """Who holds how much of a budget; what does not fit waits until others have let go.

    budget: bytes, as for `bytes_of`; None: half of what there is.
    """

    def __init__(self, budget: str | int | None = None):
        self.budget = there_is() // 2 if budget is None else bytes_of(budget)
        self._held, self._changed = 0, threading.Condition()

    @property
    def room(self) -> int:
        """Bytes that can be held, all together."""
        return self.budget - OWN

    def require(self, need: int, what: str) -> None:
        """Raises `InputError` where `what` could never hold `need` bytes."""
        if need > self.room:
            least = -(-(need + OWN) // 10**8) / 10
            raise InputError(
                f"memory_budget={in_words(self.budget)}: too little, {what} takes {in_words(need + OWN)}; "
                f"give {least:.1f}GB or more, or fewer objects (limit)"
            )

    @contextlib.contextmanager
    def held(self, need: int, what: str) -> Iterator[None]:
        """Holds `need` bytes, as soon as there are as many; raises as `require`."""
        self.require(need, what)
        with self._changed:
            self._changed.wait_for(lambda: self._held + need <= self.room)
            self._held += need
        try:
            yield
        finally:
            with self._changed:
                self._held -= need
                self._changed.notify_all()
