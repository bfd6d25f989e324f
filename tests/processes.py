"""Functions in processes of their own: for what dies, and for what needs other devices.

They are forked from a process that has imported JAX and the rest, which takes as long as most of what they
do, and has started none of it.
"""

import contextlib
import multiprocessing

import jax

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload([__name__, "tests.preloaded"])
_parent = None


def say(something) -> None:
    """To whoever started this process; at once, so that it may die next."""
    _parent.send(something)


def start(function, *arguments, devices: int = 1) -> tuple[int, list]:
    """Runs a function of a module with that many devices: (exit status, all that it said)."""
    mine, its = _FORKS.Pipe(duplex=False)
    process = _FORKS.Process(target=_run, args=(its, devices, function, *arguments))
    process.start()
    its.close()
    said = []
    with contextlib.suppress(EOFError):
        while True:
            said.append(mine.recv())
    process.join()
    return process.exitcode, said


def _run(parent, devices: int, function, *arguments) -> None:
    global _parent
    _parent = parent
    jax.config.update("jax_num_cpu_devices", devices)
    function(*arguments)
