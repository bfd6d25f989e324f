"""The tables of a run as pandas frames: the columns of its files, with exact values.

APs are fractions in [0, 1]; what was not computed is missing (NaN or NA), never 0.
"""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from partsjax.emergence.evidence import Trial
from partsjax.emergence.scoring import Scores
from partsjax.emergence.summary import LayerSummary
from partsjax.emergence.verdict import Estimate, NullVerdict, PriorVerdict, Verdict

FILTER_APS = ("ap_train", "ap_val", "ap_train_unregressed", "ap_val_unregressed")


def parts_table(verdicts: Sequence[Verdict]) -> pd.DataFrame:
    """One row per layer, class and part, as `parts.csv`.

    combination: the filters of the set, a tuple. `emerges_*` are missing for parts too rare to be judged, or
    without a train box. Every null that was run, and every further place prior, has columns of its own.
    """
    table = pd.DataFrame([_part_row(v) for v in verdicts])
    flags = [column for column in table if "emerges_" in column]
    return table.astype({"best_filter": "Int64", "prior_boxes": "Int64", **dict.fromkeys(flags, "boolean")})


def combinations_table(trials: Iterable[Trial]) -> pd.DataFrame:
    """One row per layer, class, part and search, as `combinations.csv`: the set each found, a tuple."""
    columns = (
        "layer", "object_class", "part", "search", "score", "size", "filters",
        "ap_train", "ap_val", "ap_val_low", "ap_val_high",
    )  # fmt: skip
    rows = [
        (t.layer, t.object_class, t.part, t.search, t.score, len(t.filters), t.filters, t.ap_train, *t.ap_val)
        for t in trials
    ]
    return pd.DataFrame(rows, columns=columns)


def filters_table(scored: Iterable[tuple[Sequence[Verdict], Scores]]) -> pd.DataFrame:
    """One row per layer, class, filter and part, as `filters.parquet`.

    Args:
      scored: of each class in each layer the verdicts on its parts, for their names, and all filters' scores.
    """
    tables = []
    for verdicts, scores in scored:
        filters, parts = scores.ap_train.shape
        names = {
            name: np.array([getattr(v, name) for v in verdicts], object)
            for name in ("layer", "object_class", "part")
        }
        tables.append(
            {
                "layer": np.tile(names["layer"], filters),
                "filter": np.repeat(np.arange(filters, dtype=np.int32), parts),
                "object_class": np.tile(names["object_class"], filters),
                "part": np.tile(names["part"], filters),
                "num_pairs": scores.num_pairs.ravel(),
                **{name: getattr(scores, name).ravel() for name in FILTER_APS},
            }
        )
    return pd.DataFrame({name: np.concatenate([table[name] for table in tables]) for name in tables[0]})


def _part_row(v: Verdict) -> dict:
    return {
        "layer": v.layer,
        "object_class": v.object_class,
        "part": v.part,
        "num_train": v.num_train,
        "num_val": v.num_val,
        "best_filter": v.best_filter,
        "best_filter_ap_train": v.best_filter_ap_train,
        "best_filter_ap_val": v.best_filter_ap_val.value,
        "combination": v.combination,
        "combination_ap_train": v.combination_ap_train,
        "combination_ap_val": v.combination_ap_val.value,
        **_ends("combination_ap_val", v.combination_ap_val),
        "prior_ap_train": v.prior_ap_train,
        "prior_ap_val": v.prior_ap_val.value,
        **{f"{name}_ap_val": null.ap_val.value for name, null in v.nulls.items()},
        "emerges_paper": v.emerges_paper if v.judged else None,
        "emerges_strict": v.emerges_strict if v.judged else None,
        "too_rare": v.rare,
        **_ends("best_filter_ap_val", v.best_filter_ap_val),
        "prior_boxes": v.prior_boxes or None,
        **_ends("prior_ap_val", v.prior_ap_val),
        "excess_over_prior": v.excess.value,
        **_ends("excess_over_prior", v.excess),
        "one_box_ap_train": v.one_box_ap_train,
        "one_box_ap_val": v.one_box_ap_val.value,
        **_ends("one_box_ap_val", v.one_box_ap_val),
        "excess_over_one_box": v.one_box_excess.value,
        **_ends("excess_over_one_box", v.one_box_excess),
        "median_box_ap_val": v.median_box_ap_val,
        **{column: value for item in v.nulls.items() for column, value in _null_row(*item).items()},
        **{column: value for item in v.priors.items() for column, value in _prior_row(*item).items()},
    }


def _prior_row(name: str, prior: PriorVerdict) -> dict:
    return {
        f"{name}_ap_train": prior.ap_train,
        f"{name}_ap_val": prior.ap_val.value,
        **_ends(f"{name}_ap_val", prior.ap_val),
        f"excess_over_{name}": prior.excess.value,
        **_ends(f"excess_over_{name}", prior.excess),
    }


def _null_row(name: str, null: NullVerdict) -> dict:
    return {
        f"{name}_ap_train": null.ap_train,
        **_ends(f"{name}_ap_val", null.ap_val),
        f"{name}_emerges_strict": null.emerges_strict,
    }


def _ends(name: str, estimate: Estimate) -> dict[str, float]:
    return {f"{name}_low": estimate.low, f"{name}_high": estimate.high}


def write_filters(path: Path, filters: pd.DataFrame) -> None:
    """`filters.parquet`: numbers as they are, what is missing as null."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = {"filter": pa.int32(), "num_pairs": pa.int32(), **dict.fromkeys(FILTER_APS, pa.float32())}
    schema = pa.schema([(column, types.get(column, pa.string())) for column in filters])
    table = pa.Table.from_pandas(filters, schema, preserve_index=False)
    pq.write_table(table.replace_schema_metadata(), path)


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
