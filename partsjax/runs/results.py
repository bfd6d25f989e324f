"""Writes the tables of a run, each whole or not at all."""

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path

from partsjax.emergence.verdict import LayerSummary
from partsjax.reporting import files
from partsjax.runs import resamples, workdir
from partsjax.runs.evidence_stage import Judged

OUTPUTS = ("filters.parquet", "parts.csv", "combinations.csv", resamples.NAME, "summary.json")


def write_tables(
    folder: Path,
    about,
    classes: Sequence[str],
    judged: Mapping[tuple[str, str], Judged],
    summaries: Mapping[str, LayerSummary],
    images: resamples.Images,
) -> None:
    """All of `OUTPUTS`.

    Args:
      about: has `net`, `weights` and `dataset`, names for people.
      judged: by (layer, class), in the order of the rows; images: judged on.
    """
    whole = functools.partial(workdir.written_whole, durable=True)
    with whole(folder / "filters.parquet") as path:
        tables = [
            files.ClassScores(
                layer, object_class, tuple(v.part for v in found.evidence.verdicts), found.scores
            )
            for (layer, object_class), found in judged.items()
        ]
        files.write_filters(path, tables)
    with whole(folder / "parts.csv") as path:
        files.write_parts(path, [v for found in judged.values() for v in found.evidence.verdicts])
    with whole(folder / "combinations.csv") as path:
        files.write_trials(path, [t for found in judged.values() for t in found.evidence.trials])
    with whole(folder / resamples.NAME) as path:
        resamples.write_resamples(path, judged, images)
    workdir.write_json(
        folder / "summary.json",
        files.emergence_summary(about.net, about.weights, about.dataset, classes, summaries),
    )
