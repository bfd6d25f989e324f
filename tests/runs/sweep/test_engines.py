"""Engines: as many workers as asked for, each with its device; stopped when asked to."""

import importlib.util
import os
import signal
import socket
import sys
import time

import pytest

from partsjax.errors import InputError
from partsjax.runs.sweep import ENGINES, WorkersAsked
from partsjax.runs.sweep.engines import local, on_ray, slurm

WRITES = "import os, pathlib, sys; pathlib.Path(sys.argv[1], str(os.getpid())).write_text({what})"
EXTRAS = {"slurm": "submitit", "ray": "ray"}


def installed(engine: str):
    lacking = engine in EXTRAS and importlib.util.find_spec(EXTRAS[engine]) is None
    return pytest.mark.skipif(lacking, reason=f"the extra {engine} is not installed")


@pytest.fixture
def program(monkeypatch):
    """Makes workers run some code, given a folder."""

    def make(code: str) -> None:
        monkeypatch.setattr(local, "TIED", (sys.executable, "-c", code))
        monkeypatch.setattr(slurm, "TIED", (sys.executable, "-c", code))
        monkeypatch.setattr(on_ray, "TIED", (sys.executable, "-c", code))

    return make


@pytest.fixture
def machine(monkeypatch):
    """Makes this a machine with some devices; without, JAX would be asked."""

    def make(backend: str, number: int = 1) -> None:
        monkeypatch.setattr(local, "_devices", lambda: (backend, number))

    make("cpu")
    return make


def ended(workers) -> None:
    try:
        until = time.monotonic() + 60
        while workers.alive():
            assert time.monotonic() < until
            time.sleep(0.05)
    finally:
        workers.stop()


def asked(folder, **more) -> WorkersAsked:
    return WorkersAsked([str(folder)], **{"runs": 9, "logs": folder / "logs", **more})


def said(folder) -> list[str]:
    return sorted(path.read_text() for path in folder.iterdir() if path.is_file())


@pytest.mark.parametrize(
    "engine, options",
    [
        ("local", {}),
        pytest.param("slurm", {"cluster": "local"}, marks=[installed("slurm"), pytest.mark.slow]),
        pytest.param("ray", {}, marks=[installed("ray"), pytest.mark.slow]),
    ],
)
def test_as_many_workers_as_asked_for_and_no_more_than_runs(tmp_path, program, machine, engine, options):
    program(WRITES.format(what="'x'"))
    handler = signal.getsignal(signal.SIGTERM)
    ended(ENGINES[engine](asked(tmp_path, number=5, runs=2, options=options)))
    assert said(tmp_path) == ["x", "x"]
    assert signal.getsignal(signal.SIGTERM) is handler


def test_one_worker_for_each_gpu_which_sees_no_other(tmp_path, program, machine, monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    machine("gpu", 3)
    program(WRITES.format(what="os.environ['CUDA_VISIBLE_DEVICES']"))
    ended(local.LocalWorkers(asked(tmp_path)))
    assert said(tmp_path) == ["0", "1", "2"]


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="no choice of cores here")
def test_workers_on_a_processor_divide_its_cores(tmp_path, program, machine):
    program(
        "import time; time.sleep(0.2); " + WRITES.format(what="','.join(map(str, os.sched_getaffinity(0)))")
    )
    cores = os.sched_getaffinity(0)
    number = min(2, len(cores))
    ended(local.LocalWorkers(asked(tmp_path, number=number)))
    seen = [set(map(int, text.split(","))) for text in said(tmp_path)]
    assert len(seen) == number and set.union(*seen) == cores
    assert sum(map(len, seen)) == len(cores)


@pytest.mark.parametrize("backend, number", [("cpu", 2), ("tpu", 1)])
def test_one_worker_for_four_cores_and_one_for_tpus(tmp_path, program, machine, monkeypatch, backend, number):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    monkeypatch.setattr(os, "sched_setaffinity", lambda *_: None, raising=False)
    machine(backend)
    program(WRITES.format(what="'x'"))
    ended(local.LocalWorkers(asked(tmp_path)))
    assert len(said(tmp_path)) == number


def test_workers_are_stopped(tmp_path, program, machine):
    program("import time; time.sleep(60)")
    workers = local.LocalWorkers(asked(tmp_path, number=2))
    assert workers.alive()
    workers.stop()
    assert not workers.alive()


@pytest.mark.parametrize("engine", EXTRAS)
def test_an_engine_that_is_not_installed(tmp_path, monkeypatch, engine):
    monkeypatch.setitem(sys.modules, EXTRAS[engine], None)
    words = rf"--engine={engine} needs {EXTRAS[engine]}: pip install 'partsjax\[{engine}\]'"
    with pytest.raises(InputError, match=words):
        ENGINES[engine](asked(tmp_path))


@installed("slurm")
def test_no_slurm_here_and_no_such_parameter(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="there is no sbatch here"):
        slurm.SlurmWorkers(asked(tmp_path))
    with pytest.raises(InputError, match=r"--engine=slurm: .*gpu"):
        slurm.SlurmWorkers(asked(tmp_path, options={"cluster": "local", "gpu": 1}))


@pytest.mark.parametrize("address", ["127.0.0.1:{port}", "ray://localhost:{port}"])
def test_a_cluster_that_is_not_there(address):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = address.format(port=free.getsockname()[1])
    with pytest.raises(InputError, match=f"--address={address}: cannot be reached"):
        on_ray.require_reachable(address)
    on_ray.require_reachable("local")  # Ray's own words


@installed("ray")
@pytest.mark.slow
def test_something_else_listens_there(tmp_path, monkeypatch):
    monkeypatch.setattr(on_ray, "_PATIENCE", 5)
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(InputError, match=f"--address={address}: .* no Ray cluster"):
            on_ray.RayWorkers(asked(tmp_path, address=address))
