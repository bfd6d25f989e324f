"""What a training run measures, step by step: `metrics.csv`, and the same for TensorBoard."""

import csv
import dataclasses
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from partsjax.errors import needing
from partsjax.runs.workdir import written_whole

COLUMNS = ("step", "split", "metric", "value")


@dataclasses.dataclass(frozen=True)
class Row:
    """One figure; step: updates done before it was measured, of a train loss the update it belongs to."""

    step: int
    split: str
    metric: str
    value: float


class TrainingLog:
    """The figures of a run so far. `metrics.csv` is written whole at each `save`, before its checkpoint."""

    def __init__(self, folder: Path, step: int | None = None, rows: Sequence[Row] = ()):
        """step, rows: of the checkpoint that the run goes on from. None: a new run."""
        with needing("training", "train"):
            from tensorboardX import SummaryWriter

        self._path = folder / "metrics.csv"
        self.rows = list(rows)
        purge = None if step is None else step + 1
        self._board = SummaryWriter(str(folder / "tensorboard"), purge_step=purge, write_to_disk=True)

    def add(self, step: int, split: str, values: Mapping[str, float]) -> None:
        for metric, value in values.items():
            self.rows.append(Row(step, split, metric, float(value)))
            self._board.add_scalar(f"{split}/{metric}", float(value), step)

    def save(self) -> None:
        with (
            written_whole(self._path, durable=True) as temporary,
            open(temporary, "w", newline="", encoding="utf-8") as file,
        ):
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            for r in self.rows:
                writer.writerow((r.step, r.split, r.metric, "" if math.isnan(r.value) else f"{r.value:.7g}"))
        self._board.flush()

    def course(self, split: str) -> dict[int, dict[str, float]]:
        """A split's figures by step, in order."""
        found: dict[int, dict[str, float]] = {}
        for row in self.rows:
            if row.split == split:
                found.setdefault(row.step, {})[row.metric] = row.value
        return found

    def close(self) -> None:
        self._board.close()
