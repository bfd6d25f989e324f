"""A worker: takes runs that are free, one after another, until none is left."""

import contextlib
import errno
import fcntl
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from partsjax.lifeline import TIED, start_tied
from partsjax.runs.sweep.claims import Claim, this_worker
from partsjax.runs.sweep.plan import PlannedRun
from partsjax.runs.sweep.states import DONE, FAILED, LOST, WAITING, SweepFolder

_GRACE = 10  # seconds that a run's process gets to stop; commands take five at most


class Worker:
    """Any number may work in a folder, from any machine that has it; they may come, go, and die."""

    def __init__(
        self,
        folder: SweepFolder,
        runs: Sequence[PlannedRun],
        say: Callable[[str], None],
        program: Sequence[str] = TIED,
        memory_budget: int | None = None,
    ):
        """say: shows a line. program: what a command and its flags are given to. memory_budget: of a run."""
        self._folder, self._runs, self._say, self._program = folder, runs, say, program
        self._budget = memory_budget
        self._failed: set[str] = set()  # here: a full disk may not hold the record of it

    def work(self) -> None:
        """Returns when every run is done, has failed, or comes after one that has."""
        while True:
            states = self._folder.states(self._runs)
            left = [state for state in states if not state.ended and state.run.place not in self._failed]
            if not left:
                return
            ready = [s.run for s in left if s.what in (WAITING, LOST) and self._is_ready(s.run)]
            if not self._take_one(ready):
                if all(state.what == WAITING for state in left) and not ready:
                    return  # all wait for what has failed here
                time.sleep(min(self._folder.claims.pause, 5))

    def _is_ready(self, run: PlannedRun) -> bool:
        return all(self._folder.done(before) for before in run.before())

    def _take_one(self, runs: Sequence[PlannedRun]) -> bool:
        for run in runs:
            claim = self._folder.claims.take(run.slug)
            if claim is not None:
                try:
                    if not self._folder.done(run):  # until a moment ago another had it
                        self._compute(run, claim)
                finally:
                    claim.release()
                return True
        return False

    def _compute(self, run: PlannedRun, claim: Claim) -> None:
        since = time.time()
        log = self._folder.log(run)
        try:
            log.parent.mkdir(parents=True, exist_ok=True)
            with open(log, "ab") as output:
                start = output.tell()
                status = self._status_of(run, claim, output)
        except OSError as error:
            status, reason = 1, f"{log}: {error.strerror}"
        else:
            reason = "" if status is None else _reason(log, start, status)
        if status is None:
            self._say(f"{run.place}: taken over by another worker")
            return
        about = {"worker": this_worker(), "since": since, "seconds": round(time.time() - since, 1)}
        try:
            if status == 0:
                self._folder.keep(DONE, run, **about)
                self._say(f"{run.place}: done")
                return
            self._failed.add(run.place)
            self._say(f"{run.place}: failed: {reason}")
            self._folder.keep(FAILED, run, reason=reason, **about)
        except OSError as error:
            self._failed.add(run.place)
            self._say(f"{run.place}: its end cannot be written down ({error.strerror})")

    def _status_of(self, run: PlannedRun, claim: Claim, output) -> int | None:
        """The status of its process; None where another worker has taken the run over."""
        pause = self._folder.claims.pause
        while not _is_free(self._folder.path / run.place):  # as where this worker's claim was taken for lost
            if not claim.beat():
                return None
            time.sleep(pause)
        self._say(f"{run.place}: started")
        command = [*self._program, *run.arguments(self._folder.path)]
        if self._budget and run.command != "supervision":  # which plans none
            command.append(f"--memory_budget={self._budget}")
        process = start_tied(command, stdout=output, stderr=subprocess.STDOUT)
        try:
            while claim.beat():
                with contextlib.suppress(subprocess.TimeoutExpired):
                    status = process.wait(pause)
                    return status if claim.beat() else None  # what two runs in one folder say is nobody's
            return None
        finally:
            _end(process)


def _end(process: subprocess.Popen) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    process.stdin.close()


def _is_free(folder: Path) -> bool:
    """Whether no run is using a folder, as far as its file system tells one machine of another's locks."""
    try:
        with open(folder / "lock", "ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return True
    except OSError as error:
        return error.errno not in (errno.EWOULDBLOCK, errno.EACCES)
    return True


def _reason(log: Path, start: int, status: int) -> str:
    """Why a run ended: what it said, in one line."""
    if status < 0:
        name = signal.Signals(-status).name
        return f"ended by {name}" + (", as where memory runs out" if name == "SIGKILL" else "")
    with open(log, "rb") as file:
        file.seek(start)
        lines = file.read()[-20000:].decode("utf-8", "replace").splitlines()
    said = [line.strip() for line in lines if line.strip()]
    errors = [line.removeprefix("error: ") for line in said if line.startswith("error: ")]
    return (errors or said or [f"status {status}"])[-1]
