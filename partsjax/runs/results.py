"""Writes the tables of a run, each whole or not at all."""

import functools
from pathlib import Path
from typing import TYPE_CHECKING

from partsjax.reporting import tables
from partsjax.reporting.rows import write_table
from partsjax.runs import resamples, workdir

if TYPE_CHECKING:
    from partsjax.runs.emergence.result import Emergence

OUTPUTS = ("filters.parquet", "parts.csv", "combinations.csv", resamples.NAME, "summary.json")


def write_tables(folder: Path, found: "Emergence") -> None:
    """All of `OUTPUTS`."""
    whole, about = functools.partial(workdir.written_whole, durable=True), found.about
    with whole(folder / "filters.parquet") as path:
        tables.write_filters(path, found.filters)
    with whole(folder / "parts.csv") as path:
        write_table(path, found.parts)
    with whole(folder / "combinations.csv") as path:
        write_table(path, found.combinations)
    with whole(folder / resamples.NAME) as path:
        resamples.write_resamples(path, found.judged, found.images)
    summary = tables.emergence_summary(about.net, about.weights, about.dataset, about.classes, found.summary)
    workdir.write_json(folder / "summary.json", summary)
