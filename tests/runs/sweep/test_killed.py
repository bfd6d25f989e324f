"""A worker is killed while it computes: others finish, and of what is done nothing is computed again."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from partsjax.runs.sweep import ENGINES, SweepFolder, Worker
from partsjax.runs.sweep.engines import on_ray, slurm
from partsjax.runs.sweep.plan import PlannedRun
from partsjax.runs.sweep.states import DONE
from tests.runs.sweep.test_engines import asked, ended, installed

VICTIM = PlannedRun("emergence", {}, "victim")
RUNS = [PlannedRun("emergence", {}, "a"), VICTIM, *(PlannedRun("emergence", {}, name) for name in "bcd")]
WORKS = f"""
import sys
from {__name__} import work
work(sys.argv[1])
"""
COMPUTES = """
import pathlib, sys, time
folder = pathlib.Path(sys.argv[-1].removeprefix("--workdir="))
folder.mkdir(parents=True, exist_ok=True)
with open(folder / "started", "a") as started:
    started.write("x")
    first = started.tell() == 1
time.sleep(60 if folder.name == "victim" and first else 0.1)
(folder / "manifest.json").write_text("{}")
"""


def swept(folder: Path) -> SweepFolder:
    return SweepFolder(folder, stale_after=1.2)


def work(folder: str) -> None:
    """What a worker does."""
    from partsjax.lifeline import end_with_parent

    end_with_parent()
    Worker(swept(Path(folder)), RUNS, print, (sys.executable, "-S", "-c", COMPUTES)).work()


def parent(process: int) -> int:
    return int(subprocess.check_output(["ps", "-o", "ppid=", "-p", str(process)]))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("engine", "options"),
    [
        pytest.param("slurm", {"cluster": "local"}, marks=installed("slurm")),
        pytest.param("ray", {}, marks=installed("ray")),
    ],
)
def test_what_a_killed_worker_had_is_computed_again_and_nothing_else(tmp_path, monkeypatch, engine, options):
    for module in (slurm, on_ray):
        monkeypatch.setattr(module, "TIED", (sys.executable, "-c", WORKS))
    folder = swept(tmp_path)
    workers = ENGINES[engine](asked(tmp_path, number=2, options=options, logs=folder.logs))
    try:
        while not (tmp_path / VICTIM.place / "started").exists():
            assert workers.alive()
            time.sleep(0.05)
        process = int(folder.claims.holders()[VICTIM.slug].worker.rpartition(":")[2])
        os.kill(parent(process), signal.SIGKILL)  # the engine's own, which takes the worker with it
    finally:
        ended(workers)
    assert {state.what for state in folder.states(RUNS)} == {DONE}
    started = {run.slug: (tmp_path / run.place / "started").read_text() for run in RUNS}
    assert started == {run.slug: "xx" if run is VICTIM else "x" for run in RUNS}
