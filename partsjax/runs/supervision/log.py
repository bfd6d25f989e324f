"""What a training measures, step by step: a table, and the same for TensorBoard."""

import csv
import dataclasses
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from partsjax.errors import needing
from partsjax.runs.workdir import written_whole


@dataclasses.dataclass(frozen=True)
class MetricRow:
    """One figure; step: updates done before it was measured, of a train loss the update it belongs to."""

    step: int
    split: str
    metric: str
    value: float


METRIC_COLUMNS = tuple(field.name for field in dataclasses.fields(MetricRow))


def write_metrics(path: Path, rows: Sequence[MetricRow]) -> None:
    """Writes `metrics.csv`, whole; a figure that is not known is empty."""
    with (
        written_whole(path, durable=True) as temporary,
        open(temporary, "w", newline="", encoding="utf-8") as file,
    ):
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(METRIC_COLUMNS)
        for row in rows:
            value = "" if math.isnan(row.value) else f"{row.value:.7g}"
            writer.writerow((row.step, row.split, row.metric, value))


def course(rows: Sequence[MetricRow], split: str) -> dict[int, dict[str, float]]:
    """A split's figures by step, in order."""
    found: dict[int, dict[str, float]] = {}
    for row in rows:
        if row.split == split:
            found.setdefault(row.step, {})[row.metric] = row.value
    return found


class TrainingLog:
    """The figures of a training so far, kept in a folder where there is one.

    `metrics.csv` is written whole at each `save`, before its checkpoint.
    """

    def __init__(self, folder: Path | None, step: int | None, rows: Sequence[MetricRow]):
        """step, rows: of the checkpoint that the training goes on from. None: a new one."""
        self.rows = list(rows)
        self._folder = folder
        self._board = None if folder is None else _board(folder, step)

    def add(self, step: int, split: str, values: Mapping[str, float]) -> None:
        for metric, value in values.items():
            self.rows.append(MetricRow(step, split, metric, float(value)))
            if self._board is not None:
                self._board.add_scalar(f"{split}/{metric}", float(value), step)

    def save(self) -> None:
        if self._folder is not None:
            write_metrics(self._folder / "metrics.csv", self.rows)
        if self._board is not None:
            self._board.flush()

    def close(self) -> None:
        if self._board is not None:
            self._board.close()


def summary_writer() -> type:
    """TensorBoard's writer; raises `InputError` where it is not installed."""
    with needing("training", "train"):
        from tensorboardX import SummaryWriter
    return SummaryWriter


def _board(folder: Path, step: int | None):
    """TensorBoard's writer, which drops what it wrote after the step."""
    purge = None if step is None else step + 1
    return summary_writer()(str(folder / "tensorboard"), purge_step=purge, write_to_disk=True)
