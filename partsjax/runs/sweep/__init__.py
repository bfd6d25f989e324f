"""A sweep: many runs of the other commands, by any number of workers on any number of machines."""

from partsjax.runs.sweep.engines import ENGINES, WorkersAsked
from partsjax.runs.sweep.plan import PlannedRun, planned
from partsjax.runs.sweep.run import Sweep, run_workers, write_comparison
from partsjax.runs.sweep.states import SweepFolder
from partsjax.runs.sweep.worker import Worker

__all__ = [
    "ENGINES",
    "PlannedRun",
    "Sweep",
    "SweepFolder",
    "Worker",
    "WorkersAsked",
    "planned",
    "run_workers",
    "write_comparison",
]
