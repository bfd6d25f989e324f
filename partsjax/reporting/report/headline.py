"""Counts and means of each layer as the page names them."""

import dataclasses
import math
from collections.abc import Sequence

from partsjax.emergence.verdict import LayerSummary
from partsjax.reporting.report.records import EmergenceReport


@dataclasses.dataclass(frozen=True)
class LayerHeadline:
    """One layer in figures. Counts are of judged parts; None: not computed. Means are fractions or NaN.

    paper, prior, random, shuffled: parts with train AP over 0.30, by the best combination and by detectors
    that know no filter, no training or no part. strict: parts by our criterion; strict_by_null: how many
    pass it by each null that was run; chance: how many to expect by chance at most. *_fall: mean train
    AP minus mean held-out AP.
    """

    layer: str
    judged: int
    uncounted: int
    paper: int
    strict: int
    prior: int | None
    random: int | None
    shuffled: int | None
    strict_by_null: tuple[tuple[str, int | None], ...]
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


def headline(content: EmergenceReport) -> list[LayerHeadline]:
    """One record a layer, in forward order."""
    return [_layer(layer, content.summaries[layer], content.nulls) for layer in content.layers]


def _layer(layer: str, summary: LayerSummary, nulls: Sequence[str]) -> LayerHeadline:
    mean = {name: math.nan if ap is None else ap for name, ap in summary.mean_ap.items()}
    return LayerHeadline(
        layer=layer,
        judged=summary.parts,
        uncounted=len(summary.parts_too_rare),
        paper=summary.emerging_paper,
        strict=summary.emerging_strict,
        prior=summary.prior_over_30_train,
        random=summary.random_over_30_train,
        shuffled=summary.shuffled_over_30_train,
        strict_by_null=tuple((null, getattr(summary, f"{null}_emerging_strict")) for null in nulls),
        chance=summary.strict_by_chance,
        best_filter_train=mean["best_filter_train"],
        best_filter_val=mean["best_filter_val"],
        combination_train=mean["combination_train"],
        combination_val=mean["combination_val"],
    )


def first_to_show(layers: Sequence[LayerHeadline]) -> LayerHeadline | None:
    """The layer with most strict passes, then most by the paper's criterion, the deepest of equals."""
    return max(reversed(layers), key=lambda layer: (layer.strict, layer.paper), default=None)
