"""The tables of discriminativeness, as in `filters.csv` and `parts.csv`, with exact values; `summary.json`.

Drops are in units of the class score, before the softmax unless the column says otherwise; APs, shares and
areas are fractions in [0, 1]; what was not computed is missing (NaN or NA), never 0.
"""

import math
from collections.abc import Iterable, Mapping

import pandas as pd

from partsjax.discriminativeness.correlation import RankCorrelation
from partsjax.discriminativeness.findings import ClassFindings, LayerFindings
from partsjax.discriminativeness.relation import CRITERIA, Overlap
from partsjax.reporting.rows import with_interval

FILTER_COLUMNS = (
    "layer", "object_class", "filter", "delta", "delta_low", "delta_high", "delta_after_softmax",
    "delta_after_softmax_low", "delta_after_softmax_high", "share", "gradient_activation", "discriminative",
    "semantic_paper", "semantic_strict", "parts",
)  # fmt: skip
PART_DROP_COLUMNS = (
    "layer", "object_class", "part", "num_crops", "drop", "drop_low", "drop_high", "drop_control",
    "drop_control_low", "drop_control_high", "difference", "difference_low", "difference_high", "area",
    "difference_per_area", "difference_per_area_low", "difference_per_area_high", "discriminative",
    "ap_train", "ap_val", "emerges_paper", "emerges_strict",
)  # fmt: skip


def filter_drop_table(found: LayerFindings) -> pd.DataFrame:
    """One row per class and filter. `parts`: those that emerge by either criterion and that it detects."""
    return pd.DataFrame([row for c in found.classes for row in _filter_rows(c)], columns=FILTER_COLUMNS)


def part_drop_table(found: LayerFindings) -> pd.DataFrame:
    """One row per class and part; of parts too rare to be judged `emerges_*` are empty."""
    table = pd.DataFrame([row for c in found.classes for row in _part_rows(c)], columns=PART_DROP_COLUMNS)
    return table.astype(dict.fromkeys(("discriminative", "emerges_paper", "emerges_strict"), "boolean"))


def _filter_rows(c: ClassFindings) -> Iterable[dict]:
    share = c.before.share
    for f in range(len(c.discriminative)):
        yield {
            "layer": c.layer,
            "object_class": c.object_class,
            "filter": f,
            **with_interval("delta", c.before.delta[f].estimate),
            **with_interval("delta_after_softmax", c.after.delta[f].estimate),
            "share": float(share[f]),
            "gradient_activation": float(c.gradient.value[f]),
            "discriminative": bool(c.discriminative[f]),
            **{f"semantic_{name}": bool(c.semantic[name][f]) for name in CRITERIA},
            "parts": c.detects(f),
        }


def _part_rows(c: ClassFindings) -> Iterable[dict]:
    for part, v in zip(c.parts, c.verdicts, strict=True):
        yield {
            "layer": c.layer,
            "object_class": c.object_class,
            "part": v.part,
            "num_crops": part.crops,
            **with_interval("drop", part.drop.estimate),
            **with_interval("drop_control", part.control.estimate),
            **with_interval("difference", part.difference.estimate),
            "area": float(part.area),
            **with_interval("difference_per_area", part.per_area.estimate),
            "discriminative": bool(part.discriminative) if part.crops else None,
            "ap_train": v.combination_ap_train,
            "ap_val": v.combination_ap_val.value,
            "emerges_paper": bool(v.emerges_paper) if v.judged else None,
            "emerges_strict": bool(v.emerges_strict) if v.judged else None,
        }


def discriminativeness_summary(names: Mapping[str, str], found: LayerFindings) -> dict:
    """What `summary.json` holds; names: of network, weights and dataset."""
    return {
        **names,
        "layer": found.layer,
        "filters": len(found.sharing.classes),
        "deviations": found.cutoff.deviations,
        "after_softmax": found.cutoff.after_softmax,
        "classes": {c.object_class: _class_summary(c) for c in found.classes},
        "all_classes": {
            "discriminative_filters": found.sums.filters,
            "distinct_discriminative_filters": found.sums.distinct,
            "filters_by_number_of_classes": found.sharing.histogram.tolist(),
            **{f"semantic_{name}": _overlap(found.overlap[name]) for name in CRITERIA},
            "discriminative_parts": found.sums.parts,
            "parts": found.sums.measured,
            "difference_and_ap_val": _correlation(found.with_ap),
            "drop_and_ap_val": _correlation(found.drop_with_ap),
            "control_and_ap_val": _correlation(found.control_with_ap),
        },
    }


def _class_summary(c: ClassFindings) -> dict:
    return {
        "crops": c.crops,
        "discriminative_filters": int(c.discriminative.sum()),
        "discriminative_filters_by_deviations": {f"{k:g}": count for k, count in c.counts.items()},
        **{f"semantic_{name}": _overlap(c.overlap[name]) for name in CRITERIA},
        "delta_and_gradient_activation": _correlation(c.gradient_correlation),
        "discriminative_parts": sum(p.discriminative for p in c.parts),
        "parts": sum(p.crops > 0 for p in c.parts),
        "difference_and_ap_val": _correlation(c.with_ap),
    }


def _overlap(o: Overlap) -> dict:
    return {
        "discriminative_and_semantic": o.both,
        "semantic_filters": o.semantic,
        "share": _rounded(o.share),
        "expected_by_chance": _rounded(o.expected),
        "p_value": _rounded(o.p_value),
    }


def _correlation(r: RankCorrelation) -> dict:
    return {
        "rank_correlation": _rounded(r.value),
        "number": r.number,
        "over_things_low": _rounded(r.over_things.low),
        "over_things_high": _rounded(r.over_things.high),
        "over_images_low": _rounded(r.over_images.low),
        "over_images_high": _rounded(r.over_images.high),
    }


def _rounded(value: float) -> float | None:
    """None: not computed."""
    return None if math.isnan(value) else float(f"{value:.6g}")
