"""Cores as devices: before JAX starts, unless the user has said otherwise."""

import os
import subprocess
import sys
from pathlib import Path

import jax
import pytest

from partsjax.errors import InputError
from partsjax.networks.devices import one_device_a_core, own_rows, require_equal_shares

PROGRAM = (
    "from partsjax.networks.devices import one_device_a_core as f; f(); import jax; print(jax.device_count())"
)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, min(len(os.sched_getaffinity(0)), 8) if hasattr(os, "sched_getaffinity") else None),
        ({"JAX_NUM_CPU_DEVICES": "3"}, 3),
        ({"XLA_FLAGS": "--xla_force_host_platform_device_count=5"}, 5),
    ],
)
def test_devices(environment, expected):
    if expected is None:
        pytest.skip("this system does not tell which cores a process may use")
    clean = {k: v for k, v in os.environ.items() if k not in ("XLA_FLAGS", "JAX_NUM_CPU_DEVICES")}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**clean, **environment, "JAX_PLATFORMS": "cpu"},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(done.stdout) == expected


@pytest.mark.parametrize(("processes", "devices"), [(1, 1), (1, 8), (2, 2), (4, 1)])
def test_the_processes_rows_are_the_batch(monkeypatch, processes, devices):
    monkeypatch.setattr(jax, "local_device_count", lambda: devices)
    monkeypatch.setattr(jax, "device_count", lambda: processes * devices)
    rows = []
    for number in range(processes):
        monkeypatch.setattr(jax, "process_index", lambda number=number: number)
        share = own_rows(16)
        assert len(share) == 16 // processes
        rows += share
    assert rows == list(range(16))


def test_what_processes_cannot_share_equally_is_one_line(monkeypatch):
    monkeypatch.setattr(jax, "device_count", lambda: 6)
    monkeypatch.setattr(jax, "process_count", lambda: 2)
    monkeypatch.setattr(jax, "local_device_count", lambda: 2)
    with pytest.raises(InputError, match="2 devices here, and 6 in 2 processes"):
        require_equal_shares(12)
    monkeypatch.setattr(jax, "local_device_count", lambda: 3)
    require_equal_shares(12)
    with pytest.raises(InputError, match=r"batch_size=13: must be a multiple of the 6 devices; try 18"):
        require_equal_shares(13)


def test_a_jax_that_is_running_stays_as_it_is():
    before = jax.device_count()
    one_device_a_core()
    assert jax.device_count() == before
