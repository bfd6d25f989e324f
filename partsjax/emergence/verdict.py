"""The verdict on every part: is it found beyond place, does it emerge? And would it by chance?"""

import dataclasses
import math
import re
from collections.abc import Mapping, Sequence

import numpy as np

from partsjax.emergence.drift import Drift
from partsjax.emergence.estimate import UNKNOWN, Estimate
from partsjax.emergence.method import Method
from partsjax.emergence.own_evidence import OwnEvidence
from partsjax.emergence.readout.verdict import ReadoutVerdict
from partsjax.emergence.sanity import Sanity
from partsjax.errors import InputError

# Names, and columns, of the place prior and of the list prior.
PRIOR_NAME, LIST_PRIOR_NAME = "prior", "list_prior"


@dataclasses.dataclass(frozen=True)
class PriorVerdict:
    """What a place prior reaches on a part.

    Attributes:
      label: what people call the prior.
      ap_train: its AP on train; a fraction, NaN where not computed.
      ap_val: the same held out.
      excess: held-out AP of the combination minus the prior's, by paired bootstrap.
      p_value: of that excess being 0 or less, one-sided (`bootstrap.Resampled.p_value`).
    """

    label: str
    ap_train: float = math.nan
    ap_val: Estimate = UNKNOWN
    excess: Estimate = UNKNOWN
    p_value: float = math.nan


_NO_PRIOR = PriorVerdict("")


@dataclasses.dataclass(frozen=True)
class NullVerdict:
    """What one null reaches on a part: its best set of filters, with everything fitted anew.

    Attributes:
      label: what people call the null.
      verdicts: on the part, one for each seed of the null.
      readout_ap_val: held-out AP of the readout of all filters there, with the first seed; NaN where there is
        no readout of the part, None where none was asked for, or the network is not the null's own.
    """

    label: str
    verdicts: "tuple[Verdict, ...]"
    readout_ap_val: float | None = None

    @property
    def ap_train(self) -> float:
        """AP of its best set on train, mean over seeds; a fraction, NaN where not computed."""
        return self._mean([v.combination_ap_train for v in self.verdicts])

    @property
    def ap_val(self) -> Estimate:
        """The same held out; the interval is the one that holds every seed's."""
        aps = [v.combination_ap_val for v in self.verdicts]
        return Estimate(
            self._mean([ap.value for ap in aps]), min(ap.low for ap in aps), max(ap.high for ap in aps)
        )

    @property
    def excess(self) -> float:
        """Held-out AP minus the place prior's, mean over seeds."""
        return self._mean([v.excess.value for v in self.verdicts])

    @property
    def readout_excess(self) -> float | None:
        """`readout_ap_val` minus the place prior's."""
        if self.readout_ap_val is None:
            return None
        return self.readout_ap_val - self.verdicts[0].prior.ap_val.value

    @property
    def beyond_place(self) -> float:
        """Share of the seeds in which the part is beyond place."""
        return self._mean([v.beyond_place for v in self.verdicts])

    @property
    def emerges_paper(self) -> float:
        """Share of the seeds in which the part emerges by the paper's criterion."""
        return self._mean([v.emerges_paper for v in self.verdicts])

    @property
    def emerges_strict(self) -> float:
        """The same strictly."""
        return self._mean([v.emerges_strict for v in self.verdicts])

    @staticmethod
    def _mean(values: Sequence[float]) -> float:
        return float(np.mean(values))


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
      priors: by name, what place priors reach, the place prior (`PRIOR_NAME`) first, then the list prior.
      q_value: of the excess over the place prior, among all judged parts and layers of the run
        (`with_q_values`).
      where: held-out AP of the set minus that of the list prior's boxes ranked by the set.
      whether: the latter minus the AP of the list prior as it is.
      hit_rate: of the held-out crops that show the part, the share in which the set's strongest detection is
        on it.
      prior_hit_rate: the same of the place prior.
      coverage_train: share of the train boxes that any detection of the set finds.
      mean_area: mean area of the part's held-out boxes, as a fraction of the crop.
      drifts: in which splits it is annotated more, or less, as the split goes on.
      nulls: by name, what the nulls that were run reach.
      readout: what a linear readout of all filters finds of it; None: none was asked for.
      own_evidence: hit rates of its set with the part alone, and with the part hidden; None: not asked for.
      sanity: by their columns in `parts.csv`, held-out scores with wrong labels; empty: not asked for.
      emergence_ap: AP above which it emerges, the method's.
      false_discovery_rate: q-value up to which it is beyond place, the method's.
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
    priors: Mapping[str, PriorVerdict] = dataclasses.field(default_factory=dict)
    q_value: float = math.nan
    where: Estimate = UNKNOWN
    whether: Estimate = UNKNOWN
    hit_rate: float = math.nan
    prior_hit_rate: float = math.nan
    coverage_train: float = math.nan
    mean_area: float = math.nan
    drifts: tuple[Drift, ...] = ()
    nulls: Mapping[str, NullVerdict] = dataclasses.field(default_factory=dict)
    readout: ReadoutVerdict | None = None
    own_evidence: OwnEvidence | None = None
    sanity: Mapping[str, Sanity] = dataclasses.field(default_factory=dict)
    emergence_ap: float = Method.emergence_ap
    false_discovery_rate: float = Method.false_discovery_rate
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
    def prior(self) -> PriorVerdict:
        """What the place prior reaches, which the part is compared with."""
        return self.priors.get(PRIOR_NAME, _NO_PRIOR)

    @property
    def list_prior(self) -> PriorVerdict:
        """What the list prior reaches."""
        return self.priors.get(LIST_PRIOR_NAME, _NO_PRIOR)

    @property
    def excess(self) -> Estimate:
        """Held-out AP of the combination minus the place prior's, by paired bootstrap."""
        return self.prior.excess

    @property
    def beyond_place(self) -> bool:
        """Found better than by the place prior, at the false discovery rate of the run (our choice)."""
        return self.q_value <= self.false_discovery_rate

    @property
    def below_place(self) -> bool:
        """Found significantly worse than by the place prior: the interval of the excess is below 0."""
        return self.excess.high < 0

    @property
    def emerges_paper(self) -> bool:
        """Train AP of the best combination over 0.30 (the paper)."""
        return self.combination_ap_train > self.emergence_ap

    @property
    def prior_emerges_paper(self) -> bool:
        """Whether the place prior passes the paper's criterion."""
        return self.prior.ap_train > self.emergence_ap

    @property
    def emerges_strict(self) -> bool:
        """Beyond place, and the lower end of the interval of held-out AP over 0.30 (our choice)."""
        return self.beyond_place and self.combination_ap_val.low > self.emergence_ap

    def serves(self, number: int) -> bool:
        """Whether a filter is its best one or in its set."""
        return number == self.best_filter or number in self.combination


def with_q_values(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """The verdicts of a run, each judged one with its q-value.

    The smallest false discovery rate at which the part's excess over the place prior would be called above
    0: with the m p-values p_(1) <= ... <= p_(m) of the judged parts, q_(i) = min over j >= i of p_(j) m / j
    (Benjamini and Hochberg).

    Args:
      verdicts: on all parts and layers of one run.
    """
    from scipy.stats import false_discovery_control  # takes long to import

    judged = [i for i, v in enumerate(verdicts) if v.judged and not math.isnan(v.prior.p_value)]
    q_values = dict.fromkeys(range(len(verdicts)), math.nan)
    if judged:
        adjusted = false_discovery_control([verdicts[i].prior.p_value for i in judged], method="bh")
        q_values |= dict(zip(judged, adjusted.tolist(), strict=True))
    return [dataclasses.replace(v, q_value=q_values[i]) for i, v in enumerate(verdicts)]


def null_labels(verdicts: Sequence[Verdict]) -> dict[str, str]:
    """{name: label} of the nulls that were run on all of these parts, in order."""
    first, *others = verdicts
    return {name: null.label for name, null in first.nulls.items() if all(name in v.nulls for v in others)}


def require_column_name(kind: str, name: str) -> None:
    """Raises `InputError` where `{name}_ap_val` cannot be a column, or is another's."""
    if not re.fullmatch("[a-z][a-z0-9_]*", name):
        raise InputError(
            f"{kind} {name!r}: its columns are named after it; take lower-case letters, digits and "
            "underscores, a letter first"
        )
    taken = {field.name for field in dataclasses.fields(Verdict)}
    if re.fullmatch("(.+_)?readout", name) or {f"{name}_ap_train", f"{name}_ap_val"} & (
        taken | {f"{PRIOR_NAME}_ap_val", f"{LIST_PRIOR_NAME}_ap_val"}
    ):
        raise InputError(f"{kind} {name!r}: {name}_ap_val is another column; choose another name")
