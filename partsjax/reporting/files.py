"""The result files of a run: `filters.parquet`, `parts.csv`, `combinations.csv`, `summary.json`.

APs are fractions in [0, 1]; a figure that was not computed is empty, never 0.
"""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from partsjax.emergence.evidence import Trial
from partsjax.emergence.scoring import Scores
from partsjax.emergence.verdict import LayerSummary, Verdict, null_labels
from partsjax.reporting.rows import fraction, truth, with_interval, write_rows

FILTER_APS = ("ap_train", "ap_val", "ap_train_unregressed", "ap_val_unregressed")


def part_columns(nulls: Iterable[str] = ()) -> tuple[str, ...]:
    """Of `parts.csv`, with those of the nulls that were run."""
    return (
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
        *(f"{null}_ap_val" for null in nulls),
        "emerges_paper",
        "emerges_strict",
        "too_rare",
        "best_filter_ap_val_low",
        "best_filter_ap_val_high",
        "prior_boxes",
        "prior_ap_val_low",
        "prior_ap_val_high",
        "excess_over_prior",
        "excess_over_prior_low",
        "excess_over_prior_high",
        "one_box_ap_train",
        "one_box_ap_val",
        "one_box_ap_val_low",
        "one_box_ap_val_high",
        "excess_over_one_box",
        "excess_over_one_box_low",
        "excess_over_one_box_high",
        "median_box_ap_val",
        *(
            f"{null}_{end}"
            for null in nulls
            for end in ("ap_train", "ap_val_low", "ap_val_high", "emerges_strict")
        ),
    )


TRIAL_COLUMNS = (
    "layer",
    "object_class",
    "part",
    "search",
    "score",
    "size",
    "filters",
    "ap_train",
    "ap_val",
    "ap_val_low",
    "ap_val_high",
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


def write_parts(path: Path, verdicts: Sequence[Verdict]) -> None:
    """One row per layer, class and part; of parts too rare to be judged `emerges_*` are empty."""
    write_rows(path, part_columns(null_labels(verdicts)), map(_part_row, verdicts))


def write_trials(path: Path, trials: Sequence[Trial]) -> None:
    """One row per layer, class, part and search: the set each found."""
    write_rows(path, TRIAL_COLUMNS, map(_trial_row, trials))


def _part_row(v: Verdict) -> dict:
    nulls = {}
    for name, null in v.nulls.items():
        nulls[f"{name}_ap_train"] = fraction(null.ap_train)
        nulls |= with_interval(f"{name}_ap_val", null.ap_val)
        nulls[f"{name}_emerges_strict"] = truth(null.emerges_strict)
    return {
        "layer": v.layer,
        "object_class": v.object_class,
        "part": v.part,
        "num_train": v.num_train,
        "num_val": v.num_val,
        "best_filter": "" if v.best_filter is None else v.best_filter,
        "best_filter_ap_train": fraction(v.best_filter_ap_train),
        **with_interval("best_filter_ap_val", v.best_filter_ap_val),
        "combination": _set(v.combination),
        "combination_ap_train": fraction(v.combination_ap_train),
        **with_interval("combination_ap_val", v.combination_ap_val),
        "prior_boxes": v.prior_boxes or "",
        "prior_ap_train": fraction(v.prior_ap_train),
        **with_interval("prior_ap_val", v.prior_ap_val),
        **with_interval("excess_over_prior", v.excess),
        "one_box_ap_train": fraction(v.one_box_ap_train),
        **with_interval("one_box_ap_val", v.one_box_ap_val),
        **with_interval("excess_over_one_box", v.one_box_excess),
        "median_box_ap_val": fraction(v.median_box_ap_val),
        **nulls,
        "emerges_paper": truth(v.emerges_paper if v.judged else None),
        "emerges_strict": truth(v.emerges_strict if v.judged else None),
        "too_rare": truth(v.rare),
    }


def _trial_row(t: Trial) -> dict:
    return {
        "layer": t.layer,
        "object_class": t.object_class,
        "part": t.part,
        "search": t.search,
        "score": t.score,
        "size": len(t.filters),
        "filters": _set(t.filters),
        "ap_train": fraction(t.ap_train),
        **with_interval("ap_val", t.ap_val),
    }


def _set(filters: Sequence[int]) -> str:
    return ";".join(map(str, filters))


def emergence_summary(
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
