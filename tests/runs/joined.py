"""The command that trains, in processes of its own that join: as on several hosts, over gloo."""

import contextlib
import os
import signal
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest import mock

from partsjax.supervision.training import Trainer
from tests import processes


def trained(place: Path, count: int, *, devices: int = 1, **options) -> list[tuple[int, list[str]]]:
    """`count` processes with as many devices each train: (exit status, lines they wrote) of each.

    place: of pipes. options: flags; a list has one value for each process; `dies` is of `command`.
    """
    place.mkdir(exist_ok=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        coordinator = f"127.0.0.1:{free.getsockname()[1]}"

    def one(number: int) -> tuple[int, list[str]]:
        joining = {"coordinator": coordinator, "num_processes": count, "process_id": number}
        its = {name: value[number] if isinstance(value, list) else value for name, value in options.items()}
        pipe = place / str(number)
        os.mkfifo(pipe)
        with ThreadPoolExecutor(1) as reader:
            wrote = reader.submit(pipe.read_text)
            status, _ = processes.start(command, number, pipe, joining | its, devices=devices)
            return status, wrote.result().splitlines()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def command(number: int, pipe: Path, options: dict) -> None:
    """`partsjax supervision` with these flags.

    options: `dies`: which process kills itself before which update; `patience`: seconds they wait to meet.
    """
    from partsjax.cli import host_flags, starting, supervision

    with open(pipe, "wb") as file:
        for descriptor in (1, 2):
            os.dup2(file.fileno(), descriptor)
    sys.stdout, sys.stderr = (open(descriptor, "w", closefd=False) for descriptor in (1, 2))  # noqa: SIM115
    os.environ["JAX_NUM_CPU_DEVICES"] = "as tests.processes has set it"
    dies, step = options.pop("dies", None), Trainer.step

    def deadly(self, batch, at):
        if dies == (number, at):
            os.kill(os.getpid(), signal.SIGKILL)
        return step(self, batch, at)

    with contextlib.ExitStack() as patches:
        patches.enter_context(mock.patch.object(Trainer, "step", deadly))
        patches.enter_context(mock.patch.object(host_flags, "PATIENCE", options.pop("patience", 60)))
        sys.argv = ["partsjax supervision", *(f"--{name}={value}" for name, value in options.items())]
        starting.start(supervision)
