"""A process that ends with the one that started it, however that one ends."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def start_tied(command: Sequence[str], **more: Any) -> subprocess.Popen:
    """Starts a process whose stdin is a pipe that nothing is written to: it closes when this process ends.

    more: other arguments of `subprocess.Popen`.
    """
    return subprocess.Popen(command, stdin=subprocess.PIPE, **more)


def call_tied(command: Sequence[str], log: Path) -> int:
    """The status of a process that is started as by `start_tied`, once it ends; it prints to `log`."""
    with open(log, "ab") as file, start_tied(command, stdout=file, stderr=subprocess.STDOUT) as process:
        return process.wait()


def end_with_parent() -> None:
    """Makes this process, started by `start_tied`, stop by SIGTERM when its stdin closes."""

    def wait() -> None:
        os.read(0, 1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, daemon=True).start()


TIED = (
    sys.executable,
    "-c",
    f"from {__name__} import end_with_parent; end_with_parent(); from partsjax.cli.main import main; main()",
)
"""Starts a program `partsjax NAME ...` that ends with this process."""
