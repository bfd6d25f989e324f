"""A layer summarized: how many of its parts are beyond place, also in the nulls; mean APs; what sets know."""

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from partsjax.emergence.readout.verdict import CARRIED
from partsjax.emergence.sanity import ScoreSanity, score_sanities
from partsjax.emergence.sharing import SharedFilters, shared_filters
from partsjax.emergence.verdict import LIST_PRIOR_NAME, PRIOR_NAME, NullVerdict, Verdict, null_labels

_COVERED = 0.5  # coverage over which a part is covered (the paper)


@dataclasses.dataclass(frozen=True)
class NullSummary:
    """A null over a layer's judged parts.

    Attributes:
      label: what people call the null.
      seeds: how many it was run with.
      beyond_place: parts beyond place, for each seed.
      emerging_paper: parts that emerge by the paper's criterion, for each seed.
      emerging_strict: the same strictly.
      mean_ap_train: AP of the best set, mean over parts and seeds; a fraction, None: not computed.
      mean_ap_val: the same held out.
      mean_excess: held-out AP minus the place prior's, mean over parts and seeds.
      mean_readout_ap_val: held-out AP of readouts, mean over parts, with the first seed; None where none were
        asked for, or the network is not the null's own.
    """

    label: str
    seeds: int
    beyond_place: tuple[int, ...]
    emerging_paper: tuple[int, ...]
    emerging_strict: tuple[int, ...]
    mean_ap_train: float | None
    mean_ap_val: float | None
    mean_excess: float | None
    mean_readout_ap_val: float | None = None


@dataclasses.dataclass(frozen=True)
class LayerSummary:
    """A layer over all parts judged: those with a train box and enough validation boxes.

    Attributes:
      parts: how many are judged.
      parts_too_rare: the others, as `class:part`.
      beyond_place: parts whose excess over the place prior is above 0 at the false discovery rate of the run.
      below_place: parts found significantly worse than by the place prior.
      emerging_paper: parts that emerge by the paper's criterion, train AP of the best set over 0.30.
      emerging_strict: parts beyond place whose held-out AP is significantly over 0.30.
      prior_emerging_paper: parts in which the place prior passes the paper's criterion.
      covered: parts whose set finds over half of their train boxes (the paper: 71 of 123; recalled,
        unverified).
      mean_ap: means over parts, fractions, by `best_filter_unregressed`, `best_filter`, `combination` and the
        names of the priors, and `readout` where asked for, each with `_train` and `_val`. None, here and
        below: not computed.
      mean_where: means over parts of `Verdict.where`.
      mean_whether: the same of `whether`.
      mean_hit_rate: the same of `hit_rate`.
      mean_prior_hit_rate: the same of the place prior's.
      sharing: of the filters among parts beyond place.
      ap_with_size: Spearman's correlation, over parts, of held-out AP with mean area over the crop's.
      excess_with_size: the same of the excess.
      nulls: by name, of the nulls that were run on all of them.
      emergence_ap, false_discovery_rate, min_val_boxes: the thresholds, as in `Method`.
      carried: how many judged parts the layer carries in one filter, in a few and so on, as
        `ReadoutVerdict.carried`; empty where no readouts were asked for.
      own_evidence: means over judged parts of hit rates on blacked-out crops and of their difference, by
        column of `parts.csv`; empty where it was not asked for.
      nominal: its receptive fields are patches that stand in for what cells see, as `ReceptiveField.nominal`.
      sanity: held-out scores of the parts beyond place where labels are wrong, by their columns in
        `parts.csv`; empty where it was not asked for.
    """

    parts: int
    parts_too_rare: tuple[str, ...]
    beyond_place: int
    below_place: int
    emerging_paper: int
    emerging_strict: int
    prior_emerging_paper: int
    covered: int
    mean_ap: Mapping[str, float | None]
    mean_where: float | None
    mean_whether: float | None
    mean_hit_rate: float | None
    mean_prior_hit_rate: float | None
    sharing: SharedFilters
    ap_with_size: float | None
    excess_with_size: float | None
    nulls: Mapping[str, NullSummary]
    emergence_ap: float
    false_discovery_rate: float
    min_val_boxes: int
    carried: Mapping[str, int] = dataclasses.field(default_factory=dict)
    own_evidence: Mapping[str, float | None] = dataclasses.field(default_factory=dict)
    nominal: bool = False
    sanity: Mapping[str, ScoreSanity] = dataclasses.field(default_factory=dict)


def summarize(verdicts: Sequence[Verdict], unregressed: Sequence[tuple[float, float]] = ()) -> LayerSummary:
    """Adds up a layer.

    Args:
      verdicts: of all classes' parts, at least one, of one method, with their q-values; unregressed: (train,
        val) AP of each part's best filter without regression, in the same order.
    """
    judged = [v for v in verdicts if v.judged]
    plain = [pair for v, pair in zip(verdicts, unregressed, strict=bool(unregressed)) if v.judged]
    ap_val = [v.combination_ap_val.value for v in judged]
    area = [v.mean_area for v in judged]
    return LayerSummary(
        parts=len(judged),
        parts_too_rare=tuple(f"{v.object_class}:{v.part}" for v in verdicts if not v.judged),
        beyond_place=sum(v.beyond_place for v in judged),
        below_place=sum(v.below_place for v in judged),
        emerging_paper=sum(v.emerges_paper for v in judged),
        emerging_strict=sum(v.emerges_strict for v in judged),
        prior_emerging_paper=sum(v.prior_emerges_paper for v in judged),
        covered=sum(v.coverage_train > _COVERED for v in judged),
        mean_ap={
            "best_filter_unregressed_train": _mean(train for train, _ in plain),
            "best_filter_unregressed_val": _mean(val for _, val in plain),
            "best_filter_train": _mean(v.best_filter_ap_train for v in judged),
            "best_filter_val": _mean(v.best_filter_ap_val.value for v in judged),
            "combination_train": _mean(v.combination_ap_train for v in judged),
            "combination_val": _mean(ap_val),
            **_prior_means(judged),
            **_readout_means(judged),
        },
        mean_where=_mean(v.where.value for v in judged),
        mean_whether=_mean(v.whether.value for v in judged),
        mean_hit_rate=_mean(v.hit_rate for v in judged),
        mean_prior_hit_rate=_mean(v.prior_hit_rate for v in judged),
        sharing=shared_filters(judged),
        ap_with_size=_correlation(ap_val, area),
        excess_with_size=_correlation([v.excess.value for v in judged], area),
        nulls={
            name: _null_summary([v.nulls[name] for v in verdicts], [v.nulls[name] for v in judged])
            for name in null_labels(verdicts)
        },
        emergence_ap=verdicts[0].emergence_ap,
        false_discovery_rate=verdicts[0].false_discovery_rate,
        min_val_boxes=verdicts[0].min_val_boxes,
        carried={
            word: sum(v.readout.carried == word for v in judged)
            for word in (CARRIED if all(v.readout for v in verdicts) else ())
        },
        sanity=score_sanities([v.sanity for v in judged if v.beyond_place]),
        own_evidence=_own_evidence_means(judged),
    )


def _prior_means(judged: Sequence[Verdict]) -> dict[str, float | None]:
    means = {}
    for name in dict.fromkeys((PRIOR_NAME, LIST_PRIOR_NAME, *(name for v in judged for name in v.priors))):
        priors = [v.priors[name] for v in judged if name in v.priors]
        means[f"{name}_train"] = _mean(prior.ap_train for prior in priors)
        means[f"{name}_val"] = _mean(prior.ap_val.value for prior in priors)
    return means


def _readout_means(judged: Sequence[Verdict]) -> dict[str, float | None]:
    readouts = [v.readout for v in judged if v.readout]
    if not readouts:
        return {}
    return {
        "readout_train": _mean(of.ap_train for of in readouts),
        "readout_val": _mean(of.ap_val.value for of in readouts),
    }


def _own_evidence_means(judged: Sequence[Verdict]) -> dict[str, float | None]:
    found = [v.own_evidence for v in judged if v.own_evidence]
    if not found:
        return {}
    return {
        "hit_rate_part_alone": _mean(of.part_alone.value for of in found),
        "hit_rate_part_hidden": _mean(of.part_hidden.value for of in found),
        "own_evidence": _mean(of.difference.value for of in found),
    }


def _null_summary(nulls: Sequence[NullVerdict], judged: Sequence[NullVerdict]) -> NullSummary:
    """nulls: of all parts, which are at least one; judged: of those that are judged."""
    seeds = range(len(nulls[0].verdicts))
    return NullSummary(
        nulls[0].label,
        seeds=len(seeds),
        beyond_place=tuple(sum(null.verdicts[seed].beyond_place for null in judged) for seed in seeds),
        emerging_paper=tuple(sum(null.verdicts[seed].emerges_paper for null in judged) for seed in seeds),
        emerging_strict=tuple(sum(null.verdicts[seed].emerges_strict for null in judged) for seed in seeds),
        mean_ap_train=_mean(null.ap_train for null in judged),
        mean_ap_val=_mean(null.ap_val.value for null in judged),
        mean_excess=_mean(null.excess for null in judged),
        mean_readout_ap_val=_mean(null.readout_ap_val for null in judged if null.readout_ap_val is not None),
    )


def _mean(values: Iterable[float]) -> float | None:
    known = [value for value in values if not math.isnan(value)]
    return round(float(np.mean(known)), 6) if known else None


def _correlation(of: Sequence[float], with_: Sequence[float]) -> float | None:
    """Spearman's, over the parts that have both; None under three of them, or where one is constant."""
    from scipy.stats import spearmanr  # takes long to import

    known = np.array([pair for pair in zip(of, with_, strict=True) if not np.isnan(pair).any()])
    if len(known) < 3 or not np.ptp(known, axis=0).all():
        return None
    return round(float(spearmanr(known).statistic), 6)


def best_unregressed(ap_train: np.ndarray, ap_val: np.ndarray) -> list[tuple[float, float]]:
    """(train, val) AP of each part's best filter, chosen on train: of float [F, P] APs without regression."""
    pairs = []
    for train, val in zip(ap_train.T, ap_val.T, strict=True):
        best = None if np.isnan(train).all() else int(np.nanargmax(train))
        pairs.append((math.nan, math.nan) if best is None else (float(train[best]), float(val[best])))
    return pairs
