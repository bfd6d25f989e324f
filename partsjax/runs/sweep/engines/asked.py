"""What an engine is asked for."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path


@dataclasses.dataclass(frozen=True)
class WorkersAsked:
    """Workers to be started.

    arguments: of a worker, after `partsjax`. number: how many; None: as the engine sees fit.
    runs: how many runs there are; more workers are never started. logs: folder of what they print.
    address: of a Ray cluster. options: of Slurm, as submitit takes them.
    """

    arguments: Sequence[str]
    runs: int
    logs: Path
    number: int | None = None
    address: str = "local"
    options: Mapping[str, str | int | float] = dataclasses.field(default_factory=dict)

    def log(self, number: int) -> Path:
        """Of a worker."""
        return self.logs / f"worker-{number}.log"

    def workers(self, fit: int) -> int:
        """How many are started where `fit` would fit."""
        return max(1, min(self.number or fit, self.runs))
