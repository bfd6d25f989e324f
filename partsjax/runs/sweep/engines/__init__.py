"""What starts a sweep's workers: a file for each engine.

An engine starts processes that are all alike, and that find their runs themselves: it gives nothing out and
collects nothing.
"""

from collections.abc import Callable, Mapping
from typing import Protocol

from partsjax.runs.sweep.engines.asked import WorkersAsked
from partsjax.runs.sweep.engines.local import LocalWorkers
from partsjax.runs.sweep.engines.on_ray import RayWorkers
from partsjax.runs.sweep.engines.slurm import SlurmWorkers


class Workers(Protocol):
    def alive(self) -> bool:
        """Whether any is at work, or waits for a machine."""

    def stop(self) -> None:
        """Stops those that are."""


ENGINES: Mapping[str, Callable[[WorkersAsked], Workers]] = {
    "local": LocalWorkers,
    "slurm": SlurmWorkers,
    "ray": RayWorkers,
}
"""Raise `InputError` where workers cannot be started."""

__all__ = ["ENGINES", "Workers", "WorkersAsked"]
