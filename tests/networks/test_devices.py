"""Cores as devices: before JAX starts, unless the user has said otherwise."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

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


def test_a_jax_that_is_running_stays_as_it_is():
    import jax

    from partsjax.networks.devices import one_device_a_core

    before = jax.device_count()
    one_device_a_core()
    assert jax.device_count() == before
