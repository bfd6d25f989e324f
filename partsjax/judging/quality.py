"""How good a rater's answers are."""

import dataclasses
import math

import numpy as np
import pandas as pd

from partsjax.judging.items import NONE, Study


@dataclasses.dataclass(frozen=True)
class Quality:
    """Of one rater: how many answers, how many gold ones were right, and how quick they were.

    answers: on filters' items, repeated ones not counted.
    gold, gold_right: answers to gold items, and those whose kind, or that there is no concept, is right.
    repeated, repeated_same: items seen twice, and those that got the same kind both times.
    seconds: median time an item took, practice not counted; NaN where unknown.
    """

    rater: int
    simulated: bool
    answers: int
    gold: int
    gold_right: int
    repeated: int
    repeated_same: int
    seconds: float

    @property
    def gold_score(self) -> float:
        """The share of gold answers that are right; NaN without any."""
        return self.gold_right / self.gold if self.gold else math.nan

    @property
    def self_agreement(self) -> float:
        """The share of repeated items that got the same kind again; NaN without any."""
        return self.repeated_same / self.repeated if self.repeated else math.nan


def qualities(study: Study, answers: pd.DataFrame) -> list[Quality]:
    """Of every rater who answered, in their order; answers: as `Store.answers` gives them."""
    truth = {item.item: item.truth.kind or NONE for item in study.items if item.truth is not None}
    return [_quality(of, truth) for _, of in answers.groupby("rater")]


def _quality(of: pd.DataFrame, truth: dict[str, str]) -> Quality:
    first, again = (of[of["repeat"] == turn] for turn in (0, 1))
    gold = first[first["purpose"] == "gold"]
    twice = again[again["purpose"] == "filter"].merge(first, on="item", suffixes=("", "_first"))
    seconds = of.loc[of["purpose"] != "practice", "seconds"].to_numpy(float)
    return Quality(
        rater=int(of["rater"].iloc[0]),
        simulated=bool(of["simulated"].iloc[0]),
        answers=int((first["purpose"] == "filter").sum()),
        gold=len(gold),
        gold_right=int((gold["item"].map(truth) == gold["kind"]).sum()),
        repeated=len(twice),
        repeated_same=int((twice["kind"] == twice["kind_first"]).sum()),
        seconds=float(np.nanmedian(seconds)) if not np.isnan(seconds).all() else math.nan,
    )


def kept_raters(qualities: list[Quality], min_gold: float) -> list[int]:
    """Those whose gold score is not below a threshold: without gold answers nothing is held against one."""
    return [of.rater for of in qualities if not of.gold_score < min_gold]
