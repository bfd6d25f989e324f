"""Counts and means of each layer, over the parts that are judged."""

import dataclasses
import math
from collections.abc import Iterable, Sequence

from partsjax.emergence.verdict import CHANCE, EMERGES, Verdict
from partsjax.reporting.report.records import Content


@dataclasses.dataclass(frozen=True)
class LayerHeadline:
    """One layer in figures. Counts are of judged parts; None: not computed. Means are fractions or NaN.

    paper, prior, random, shuffled: parts with train AP over 0.30, by the best combination and by detectors
    that know no filter, no training or no part. strict: parts by our criterion; chance: of those, how many
    to expect by chance at most. *_fall: mean train AP minus mean held-out AP.
    """

    layer: str
    judged: int
    uncounted: int
    paper: int
    strict: int
    prior: int | None
    random: int | None
    shuffled: int | None
    chance: float
    best_filter_train: float
    best_filter_val: float
    combination_train: float
    combination_val: float

    @property
    def best_filter_fall(self) -> float:
        return self.best_filter_train - self.best_filter_val

    @property
    def combination_fall(self) -> float:
        return self.combination_train - self.combination_val


def headline(content: Content) -> list[LayerHeadline]:
    """One record a layer, in forward order."""
    return [
        _layer(layer, [verdict for verdict in content.verdicts if verdict.layer == layer], content.nulls)
        for layer in content.layers
    ]


def _layer(layer: str, verdicts: Sequence[Verdict], nulls: Sequence[str]) -> LayerHeadline:
    judged = [verdict for verdict in verdicts if verdict.judged]
    return LayerHeadline(
        layer=layer,
        judged=len(judged),
        uncounted=len(verdicts) - len(judged),
        paper=sum(verdict.emerges_paper for verdict in judged),
        strict=sum(verdict.emerges_strict for verdict in judged),
        prior=_over(verdict.prior_ap_train for verdict in judged),
        random=_over(verdict.random_ap_train for verdict in judged) if "random" in nulls else None,
        shuffled=_over(verdict.shuffled_ap_train for verdict in judged) if "shuffled" in nulls else None,
        chance=CHANCE * len(judged),
        best_filter_train=_mean(verdict.best_filter_ap_train for verdict in judged),
        best_filter_val=_mean(verdict.best_filter_ap_val.value for verdict in judged),
        combination_train=_mean(verdict.combination_ap_train for verdict in judged),
        combination_val=_mean(verdict.combination_ap_val.value for verdict in judged),
    )


def _over(aps: Iterable[float]) -> int | None:
    """How many pass the paper's threshold; None where nothing was computed."""
    known = [ap for ap in aps if not math.isnan(ap)]
    return sum(ap > EMERGES for ap in known) if known else None


def _mean(aps: Iterable[float]) -> float:
    known = [ap for ap in aps if not math.isnan(ap)]
    return sum(known) / len(known) if known else math.nan


def first_to_show(layers: Sequence[LayerHeadline]) -> LayerHeadline | None:
    """The layer with most strict passes, then most by the paper's criterion, the deepest of equals."""
    return max(reversed(layers), key=lambda layer: (layer.strict, layer.paper), default=None)
