"""The verdict on every part: does it emerge, by the paper's criterion and by ours? And would it by chance?"""

import dataclasses
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

EMERGES = 0.30  # AP above which a part emerges (paper: of the best combination, on train)
RARE = 10  # parts with fewer validation boxes are listed and kept out of counts (our choice)
CHANCE = 0.025  # each lower end of a 95% interval lies too high this often


class Estimate(NamedTuple):
    """A figure with its 95% interval, fractions; NaN where it was not computed."""

    value: float
    low: float
    high: float


UNKNOWN = Estimate(math.nan, math.nan, math.nan)


@dataclasses.dataclass(frozen=True)
class Verdict:
    """One part in one layer. APs are fractions, NaN where not computed or without ground truth.

    num_train, num_val: boxes of the part.
    best_filter: the single filter with the highest train AP; None: the part has no train box.
    combination: the filters of the set, rising; empty: none.
    prior_*: the location prior the part is held against, `prior_boxes` fixed boxes in every crop, the surest
      first. one_box_*: the best single box, a k-means centre; median_box_ap_val: of the median box.
    random_*, shuffled_*: the whole pipeline with untrained weights, and with parts permuted among
      crops; `*_strict`: whether the part emerges there by our criterion. None: that null was not run.
    excess, one_box_excess: held-out AP of the combination minus that prior's, by paired bootstrap.
    """

    layer: str
    object_class: str
    part: str
    num_train: int
    num_val: int
    best_filter: int | None
    best_filter_ap_train: float = math.nan
    best_filter_ap_val: Estimate = UNKNOWN
    combination: tuple[int, ...] = ()
    combination_ap_train: float = math.nan
    combination_ap_val: Estimate = UNKNOWN
    prior_boxes: int = 0
    prior_ap_train: float = math.nan
    prior_ap_val: Estimate = UNKNOWN
    excess: Estimate = UNKNOWN
    one_box_ap_train: float = math.nan
    one_box_ap_val: Estimate = UNKNOWN
    one_box_excess: Estimate = UNKNOWN
    median_box_ap_val: float = math.nan
    random_ap_train: float = math.nan
    random_ap_val: Estimate = UNKNOWN
    shuffled_ap_train: float = math.nan
    shuffled_ap_val: Estimate = UNKNOWN
    random_strict: bool | None = None
    shuffled_strict: bool | None = None

    @property
    def rare(self) -> bool:
        return self.num_val < RARE

    @property
    def judged(self) -> bool:
        """Whether it enters counts and means: not rare, and fitted on something."""
        return not self.rare and self.best_filter is not None

    @property
    def emerges_paper(self) -> bool:
        """Train AP of the best combination over 0.30 (the paper)."""
        return self.combination_ap_train > EMERGES

    @property
    def emerges_strict(self) -> bool:
        """Held-out AP surely over 0.30 and surely over the prior's: both lower ends (our choice)."""
        return self.combination_ap_val.low > EMERGES and self.excess.low > 0

    @property
    def emerges_strict_one_box(self) -> bool:
        """The same against the best single box, which sets of filters that never look can beat."""
        return self.combination_ap_val.low > EMERGES and self.one_box_excess.low > 0

    def with_nulls(self, random: "Verdict | None", shuffled: "Verdict | None") -> "Verdict":
        """The same verdict beside those that the nulls came to on this part."""
        changed = {}
        for name, null in (("random", random), ("shuffled", shuffled)):
            if null is not None:
                changed[f"{name}_ap_train"] = null.combination_ap_train
                changed[f"{name}_ap_val"] = null.combination_ap_val
                changed[f"{name}_strict"] = null.emerges_strict
        return dataclasses.replace(self, **changed)


@dataclasses.dataclass(frozen=True)
class LayerSummary:
    """A layer over all parts judged: those with a train box and at least `RARE` validation boxes.

    emerging_*: parts that emerge by the paper's criterion (train AP of the best combination over 0.30) and
      by ours; `_one_box`: ours held against the best single box alone.
    *_over_30_train: parts in which something that cannot know parts passes the paper's criterion: fixed
      boxes, untrained weights, shuffled parts. *_emerging_strict: how many pass ours there.
    strict_by_chance: how many parts would pass the second half of our criterion, being surely over the
      prior, if all were exactly at it: 2.5% of them.
    mean_ap: means over parts, fractions. None: not computed.
    """

    parts: int
    parts_too_rare: tuple[str, ...]
    emerging_paper: int
    emerging_strict: int
    emerging_strict_one_box: int
    prior_over_30_train: int | None
    random_over_30_train: int | None
    shuffled_over_30_train: int | None
    random_emerging_strict: int | None
    shuffled_emerging_strict: int | None
    strict_by_chance: float
    mean_ap: dict[str, float | None]


def summarize(verdicts: Sequence[Verdict], unregressed: Sequence[tuple[float, float]] = ()) -> LayerSummary:
    """Adds up a layer.

    Args:
      verdicts: of all classes' parts; unregressed: (train, val) AP of each part's best filter without
        regression, in the same order.
    """
    judged = [v for v in verdicts if v.judged]

    def mean(values) -> float | None:
        known = [value for value in values if not math.isnan(value)]
        return round(float(np.mean(known)), 6) if known else None

    def passing(name: str) -> int | None:
        values = [getattr(v, name) for v in judged]
        return None if all(math.isnan(v) for v in values) else sum(v > EMERGES for v in values)

    def strict(name: str) -> int | None:
        values = [getattr(v, name) for v in judged]
        return None if None in values or not values else sum(values)

    plain = [pair for v, pair in zip(verdicts, unregressed, strict=bool(unregressed)) if v.judged]
    return LayerSummary(
        parts=len(judged),
        parts_too_rare=tuple(f"{v.object_class}:{v.part}" for v in verdicts if not v.judged),
        emerging_paper=sum(v.emerges_paper for v in judged),
        emerging_strict=sum(v.emerges_strict for v in judged),
        emerging_strict_one_box=sum(v.emerges_strict_one_box for v in judged),
        prior_over_30_train=passing("prior_ap_train"),
        random_over_30_train=passing("random_ap_train"),
        shuffled_over_30_train=passing("shuffled_ap_train"),
        random_emerging_strict=strict("random_strict"),
        shuffled_emerging_strict=strict("shuffled_strict"),
        strict_by_chance=round(CHANCE * len(judged), 3),
        mean_ap={
            "best_filter_unregressed_train": mean(train for train, _ in plain),
            "best_filter_unregressed_val": mean(val for _, val in plain),
            "best_filter_train": mean(v.best_filter_ap_train for v in judged),
            "best_filter_val": mean(v.best_filter_ap_val.value for v in judged),
            "combination_train": mean(v.combination_ap_train for v in judged),
            "combination_val": mean(v.combination_ap_val.value for v in judged),
            "prior_train": mean(v.prior_ap_train for v in judged),
            "prior_val": mean(v.prior_ap_val.value for v in judged),
            "one_box_val": mean(v.one_box_ap_val.value for v in judged),
            "median_box_val": mean(v.median_box_ap_val for v in judged),
            "random_train": mean(v.random_ap_train for v in judged),
            "random_val": mean(v.random_ap_val.value for v in judged),
            "shuffled_train": mean(v.shuffled_ap_train for v in judged),
            "shuffled_val": mean(v.shuffled_ap_val.value for v in judged),
        },
    )


def best_unregressed(ap_train: np.ndarray, ap_val: np.ndarray) -> list[tuple[float, float]]:
    """(train, val) AP of each part's best filter, chosen on train: of float [F, P] APs without regression."""
    pairs = []
    for train, val in zip(ap_train.T, ap_val.T, strict=True):
        best = None if np.isnan(train).all() else int(np.nanargmax(train))
        pairs.append((math.nan, math.nan) if best is None else (float(train[best]), float(val[best])))
    return pairs
