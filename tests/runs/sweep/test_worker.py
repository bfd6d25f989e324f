"""Workers: every run is computed once, whatever happens to them; what fails is said, and the rest goes on.

The program is one of the tests: it writes what a run leaves behind.
"""

import os
import sys
import threading
import time
from pathlib import Path

import pytest

from partsjax.runs import workdir
from partsjax.runs.sweep import SweepFolder, Worker
from partsjax.runs.sweep.plan import PlannedRun
from partsjax.runs.sweep.states import BLOCKED, DONE, FAILED, LOST, RUNNING, WAITING

PROGRAM = """
import pathlib, sys, time
flags = dict(text[2:].split("=", 1) for text in sys.argv[2:])
folder = pathlib.Path(flags["workdir"])
folder.mkdir(parents=True, exist_ok=True)
with open(folder / "started", "a") as started:
    started.write("run\\n")
print("note: a line")
if "says" in flags:
    sys.exit(flags["says"])
if "kills" in flags:
    import os
    os.kill(os.getpid(), 9)
time.sleep(float(flags.get("takes", 0)))
(folder / "manifest.json").write_text("{}")
"""


@pytest.fixture
def folder(tmp_path):
    return SweepFolder(tmp_path / "W", stale_after=1.2)


@pytest.fixture
def program(tmp_path):
    path = tmp_path / "program.py"
    path.write_text(PROGRAM)
    return sys.executable, "-S", str(path)


def run(name: str, after: PlannedRun | None = None, **flags) -> PlannedRun:
    return PlannedRun("emergence", flags, name, after=after)


def computed(folder: SweepFolder, of: PlannedRun) -> int:
    path = folder.path / of.place / "started"
    return len(path.read_text().splitlines()) if path.exists() else 0


def what(folder: SweepFolder, runs) -> list[str]:
    return [state.what for state in folder.states(runs)]


def test_two_workers_share_runs_and_each_is_computed_once(folder, program):
    runs = [run(f"u{i}") for i in range(6)]
    said = []
    two = [
        threading.Thread(target=Worker(folder, runs, said.append, program).work, daemon=True)
        for _ in range(2)
    ]
    for thread in two:
        thread.start()
    for thread in two:
        thread.join(30)
    assert what(folder, runs) == [DONE] * 6
    assert [computed(folder, of) for of in runs] == [1] * 6
    Worker(folder, runs, said.append, program).work()  # finished runs are left alone
    assert [computed(folder, of) for of in runs] == [1] * 6


def test_what_fails_is_said_with_its_log_and_the_rest_goes_on(folder, program):
    runs = [
        run("bad", says="error: no layer 'conv9'; choose another"),
        run("gone", kills="1"),
        run("good"),
    ]
    after = run("after", runs[0])
    last = run("last", after)
    everything = [*runs, after, last]
    assert what(folder, everything) == [WAITING] * 5
    Worker(folder, everything, str, program).work()
    bad, gone, good, blocked, last_state = folder.states(everything)
    assert (bad.what, bad.reason) == (FAILED, "no layer 'conv9'; choose another")
    assert (gone.what, gone.reason) == (FAILED, "ended by SIGKILL, as where memory runs out")
    assert good.what == DONE
    assert (blocked.what, last_state.what) == (BLOCKED, BLOCKED)
    assert "emergence/bad" in blocked.reason
    assert "note: a line" in folder.log(bad.run).read_text()
    folder.retry(everything)
    Worker(folder, everything, str, program).work()
    assert [computed(folder, of) for of in runs] == [2, 2, 1]


def test_a_run_waits_for_the_one_it_comes_after(folder, program):
    first = run("first")
    second = run("second", first)
    claim = folder.claims.take(first.slug)  # by another worker
    assert folder.states([first, second])[1].reason == "after emergence/first"
    thread = threading.Thread(target=Worker(folder, [first, second], str, program).work, daemon=True)
    thread.start()
    time.sleep(0.8)
    assert computed(folder, second) == 0
    claim.release()
    thread.join(30)
    assert what(folder, [first, second]) == [DONE, DONE]


def test_a_dead_workers_run_is_taken_over(folder, program):
    of = run("u")
    claim = folder.claims.take(of.slug)  # by a worker that says nothing more
    assert what(folder, [of]) == [RUNNING]
    long_ago = time.time() - 60
    os.utime(claim.path, (long_ago, long_ago))
    (state,) = folder.states([of])
    assert state.what == LOST and state.reason.startswith("no sign of life for 60 s")
    Worker(folder, [of], str, program).work()
    assert what(folder, [of]) == [DONE] and not claim.beat()


def test_a_worker_that_lost_its_run_stops_it_and_leaves_its_end_to_the_other(folder, program):
    of, said = run("u", takes="30"), []
    thread = threading.Thread(target=Worker(folder, [of], said.append, program).work, daemon=True)
    thread.start()
    while computed(folder, of) == 0:
        time.sleep(0.01)
    (folder.path / "sweep" / "claims" / "emergence-u.1").touch()  # another took it for dead
    while "emergence/u: taken over by another worker" not in said:
        time.sleep(0.01)
    assert what(folder, [of]) == [RUNNING]
    folder.keep(DONE, of)
    workdir.write_json(folder.path / of.place / "manifest.json", {})
    thread.join(30)
    assert computed(folder, of) == 1


def test_a_run_waits_for_another_run_in_its_folder(folder, program):
    of = run("u")
    with workdir.locked_folder(folder.path / of.place):
        thread = threading.Thread(target=Worker(folder, [of], str, program).work, daemon=True)
        thread.start()
        time.sleep(0.5)
        assert computed(folder, of) == 0
    thread.join(30)
    assert what(folder, [of]) == [DONE]


def test_other_flags_make_another_run(folder, program):
    Worker(folder, [run("u", takes="0")], str, program).work()
    assert what(folder, [run("u", takes="0.0")]) == [WAITING]


def test_a_full_disk_fails_one_run(folder, program, monkeypatch):
    runs, said = [run("full"), run("good")], []
    write = workdir.write_json

    def full(path: Path, content) -> None:
        if "full" in path.name:
            raise OSError(28, "No space left on device")
        write(path, content)

    monkeypatch.setattr(workdir, "write_json", full)
    Worker(folder, runs, said.append, program).work()
    assert what(folder, runs) == [WAITING, DONE]
    assert "emergence/full: its end cannot be written down (No space left on device)" in said
    assert computed(folder, runs[0]) == 1
