"""The verdict on every part: does it emerge, by the paper's criterion and by ours? And would it by chance?"""

import dataclasses
import math
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from partsjax.emergence.method import Method
from partsjax.errors import InputError

CHANCE = 0.025  # each lower end of a 95% interval lies too high this often


class Estimate(NamedTuple):
    """A figure with its 95% interval, fractions; NaN where it was not computed."""

    value: float
    low: float
    high: float


UNKNOWN = Estimate(math.nan, math.nan, math.nan)


@dataclasses.dataclass(frozen=True)
class NullVerdict:
    """What one null reaches on a part: its best set of filters, with everything fitted anew.

    Attributes:
      label: what people call the null.
      ap_train: AP of its best set on train; a fraction, NaN where not computed.
      ap_val: the same held out.
      emerges_paper: whether the part emerges there by the paper's criterion.
      emerges_strict: the same by ours.
    """

    label: str
    ap_train: float
    ap_val: Estimate
    emerges_paper: bool
    emerges_strict: bool


@dataclasses.dataclass(frozen=True)
class PriorVerdict:
    """What a place prior reaches on a part.

    Attributes:
      label: what people call the prior.
      ap_train: its AP on train; a fraction, NaN where not computed.
      ap_val: the same held out.
      excess: held-out AP of the combination minus the prior's, by paired bootstrap.
    """

    label: str
    ap_train: float
    ap_val: Estimate
    excess: Estimate


@dataclasses.dataclass(frozen=True)
class Verdict:
    """One part in one layer. APs are fractions, NaN where not computed or without ground truth.

    Attributes:
      layer: of the network.
      object_class: what the part is a part of.
      part: what it is about.
      num_train: boxes of the part in train.
      num_val: the same held out.
      best_filter: the single filter with the highest train AP; None: the part has no train box.
      best_filter_ap_train: its AP on train.
      best_filter_ap_val: the same held out.
      combination: the filters of the set, ascending; empty: none.
      combination_ap_train: AP of the set on train.
      combination_ap_val: the same held out.
      prior_boxes: how many fixed boxes the place prior shows in every crop, the surest first.
      prior_ap_train: AP on train of that prior, which the part is compared with.
      prior_ap_val: the same held out.
      excess: held-out AP of the combination minus the prior's, by paired bootstrap.
      one_box_ap_train: AP on train of the best single box, a k-means center.
      one_box_ap_val: the same held out.
      one_box_excess: held-out AP of the combination minus that box's.
      median_box_ap_val: held-out AP of the median box.
      priors: by name, what further place priors reach.
      nulls: by name, what the nulls that were run reach.
      emergence_ap: AP above which it emerges, the method's.
      min_val_boxes: held-out boxes under which it is too rare to be judged, the method's.
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
    priors: Mapping[str, PriorVerdict] = dataclasses.field(default_factory=dict)
    nulls: Mapping[str, NullVerdict] = dataclasses.field(default_factory=dict)
    emergence_ap: float = Method.emergence_ap
    min_val_boxes: int = Method.min_val_boxes

    @property
    def rare(self) -> bool:
        """Whether it has too few validation boxes to be judged."""
        return self.num_val < self.min_val_boxes

    @property
    def judged(self) -> bool:
        """Whether it enters counts and means: not rare, and fitted on something."""
        return not self.rare and self.best_filter is not None

    @property
    def emerges_paper(self) -> bool:
        """Train AP of the best combination over 0.30 (the paper)."""
        return self.combination_ap_train > self.emergence_ap

    @property
    def prior_emerges_paper(self) -> bool:
        """Whether fixed boxes pass the paper's criterion."""
        return self.prior_ap_train > self.emergence_ap

    @property
    def emerges_strict(self) -> bool:
        """Held-out AP significantly over 0.30 and over the prior's: both lower ends (our choice)."""
        return self._significant and self.excess.low > 0

    @property
    def emerges_strict_one_box(self) -> bool:
        """The same against the best single box, which sets of filters that never look can beat."""
        return self._significant and self.one_box_excess.low > 0

    @property
    def _significant(self) -> bool:
        return self.combination_ap_val.low > self.emergence_ap


def null_labels(verdicts: Sequence[Verdict]) -> dict[str, str]:
    """{name: label} of the nulls that were run on all of these parts, in order."""
    first, *others = verdicts
    return {name: null.label for name, null in first.nulls.items() if all(name in v.nulls for v in others)}


def require_column_name(kind: str, name: str) -> None:
    """Raises `InputError` where `{name}_ap_val` cannot be a column, or is one of `Verdict`'s own fields."""
    if not re.fullmatch("[a-z][a-z0-9_]*", name):
        raise InputError(
            f"{kind} {name!r}: its columns are named after it; take lower-case letters, digits and "
            "underscores, a letter first"
        )
    if {f"{name}_ap_train", f"{name}_ap_val"} & {field.name for field in dataclasses.fields(Verdict)}:
        raise InputError(f"{kind} {name!r}: {name}_ap_val is another column; choose another name")
