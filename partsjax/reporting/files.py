"""The result files of a run: `filters.parquet`, `parts.csv`, `summary.json`.

APs are fractions in [0, 1]; a figure that was not computed is empty, never 0.
"""

import csv
import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from partsjax.emergence.scoring import Scores
from partsjax.emergence.selection import BestFilter, LayerSummary

FILTER_APS = ("ap_train", "ap_val", "ap_train_unregressed", "ap_val_unregressed")

PART_COLUMNS = (
    "layer",
    "object_class",
    "part",
    "num_train",
    "num_val",
    "best_filter",
    "best_filter_ap_train",
    "best_filter_ap_val",
    "combination",
    "combination_ap_train",
    "combination_ap_val",
    "combination_ap_val_low",
    "combination_ap_val_high",
    "prior_ap_train",
    "prior_ap_val",
    "random_ap_val",
    "shuffled_ap_val",
    "emerges_paper",
    "emerges_strict",
)


@dataclasses.dataclass(frozen=True)
class ClassScores:
    """Scores of one layer on one object class, with the names of its parts."""

    layer: str
    object_class: str
    parts: tuple[str, ...]
    scores: Scores


def write_filters(path: Path, results: Sequence[ClassScores]) -> None:
    """One row per layer, class, filter and part."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    tables = []
    for result in results:
        filters, parts = result.scores.ap_train.shape
        columns = {
            "layer": pa.array([result.layer] * (filters * parts)),
            "filter": pa.array(np.repeat(np.arange(filters, dtype=np.int32), parts)),
            "object_class": pa.array([result.object_class] * (filters * parts)),
            "part": pa.array(list(result.parts) * filters),
            "num_pairs": pa.array(result.scores.num_pairs.ravel()),
        }
        for name in FILTER_APS:
            columns[name] = pa.array(getattr(result.scores, name).ravel(), from_pandas=True)  # NaN -> null
        tables.append(pa.table(columns))
    pq.write_table(pa.concat_tables(tables), path)


def write_parts(path: Path, rows: Sequence[BestFilter]) -> None:
    """One row per layer, class and part; columns of stages that did not run are empty."""
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, PART_COLUMNS, restval="", lineterminator="\n")
        writer.writeheader()
        for row in rows:
            writer.writerow(
                {
                    "layer": row.layer,
                    "object_class": row.object_class,
                    "part": row.part,
                    "num_train": row.num_train,
                    "num_val": row.num_val,
                    "best_filter": "" if row.filter is None else row.filter,
                    "best_filter_ap_train": _fraction(row.ap_train),
                    "best_filter_ap_val": _fraction(row.ap_val),
                }
            )


def _fraction(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.6f}"


def summary(
    network: str, weights: str, dataset: str, classes: Sequence[str], layers: Mapping[str, LayerSummary]
) -> dict:
    """What `summary.json` holds."""
    return {
        "network": network,
        "weights": weights,
        "dataset": dataset,
        "classes": list(classes),
        "layers": {name: dataclasses.asdict(layer) for name, layer in layers.items()},
    }
