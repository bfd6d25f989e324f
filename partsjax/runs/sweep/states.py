"""What has become of every run, from files in the sweep's folder: anyone can read it at any time."""

import contextlib
import dataclasses
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from partsjax.runs import workdir
from partsjax.runs.sweep.claims import Claims, Holder
from partsjax.runs.sweep.plan import PlannedRun

DONE, FAILED, RUNNING, LOST, WAITING, BLOCKED = "done", "failed", "running", "lost", "waiting", "blocked"


@dataclasses.dataclass(frozen=True)
class State:
    """Of one run.

    what: done; failed; running; lost: its worker gives no sign of life, and a free one takes over; waiting;
      blocked: it comes after one that failed.
    worker, since: who has it, or had it, and since when, in seconds since 1970. reason: in one line.
    """

    run: PlannedRun
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
    """The folder of a sweep: runs' own folders, and in `sweep/` what is known of them."""

    path: Path
    stale_after: float

    @property
    def claims(self) -> Claims:
        return Claims(self.path / "sweep" / "claims", self.stale_after)

    @property
    def logs(self) -> Path:
        return self.path / "sweep" / "logs"

    def log(self, run: PlannedRun) -> Path:
        """What it has printed."""
        return self.logs / f"{run.slug}.log"

    def states(self, runs: Iterable[PlannedRun]) -> list[State]:
        """Of every run, in order; a run stands after the one it comes after."""
        found: dict[str, State] = {}
        holders = self.claims.holders()
        for run in runs:
            after = found[run.after.place] if run.after else None
            found[run.place] = self._state(run, after, holders.get(run.slug))
        return list(found.values())

    def done(self, run: PlannedRun) -> bool:
        """Whether it has finished, with the flags it has now."""
        return self._record(DONE, run) is not None and (self.path / run.place / "manifest.json").exists()

    def keep(self, what: str, run: PlannedRun, **more: Any) -> None:
        """Writes that a run is done, or has failed."""
        self._forget(FAILED, run)
        workdir.write_json(self._path(what, run), {"flags": run.flags, **more})

    def retry(self, runs: Sequence[PlannedRun]) -> None:
        """Lets runs that failed be tried again."""
        for run in runs:
            self._forget(FAILED, run)

    def _state(self, run: PlannedRun, after: State | None, holder: Holder | None) -> State:
        if self.done(run):
            said = self._record(DONE, run) or {}
            return State(run, DONE, said.get("worker", ""), said.get("since"))
        if holder is not None and not holder.lost:
            return State(run, RUNNING, holder.worker, holder.since)
        if said := self._record(FAILED, run):
            return State(run, FAILED, said.get("worker", ""), said.get("since"), said.get("reason", ""))
        if after and after.what in (FAILED, BLOCKED):
            return State(run, BLOCKED, reason=f"after {after.run.place}, which is {after.what}")
        if holder is not None:
            reason = f"no sign of life for {holder.silent:.0f} s; a free worker takes it over"
            return State(run, LOST, holder.worker, holder.since, reason)
        return State(run, WAITING, reason=f"after {after.run.place}" if after and after.what != DONE else "")

    def _record(self, what: str, run: PlannedRun) -> dict[str, Any] | None:
        with contextlib.suppress(OSError, ValueError):
            said = workdir.read_json(self._path(what, run))
            if said.get("flags") == run.flags:
                return said
        return None

    def _forget(self, what: str, run: PlannedRun) -> None:
        self._path(what, run).unlink(missing_ok=True)

    def _path(self, what: str, run: PlannedRun) -> Path:
        return self.path / "sweep" / what / f"{run.slug}.json"
