"""A layer summarized: how many of its parts emerge, by either criterion and in the nulls, and mean APs."""

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from partsjax.emergence.verdict import CHANCE, NullVerdict, Verdict, null_labels


@dataclasses.dataclass(frozen=True)
class NullSummary:
    """A null over a layer's judged parts: how many emerge there by either criterion, and mean APs."""

    label: str
    emerging_paper: int
    emerging_strict: int
    mean_ap_train: float | None
    mean_ap_val: float | None


@dataclasses.dataclass(frozen=True)
class LayerSummary:
    """A layer over all parts judged: those with a train box and enough validation boxes.

    emerging_*: parts that emerge by the paper's criterion (train AP of the best combination over 0.30) and
      by ours; `_one_box`: ours compared with the best single box alone.
    prior_emerging_paper: parts in which fixed boxes, which look at no filter, pass the paper's criterion.
    strict_by_chance: how many parts would pass the second half of our criterion, being significantly
      over the prior, if all were exactly at it: 2.5% of them.
    mean_ap: means over parts, fractions. None: not computed.
    nulls: by name, of the nulls that were run on all of them.
    emergence_ap, min_val_boxes: the thresholds, as in `Method`.
    nominal: its receptive fields are patches that stand in for what cells see, as `ReceptiveField.nominal`.
    """

    parts: int
    parts_too_rare: tuple[str, ...]
    emerging_paper: int
    emerging_strict: int
    emerging_strict_one_box: int
    prior_emerging_paper: int
    strict_by_chance: float
    mean_ap: Mapping[str, float | None]
    nulls: Mapping[str, NullSummary]
    emergence_ap: float
    min_val_boxes: int
    nominal: bool = False


def summarize(verdicts: Sequence[Verdict], unregressed: Sequence[tuple[float, float]] = ()) -> LayerSummary:
    """Adds up a layer.

    Args:
      verdicts: of all classes' parts, at least one, of one method; unregressed: (train, val) AP of each
        part's best filter without regression, in the same order.
    """
    judged = [v for v in verdicts if v.judged]
    plain = [pair for v, pair in zip(verdicts, unregressed, strict=bool(unregressed)) if v.judged]
    return LayerSummary(
        parts=len(judged),
        parts_too_rare=tuple(f"{v.object_class}:{v.part}" for v in verdicts if not v.judged),
        emerging_paper=sum(v.emerges_paper for v in judged),
        emerging_strict=sum(v.emerges_strict for v in judged),
        emerging_strict_one_box=sum(v.emerges_strict_one_box for v in judged),
        prior_emerging_paper=sum(v.prior_emerges_paper for v in judged),
        strict_by_chance=round(CHANCE * len(judged), 3),
        mean_ap={
            "best_filter_unregressed_train": _mean(train for train, _ in plain),
            "best_filter_unregressed_val": _mean(val for _, val in plain),
            "best_filter_train": _mean(v.best_filter_ap_train for v in judged),
            "best_filter_val": _mean(v.best_filter_ap_val.value for v in judged),
            "combination_train": _mean(v.combination_ap_train for v in judged),
            "combination_val": _mean(v.combination_ap_val.value for v in judged),
            "prior_train": _mean(v.prior_ap_train for v in judged),
            "prior_val": _mean(v.prior_ap_val.value for v in judged),
            "one_box_val": _mean(v.one_box_ap_val.value for v in judged),
            "median_box_val": _mean(v.median_box_ap_val for v in judged),
        },
        nulls={
            name: _null_summary([v.nulls[name] for v in judged], label)
            for name, label in null_labels(verdicts).items()
        },
        emergence_ap=verdicts[0].emergence_ap,
        min_val_boxes=verdicts[0].min_val_boxes,
    )


def _null_summary(nulls: Sequence[NullVerdict], label: str) -> NullSummary:
    return NullSummary(
        label,
        emerging_paper=sum(null.emerges_paper for null in nulls),
        emerging_strict=sum(null.emerges_strict for null in nulls),
        mean_ap_train=_mean(null.ap_train for null in nulls),
        mean_ap_val=_mean(null.ap_val.value for null in nulls),
    )


def _mean(values: Iterable[float]) -> float | None:
    known = [value for value in values if not math.isnan(value)]
    return round(float(np.mean(known)), 6) if known else None


def best_unregressed(ap_train: np.ndarray, ap_val: np.ndarray) -> list[tuple[float, float]]:
    """(train, val) AP of each part's best filter, chosen on train: of float [F, P] APs without regression."""
    pairs = []
    for train, val in zip(ap_train.T, ap_val.T, strict=True):
        best = None if np.isnan(train).all() else int(np.nanargmax(train))
        pairs.append((math.nan, math.nan) if best is None else (float(train[best]), float(val[best])))
    return pairs
