"""Flags of a command that several processes run together, how they find each other, and how they end."""

import atexit
import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

from absl import flags

from partsjax.errors import InputError

_COORDINATOR = flags.DEFINE_string(
    "coordinator",
    None,
    "HOST:PORT, a free port of the machine of process 0 that all reach: several processes train together. "
    "Not needed for the tasks of one srun, or the workers of one TPU slice.",
)
_NUM_PROCESSES = flags.DEFINE_integer(
    "num_processes",
    None,
    "How many processes train together. 1: this one alone, also as a task of srun or on a TPU slice.",
    lower_bound=1,
)
_PROCESS_ID = flags.DEFINE_integer(
    "process_id", None, "Which of them this is, counted from 0; 0 writes the results.", lower_bound=0
)

PATIENCE = 300  # seconds that processes wait for each other to start
SILENCE = 30  # seconds after which a process that is not heard of counts as gone
_GONE = (
    "error: another process of this training has ended or cannot be reached, so this one ends too; what the "
    "other said last is the reason. The same commands resume from the newest checkpoint"
)
_ABSENT = (
    f"error: not all processes of this training met within {PATIENCE} s; start all of them, with the same "
    "--coordinator, whose port all can reach, or one alone with --num_processes=1"
)


def join() -> None:
    """Joins the processes of this training, before JAX starts; without others it does nothing.

    They are those of --coordinator. Without it, on Slurm a step of more than one task is taken for them, and
    on a TPU the workers of its slice; JAX finds out the rest.

    Raises:
      InputError: flags that do not go together, or the others cannot be reached.
    """
    given = (_COORDINATOR.value, _NUM_PROCESSES.value, _PROCESS_ID.value)
    _check(*given)
    if _NUM_PROCESSES.value == 1 or (_COORDINATOR.value is None and not _found()):
        return
    import jax

    _listen()
    jax.config.update("jax_cpu_collectives_implementation", "gloo")
    jax.config.update("jax_enable_preemption_service", False)  # it takes SIGTERM for itself
    atexit.register(_leave, 2)
    try:
        jax.distributed.initialize(*given, initialization_timeout=PATIENCE, heartbeat_timeout_seconds=SILENCE)
    except Exception as error:  # whatever Slurm's variables and a TPU's metadata may lead to
        raise InputError(
            f"the other processes are not found ({' '.join(str(error).split())[:160]}); give --coordinator, "
            "--num_processes and --process_id, or --num_processes=1 for this one alone"
        ) from error
    atexit.unregister(_leave)
    atexit.register(_leave, 1)


@contextlib.contextmanager
def ending_together() -> Iterator[None]:
    """Around what the processes do together: all end, whichever of them does not come to the end.

    One that fails leaves at once, without waiting for others who wait for it; JAX then ends those.
    """
    import jax
    from jax.experimental import multihost_utils

    try:
        yield
        multihost_utils.sync_global_devices("the end")
    except BaseException as error:
        if jax.distributed.is_initialized():
            if isinstance(error, jax.errors.JaxRuntimeError):
                time.sleep(SILENCE + 10)  # where another is gone, JAX ends this process meanwhile
            atexit.unregister(_leave)
            atexit.register(_leave, 2 if isinstance(error, InputError) else getattr(error, "status", 1))
        raise
    atexit.unregister(_leave)


def _check(coordinator: str | None, count: int | None, number: int | None) -> None:
    if coordinator is None:
        if number is not None or (count or 1) > 1:
            raise InputError(
                "--num_processes and --process_id: give --coordinator=HOST:PORT with them, or leave all "
                "three out on Slurm and TPU"
            )
        return
    host, _, port = coordinator.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 1 << 16:
        raise InputError(f"--coordinator={coordinator}: give HOST:PORT, as node1:8476")
    if count is None or number is None:
        raise InputError("--coordinator: give --num_processes and --process_id with it")
    if number >= count:
        raise InputError(f"--process_id={number}: {count} processes are numbered from 0 to {count - 1}")
    try:
        socket.getaddrinfo(host, port)
        if number == 0:  # JAX crashes where it is taken
            with socket.socket() as free:
                free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                free.bind(("", int(port)))
    except OSError as error:
        raise InputError(f"--coordinator={coordinator}: {error.strerror}; give another") from error


def _found() -> bool:
    """Whether this is one of several tasks of a Slurm step, or a worker of a TPU (JAX sets the variable)."""
    return int(os.environ.get("SLURM_STEP_NUM_TASKS", 1)) > 1 or "TPU_ML_PLATFORM" in os.environ


def _leave(status: int) -> None:
    """Ends the process before JAX waits for the others."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            stream.flush()
    os._exit(status)


def _listen() -> None:
    """Has a process of its own read what libraries below Python write, and say it, but for one thing.

    Where another process is gone, JAX aborts this one with a page of text; of that it makes one line.
    """
    reader = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _READER, _GONE, _ABSENT],
        stdin=subprocess.PIPE,
        start_new_session=True,
    )
    for number, name in ((1, "stdout"), (2, "stderr")):
        stream = getattr(sys, name)
        ours = open(  # noqa: SIM115
            os.dup(stream.fileno()), "w", buffering=1, encoding=stream.encoding, errors=stream.errors
        )
        setattr(sys, name, ours)
        os.dup2(reader.stdin.fileno(), number)
    reader.stdin.close()


_READER = """
import sys
gone, absent = b"JAX distributed service detected fatal errors", b"CoordinationService/RegisterTask"
said = b""
for line in sys.stdin.buffer:
    if said or b"coordination_service" in line or gone in line:
        said += line
    elif not line.startswith(b"[Gloo]"):
        sys.stderr.buffer.write(line)
        sys.stderr.flush()
if gone in said:
    print(sys.argv[1 + (absent in said)], file=sys.stderr)
"""
