"""How many devices a command makes of the processor: one of each core, and one alone for torch."""

import os
import subprocess
import sys
import types

import jax
import pytest
from absl import flags

from partsjax.cli import starting
from tests import processes


def start_on_two_cores(*options: str) -> None:
    """In a process of its own: a command that says how many devices there are, and no more."""
    for name in ("XLA_FLAGS", "JAX_NUM_CPU_DEVICES"):
        os.environ.pop(name, None)
    os.sched_getaffinity = lambda _: {0, 1}
    sys.argv = ["devices", *options]
    flags.DEFINE_list("networks", [], "As in a comparison.")
    command = types.ModuleType("devices", "Says how many devices there are.")
    command.main = lambda: processes.say(jax.device_count())
    starting.start(command)


@pytest.mark.parametrize(
    ("option", "devices"),
    [
        ("--net=alexnet", 2),
        ("--net=torch:package.module:function", 1),
        ("--networks=imagenet,mine=package.module:function@random", 2),
        ("--networks=imagenet,vit=timm:vit_small_patch16_224@random", 1),
    ],
)
def test_devices_of_a_command(option, devices):
    status, said = processes.start(start_on_two_cores, option)
    assert (status, said) == (0, [devices])


def test_what_takes_long_to_import_waits_until_it_is_needed():
    """Neither --help nor the time before a network runs pays for tables, charts, statistics and formats."""
    waiting = {
        "altair", "h5py", "orbax", "pandas", "pyarrow", "requests", "scipy.io", "scipy.ndimage",
        "scipy.optimize", "scipy.stats", "torch", "vl_convert",
    }  # fmt: skip
    program = (
        "import sys; from partsjax.cli import asking, emergence, verdicts\n"
        "from partsjax.runs import emergence\n"
        "print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not waiting & set(done.stdout.split())


@pytest.mark.parametrize(("asked", "threads"), [(None, "1"), ("3", "3")])
def test_a_command_leaves_the_cores_to_jax(asked, threads):
    """NumPy reads how many threads it has when it is imported."""
    program = (
        "import os, sys, partsjax.cli; print('numpy' in sys.modules, os.environ['OPENBLAS_NUM_THREADS'])"
    )
    clean = {k: v for k, v in os.environ.items() if k != "OPENBLAS_NUM_THREADS"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=clean if asked is None else clean | {"OPENBLAS_NUM_THREADS": asked},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["False", threads]
