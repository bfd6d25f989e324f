"""What has become of every unit, from files in the sweep's folder: anyone can read it at any time."""

import contextlib
import dataclasses
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from partsjax.runs import workdir
from partsjax.runs.sweep.claims import Claims, Holder
from partsjax.runs.sweep.units import Unit

DONE, FAILED, RUNNING, LOST, WAITING, BLOCKED = "done", "failed", "running", "lost", "waiting", "blocked"


@dataclasses.dataclass(frozen=True)
class State:
    """Of one unit.

    what: done; failed; running; lost: its worker gives no sign of life, and a free one takes over; waiting;
      blocked: it comes after one that failed.
    worker, since: who has it, or had it, and since when, in seconds since 1970. reason: in one line.
    """

    unit: Unit
    what: str
    worker: str = ""
    since: float | None = None
    reason: str = ""

    @property
    def ended(self) -> bool:
        """Whether no worker will take it."""
        return self.what in (DONE, FAILED, BLOCKED)


@dataclasses.dataclass(frozen=True)
class SweepFolder:
    """The folder of a sweep: units' own folders, and in `sweep/` what is known of them."""

    path: Path
    stale_after: float

    @property
    def claims(self) -> Claims:
        return Claims(self.path / "sweep" / "claims", self.stale_after)

    @property
    def logs(self) -> Path:
        return self.path / "sweep" / "logs"

    def log(self, unit: Unit) -> Path:
        """What its runs have printed."""
        return self.logs / f"{unit.slug}.log"

    def states(self, units: Iterable[Unit]) -> list[State]:
        """Of every unit, in order; a unit stands after the one it comes after."""
        found: dict[str, State] = {}
        holders = self.claims.holders()
        for unit in units:
            after = found[unit.after.place] if unit.after else None
            found[unit.place] = self._state(unit, after, holders.get(unit.slug))
        return list(found.values())

    def done(self, unit: Unit) -> bool:
        """Whether it has finished, with the flags it has now."""
        return self._record(DONE, unit) is not None and (self.path / unit.place / "manifest.json").exists()

    def keep(self, what: str, unit: Unit, **more: Any) -> None:
        """Writes that a unit is done, or has failed."""
        self._forget(FAILED, unit)
        workdir.write_json(self._path(what, unit), {"flags": unit.flags, **more})

    def retry(self, units: Sequence[Unit]) -> None:
        """Lets units that failed be tried again."""
        for unit in units:
            self._forget(FAILED, unit)

    def _state(self, unit: Unit, after: State | None, holder: Holder | None) -> State:
        if self.done(unit):
            said = self._record(DONE, unit) or {}
            return State(unit, DONE, said.get("worker", ""), said.get("since"))
        if holder is not None and not holder.lost:
            return State(unit, RUNNING, holder.worker, holder.since)
        if said := self._record(FAILED, unit):
            return State(unit, FAILED, said.get("worker", ""), said.get("since"), said.get("reason", ""))
        if after and after.what in (FAILED, BLOCKED):
            return State(unit, BLOCKED, reason=f"comes after {after.unit.place}, which is {after.what}")
        if holder is not None:
            reason = f"no sign of life for {holder.silent:.0f} s; a free worker takes it over"
            return State(unit, LOST, holder.worker, holder.since, reason)
        return State(
            unit, WAITING, reason=f"after {after.unit.place}" if after and after.what != DONE else ""
        )

    def _record(self, what: str, unit: Unit) -> dict[str, Any] | None:
        with contextlib.suppress(OSError, ValueError):
            said = workdir.read_json(self._path(what, unit))
            if said.get("flags") == unit.flags:
                return said
        return None

    def _forget(self, what: str, unit: Unit) -> None:
        self._path(what, unit).unlink(missing_ok=True)

    def _path(self, what: str, unit: Unit) -> Path:
        return self.path / "sweep" / what / f"{unit.slug}.json"
