"""The verdict on every part: does it emerge, by the paper's criterion and by ours, and how many would by chance."""

import dataclasses
import math
from collections.abc import Iterable, Sequence
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
    prior: which place-only detector the part is held against, in words ("median box", "1 of 3 centres").
    prior_ap_*: its AP; median_prior_ap_val: of the median box.
    random_*, shuffled_*: the whole pipeline with untrained weights, and with parts permuted among crops.
    excess: held-out AP of the combination minus the prior's, its interval by paired bootstrap.
    """

    layer: str
    object_class: str
    part: str
    num_train: int
    num_val: int
    best_filter: int | None
    best_filter_ap_train: float
    best_filter_ap_val: Estimate
    combination: tuple[int, ...]
    combination_ap_train: float
    combination_ap_val: Estimate
    prior: str
    prior_ap_train: float
    prior_ap_val: Estimate
    median_prior_ap_val: float
    excess: Estimate
    random_ap_train: float = math.nan
    random_ap_val: Estimate = UNKNOWN
    shuffled_ap_train: float = math.nan
    shuffled_ap_val: Estimate = UNKNOWN

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
