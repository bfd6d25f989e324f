"""Which processes train together: those that flags name, a step of Slurm's, or none; nothing else joins."""

import socket

import jax
import pytest

from partsjax.cli import emergence, host_flags, supervision
from tests.cli.commands import one_line, typed

SLURM = {"SLURM_JOB_ID": "7", "SLURM_NTASKS": "4", "SLURM_PROCID": "1", "SLURM_LOCALID": "0"}
STEP = {"SLURM_STEP_NODELIST": "node[1-4]", "SLURM_STEP_NUM_TASKS": "4"}


@pytest.fixture
def command(monkeypatch, capsys):
    """A command that ends before it does anything: (status, lines on stderr), and how it joined others."""
    joined = []
    monkeypatch.setattr(host_flags, "_listen", lambda: None)
    monkeypatch.setattr(jax.distributed, "initialize", lambda *given, **_: joined.append(given))
    monkeypatch.setattr(host_flags.atexit, "register", lambda *_: None)
    monkeypatch.setattr(jax.config, "update", lambda *_: None)

    def run(of, **options):
        joined.clear()
        monkeypatch.setattr(of, "main", lambda: None)
        status = typed(of, monkeypatch, options)
        return (status, capsys.readouterr().err.strip().splitlines()), list(joined)

    return run


def test_processes_that_are_named_join(command):
    given = {"coordinator": "localhost:8476", "num_processes": 2, "process_id": 1}
    assert command(supervision, **given) == ((None, []), [("localhost:8476", 2, 1)])
    assert command(supervision, **given | {"num_processes": 1, "process_id": 0})[1] == []
    assert command(supervision)[1] == []


def test_tasks_of_one_slurm_step_train_together_unless_told_otherwise(command, monkeypatch):
    for name, value in SLURM.items():  # of a batch script, which is not a step's task
        monkeypatch.setenv(name, value)
    assert command(supervision)[1] == []
    for name, value in STEP.items():
        monkeypatch.setenv(name, value)
    assert command(supervision)[1] == [(None, None, None)]
    assert command(supervision, num_processes=1)[1] == []
    monkeypatch.setenv("SLURM_STEP_NUM_TASKS", "1")
    assert command(supervision)[1] == []


def test_no_other_command_joins(command, monkeypatch):
    for name, value in (SLURM | STEP).items():
        monkeypatch.setenv(name, value)
    assert command(emergence)[1] == []
    assert not jax.distributed.is_initialized()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"num_processes": 2}, "give --coordinator=HOST:PORT with them"),
        ({"process_id": 0}, "give --coordinator=HOST:PORT with them"),
        ({"coordinator": "node1"}, "give HOST:PORT"),
        ({"coordinator": "node1:70000"}, "give HOST:PORT"),
        ({"coordinator": "node1:8476"}, "give --num_processes and --process_id"),
        ({"coordinator": "node1:8476", "num_processes": 2, "process_id": 2}, "numbered from 0 to 1"),
        (
            {"coordinator": "there.is.no.such.host.invalid:1", "num_processes": 2, "process_id": 1},
            "give another",
        ),
    ],
)
def test_flags_that_cannot_be_meant_are_one_line(command, given, said):
    end, joined = command(supervision, **given)
    one_line(end, said)
    assert not joined


def test_a_port_that_is_taken_is_one_line(command):
    with socket.socket() as taken:
        taken.bind(("", 0))
        taken.listen()
        coordinator = f"localhost:{taken.getsockname()[1]}"
        end, _ = command(supervision, coordinator=coordinator, num_processes=2, process_id=0)
    one_line(end, "in use", "give another")
