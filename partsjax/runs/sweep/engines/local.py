"""Workers as processes of this machine, each with a device of its own."""

import os
import subprocess
import sys

from partsjax.lifeline import TIED, start_tied
from partsjax.runs.memory import there_is
from partsjax.runs.sweep.engines.asked import WorkersAsked

_CORES = 4  # of a worker without an accelerator, where their number is not given
_ASK = "import jax; print(jax.default_backend(), jax.local_device_count())"


class LocalWorkers:
    """One for each GPU; on a processor, one for every four cores, which are divided among them.

    They share half of the machine's memory, where no budget is given.
    """

    def __init__(self, asked: WorkersAsked):
        backend, devices = _devices()
        gpus = _visible(devices) if backend == "gpu" else []
        cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
        number = asked.workers(len(gpus) or (len(cores) // _CORES if backend == "cpu" else 1))
        asked.logs.mkdir(parents=True, exist_ok=True)
        arguments = list(asked.arguments)
        if number > 1 and not any(one.startswith("--memory_budget=") for one in arguments):
            arguments.append(f"--memory_budget={there_is() // 2 // number}")
        self._processes = []
        for i in range(number):
            more = {"CUDA_VISIBLE_DEVICES": gpus[i % len(gpus)]} if gpus else {}
            with open(asked.log(i), "ab") as log:
                process = start_tied(
                    [*TIED, *arguments],
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,  # a Ctrl-C is for whoever started them, who stops them
                    env={**os.environ, **more},
                )
            self._processes.append(process)
            if backend == "cpu" and 1 < number <= len(cores):
                os.sched_setaffinity(process.pid, cores[i::number])

    def alive(self) -> bool:
        return any(process.poll() is None for process in self._processes)

    def stop(self) -> None:
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.wait()
            process.stdin.close()


def _devices() -> tuple[str, int]:
    """What JAX computes on here, and how many; asked of another process, as JAX takes their memory."""
    done = subprocess.run([sys.executable, "-c", _ASK], capture_output=True, text=True, check=False)
    backend, _, number = done.stdout.strip().rpartition(" ")
    return (backend, int(number)) if number.isdecimal() else ("cpu", 1)


def _visible(number: int) -> list[str]:
    """GPUs' names, as CUDA_VISIBLE_DEVICES has them."""
    said = os.environ.get("CUDA_VISIBLE_DEVICES")
    return said.split(",") if said else [str(i) for i in range(number)]
