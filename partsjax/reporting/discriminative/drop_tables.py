"""The tables of discriminativeness, as in `filters.csv` and `parts.csv`, with exact values; `summary.json`.

Drops are in units of the class score, before the softmax unless the column says otherwise; APs, shares and
areas are fractions in [0, 1]; what was not computed is missing (NaN or NA), never 0.
"""

import math
from collections.abc import Iterable, Mapping

import pandas as pd

from partsjax.discriminativeness.correlation import RankCorrelation
from partsjax.discriminativeness.findings import ClassFindings, LayerFindings
from partsjax.discriminativeness.part_drops import PartCounts
from partsjax.discriminativeness.relation import CRITERIA, Overlap
from partsjax.reporting.rows import with_interval

FILTER_COLUMNS = (
    "layer", "object_class", "filter", "delta", "delta_low", "delta_high", "delta_after_softmax",
    "delta_after_softmax_low", "delta_after_softmax_high", "share", "gradient_activation", "discriminative",
    *(f"semantic_{name}" for name in CRITERIA), "parts",
)  # fmt: skip
PART_DROP_COLUMNS = (
    "layer", "object_class", "part", "num_crops", "without_control", "drop", "drop_low", "drop_high",
    "drop_control", "drop_control_low", "drop_control_high", "area", "control_area", "control_on_part",
    "difference", "difference_low", "difference_high", "difference_per_area", "difference_per_area_low",
    "difference_per_area_high", "discriminative",
    "ap_train", "ap_val", "excess_over_prior", "excess_over_prior_low", "excess_over_prior_high",
    *CRITERIA.values(),
)  # fmt: skip


def filter_drop_table(found: LayerFindings) -> pd.DataFrame:
    """One row per class and filter. `parts`: those that emerge by any criterion and that it detects."""
    return pd.DataFrame([row for c in found.classes for row in _filter_rows(c)], columns=FILTER_COLUMNS)


def part_drop_table(found: LayerFindings) -> pd.DataFrame:
    """One row per class and part; of parts too rare to be judged what they pass is empty."""
    table = pd.DataFrame([row for c in found.classes for row in _part_rows(c)], columns=PART_DROP_COLUMNS)
    return table.astype(dict.fromkeys(("discriminative", *CRITERIA.values()), "boolean"))


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
            "without_control": part.without_control,
            **with_interval("drop", part.drop.estimate),
            **with_interval("drop_control", part.control.estimate),
            "area": float(part.area.value),
            "control_area": part.control_area,
            "control_on_part": part.on_part,
            **with_interval("difference", part.difference.estimate),
            **with_interval("difference_per_area", part.per_area.estimate),
            "discriminative": part.discriminative,
            "ap_train": v.combination_ap_train,
            "ap_val": v.combination_ap_val.value,
            **with_interval("excess_over_prior", v.excess),
            **{passes: bool(getattr(v, passes)) if v.judged else None for passes in CRITERIA.values()},
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
            **_part_counts(found.sums.parts),
            **{name: _correlation(relation) for name, relation in found.relations.items()},
        },
    }


def _class_summary(c: ClassFindings) -> dict:
    return {
        "crops": c.crops,
        **{name: _rounded(value) for name, value in with_interval("top1", c.top1.estimate).items()},
        "discriminative_filters": int(c.discriminative.sum()),
        "discriminative_filters_by_deviations": {f"{k:g}": count for k, count in c.counts.items()},
        **{f"semantic_{name}": _overlap(c.overlap[name]) for name in CRITERIA},
        "delta_and_gradient_activation": _correlation(c.gradient_correlation),
        **_part_counts(c.part_counts),
        **{name: _correlation(relation) for name, relation in c.relations.items()},
    }


def _part_counts(counts: PartCounts) -> dict:
    return {
        "discriminative_parts": counts.discriminative,
        "parts": counts.compared,
        "parts_without_control": counts.uncontrolled,
        "blackouts": counts.blackouts,
        "blackouts_without_control": counts.without_control,
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
