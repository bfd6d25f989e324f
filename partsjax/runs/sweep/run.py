"""A sweep from start to end: workers are started, watched, and their results compared."""

import dataclasses
import shutil
import time
from collections.abc import Callable, Sequence

from partsjax.locks import locked
from partsjax.reporting.comparison import write_comparison_report
from partsjax.runs import manifest, workdir
from partsjax.runs.comparison import Comparison
from partsjax.runs.context import Context
from partsjax.runs.question import Question
from partsjax.runs.sweep.engines import Workers
from partsjax.runs.sweep.plan import PlannedRun
from partsjax.runs.sweep.states import DONE, FAILED, LOST, RUNNING, State, SweepFolder
from partsjax.runs.sweep.table import compared_networks


@dataclasses.dataclass(frozen=True)
class Sweep:
    """All that decides the comparison a sweep ends in."""

    runs: tuple[PlannedRun, ...]
    baseline: str = ""

    @property
    def compares(self) -> bool:
        return any(run.command == "emergence" for run in self.runs)


def run_workers(
    folder: SweepFolder, runs: Sequence[PlannedRun], start: Callable[[], Workers], say: Callable[[str], None]
) -> list[State]:
    """Starts workers where runs are left, and says what becomes of runs until all workers have ended."""
    workdir.make_folder(folder.path)
    folder.retry(runs)
    states = folder.states(runs)
    finished = sum(state.what == DONE for state in states)
    if finished:
        say(f"{finished} of {len(runs)} runs are done")
    if finished == len(runs):
        return states
    workers = start()
    try:
        while workers.alive():
            states = _told(states, folder.states(runs), say)
            time.sleep(min(folder.claims.pause, 5))
    finally:
        workers.stop()
    return _told(states, folder.states(runs), say)


def _told(before: list[State], now: list[State], say: Callable[[str], None]) -> list[State]:
    finished = sum(state.what == DONE for state in before)
    for old, new in zip(before, now, strict=True):
        if (old.what, old.worker) == (new.what, new.worker):
            continue
        if new.what == DONE:
            finished += 1
            say(f"{new.run.place}: done ({finished} of {len(now)})")
        elif new.what == RUNNING:
            say(f"{new.run.place}: computed by {new.worker}")
        elif new.what in (FAILED, LOST):
            say(f"{new.run.place}: {new.what}: {new.reason}")
    return now


def write_comparison(folder: SweepFolder, sweep: Sweep, context: Context) -> Comparison:
    """Compares what is done; as files and a page in the sweep's folder.

    Raises:
      InputError: the baseline is not done.
    """
    path = folder.path
    with workdir.plain_errors(path), locked(path / "sweep", "choose another --workdir"):
        with context.clock("comparison"):
            found = compared_networks(path, sweep.runs, sweep.baseline, context)
        (path / "manifest.json").unlink(missing_ok=True)
        with context.clock("tables"):
            found.save(path)
        shutil.rmtree(path / ".unfinished-report", ignore_errors=True)
        with context.clock("report"), workdir.unfinished(path / "report") as place:
            write_comparison_report(place, found.content)
        question = Question(sweep, __name__, "float32", lambda context: lambda context: found)
        manifest.write(path, question, found, context)
    return found
