"""The tables of a run as pandas frames: the columns of its files, with exact values.

APs are fractions in [0, 1]; what was not computed is missing (NaN or NA), never 0.
"""

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from partsjax.emergence.descriptions import Held
from partsjax.emergence.evidence import Trial
from partsjax.emergence.iou import FilterIou
from partsjax.emergence.own_evidence import OwnEvidence
from partsjax.emergence.readout.verdict import ReadoutVerdict
from partsjax.emergence.sanity import ERRORS
from partsjax.emergence.scoring import Scores
from partsjax.emergence.summary import LayerSummary
from partsjax.emergence.verdict import NullVerdict, PriorVerdict, Verdict
from partsjax.reporting.rows import with_interval

if TYPE_CHECKING:
    import pandas as pd  # takes long

FILTER_APS = ("ap_train", "ap_val", "ap_train_unregressed", "ap_val_unregressed")
_FLAGS = ("beyond_place", "emerges_paper", "emerges_strict")


def parts_table(verdicts: Sequence[Verdict]) -> "pd.DataFrame":
    """One row per layer, class and part, as `parts.csv`.

    combination: the filters of the set, a tuple. `beyond_place` and `emerges_*` are missing for parts too
    rare to be judged, or without a train box. Every prior and every null that was run has columns of its own;
    so have readouts and own evidence.
    """
    import pandas as pd

    table = pd.DataFrame([_part_row(v) for v in verdicts])
    types = {"best_filter": "Int64", "filters_for_half": "Int64", **dict.fromkeys(_FLAGS, "boolean")}
    return table.astype({column: kind for column, kind in types.items() if column in table})


def combinations_table(trials: Iterable[Trial]) -> "pd.DataFrame":
    """One row per layer, class, part and search, as `combinations.csv`: the set each found, a tuple."""
    import pandas as pd

    columns = (
        "layer", "object_class", "part", "search", "score", "size", "filters",
        "ap_train", "ap_val", "ap_val_low", "ap_val_high",
    )  # fmt: skip
    rows = [
        (t.layer, t.object_class, t.part, t.search, t.score, len(t.filters), t.filters, t.ap_train, *t.ap_val)
        for t in trials
    ]
    return pd.DataFrame(rows, columns=columns)


def sanity_table(verdicts: Sequence[Verdict]) -> "pd.DataFrame":
    """One row per layer, class, part and score, as `sanity.csv`; no row where sanity was not asked for."""
    import pandas as pd

    columns = (
        "layer", "object_class", "part", "score",
        "as_labeled", "missing", "extra", "fall_missing", "fall_extra",
    )  # fmt: skip
    rows = [
        (v.layer, v.object_class, v.part, name, *dataclasses.astuple(of), *map(of.relative_fall, ERRORS))
        for v in verdicts
        for name, of in v.sanity.items()
    ]
    return pd.DataFrame(rows, columns=columns)


def descriptions_table(held: Sequence[Held]) -> "pd.DataFrame":
    """One row per description and part, or class, that it names, as `descriptions.csv`."""
    import pandas as pd

    table = pd.DataFrame([_description_row(one) for one in held])
    return table.astype({"rank": "Int64", "beyond_place": "boolean"})


def filters_table(scored: Iterable[tuple[Sequence[Verdict], Scores, FilterIou | None]]) -> "pd.DataFrame":
    """One row per layer, class, filter and part, as `filters.parquet`.

    serves: whether the filter is the best one for the part, or in its set, and the part is beyond place.

    Args:
      scored: of each class in each layer the verdicts on its parts, for their names, all filters' scores, and
        their IoU where it was measured.
    """
    import pandas as pd

    tables = []
    for verdicts, scores, iou in scored:
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
                **({} if iou is None else {"iou_train": iou.train.ravel(), "iou_val": iou.val.ravel()}),
                "serves": np.array(
                    [v.beyond_place and v.serves(f) for f in range(filters) for v in verdicts], bool
                ),
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
        **with_interval("best_filter_ap_val", v.best_filter_ap_val),
        "combination": v.combination,
        "combination_ap_train": v.combination_ap_train,
        **with_interval("combination_ap_val", v.combination_ap_val),
        **{column: value for item in v.priors.items() for column, value in _prior_row(*item).items()},
        "p_value": v.prior.p_value,
        "q_value": v.q_value,
        **{flag: getattr(v, flag) if v.judged else None for flag in _FLAGS},
        "too_rare": v.rare,
        **{
            column: value
            for name, null in v.nulls.items()
            for column, value in _null_row(name, null, v.judged).items()
        },
        **with_interval("where", v.where),
        **with_interval("whether", v.whether),
        "hit_rate": v.hit_rate,
        **({} if v.own_evidence is None else _own_evidence_row(v.own_evidence)),
        "prior_hit_rate": v.prior_hit_rate,
        "coverage_train": v.coverage_train,
        "mean_area": v.mean_area,
        **({} if v.readout is None else _readout_row(v.readout)),
        **{f"drift_{split}": _drift(v, split) for split in ("train", "val")},
    }


def _own_evidence_row(found: OwnEvidence) -> dict[str, float]:
    return {
        **with_interval("hit_rate_part_alone", found.part_alone),
        **with_interval("hit_rate_part_hidden", found.part_hidden),
        **with_interval("own_evidence", found.difference),
    }


def _description_row(held: Held) -> dict:
    def of(*names: str) -> dict:
        return {name: None if (value := getattr(held, name)) == "" else value for name in names}

    return {
        **of("layer", "filter", "text", "object_class", "part", "ap_train", "ap_val", "iou_train", "iou_val"),
        **of("rank", "filters", "prior_ap_val"),
        **with_interval("excess_over_prior", held.excess),
        **of("p_value", "q_value", "beyond_place", "class_share", "crop_share"),
    }


def _readout_row(readout: ReadoutVerdict) -> dict:
    return {
        "readout_ap_train": readout.ap_train,
        **with_interval("readout_ap_val", readout.ap_val),
        **with_interval("readout_excess", readout.excess),
        **with_interval("share_of_decodable", readout.share_of_decodable),
        "filters_for_half": readout.filters_for_half,
        "carried": readout.carried or None,
    }


def _prior_row(name: str, prior: PriorVerdict) -> dict[str, float]:
    """As `prior_ap_val`, `excess_over_prior`; another prior's likewise."""
    return {
        f"{name}_ap_train": prior.ap_train,
        **with_interval(f"{name}_ap_val", prior.ap_val),
        **with_interval(f"excess_over_{name}", prior.excess),
    }


def _null_row(name: str, null: NullVerdict, judged: bool) -> dict[str, float]:
    return {
        f"{name}_ap_train": null.ap_train,
        **with_interval(f"{name}_ap_val", null.ap_val),
        f"{name}_beyond_place": null.beyond_place if judged else math.nan,
        f"{name}_emerges_strict": null.emerges_strict if judged else math.nan,
        **(
            {}
            if null.readout_ap_val is None
            else {
                f"{name}_readout_ap_val": null.readout_ap_val,
                f"{name}_readout_excess": null.readout_excess,
            }
        ),
    }


def _drift(verdict: Verdict, split: str) -> float:
    """By how much the share of objects that have the part changes, first third to last, where it drifts."""
    return next((d.last - d.first for d in verdict.drifts if d.split == split), math.nan)


def write_filters(path: Path, filters: "pd.DataFrame") -> None:
    """`filters.parquet`: numbers as they are, what is missing as null."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = {
        "filter": pa.int32(),
        "num_pairs": pa.int32(),
        "serves": pa.bool_(),
        **dict.fromkeys((*FILTER_APS, "iou_train", "iou_val"), pa.float32()),
    }
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
