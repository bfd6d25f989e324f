"""How held-out AP is spread over all filters of a layer: for all parts at once, and for each part."""

import dataclasses
import math
from collections.abc import Sequence

import numpy as np

from partsjax.emergence.verdict import Verdict
from partsjax.reporting.report.records import EmergenceReport

QUANTILES = (0.5, 0.9, 0.99)


@dataclasses.dataclass(frozen=True)
class Spread:
    """Held-out APs of a group of (filter, part) pairs: how many, quantiles, share over a threshold; NaN if
    none."""

    count: int
    median: float
    q90: float
    q99: float
    largest: float
    over: float


@dataclasses.dataclass(frozen=True)
class PartSpread:
    """One part in one layer: its spread over filters, and where the filter chosen on train stands in it.

    best: held-out AP of that filter, NaN if there is none; rank: how many filters do better, plus 1; None
    if there is none.
    """

    verdict: Verdict
    spread: Spread
    best: float
    rank: int | None


def ap_spread(aps: np.ndarray, threshold: float) -> Spread:
    """The spread of `aps`, fractions of any shape, and the share over `threshold`; NaNs are left out."""
    known = aps[~np.isnan(aps)].astype(np.float64)
    if not known.size:
        return Spread(0, *[math.nan] * 5)
    quantiles = np.quantile(known, QUANTILES)
    return Spread(known.size, *map(float, quantiles), float(known.max()), float(np.mean(known > threshold)))


def by_layer(content: EmergenceReport) -> list[tuple[str, Spread]]:
    """The spread over all filters and parts of each layer that has scores."""
    return [
        (layer, ap_spread(content.filter_aps[layer], content.emergence_ap))
        for layer in content.layers
        if layer in content.filter_aps
    ]


def by_part(content: EmergenceReport) -> list[PartSpread]:
    """The spread of each part over filters; columns of `filter_aps` are the layer's verdicts in their order.

    Raises ValueError where their numbers differ.
    """
    rows = []
    for layer in content.layers:
        aps = content.filter_aps.get(layer)
        verdicts = [verdict for verdict in content.verdicts if verdict.layer == layer]
        if aps is not None:
            rows += [_part(v, column) for v, column in zip(verdicts, aps.T, strict=True)]
    return rows


def _part(verdict: Verdict, aps: np.ndarray) -> PartSpread:
    best, rank = math.nan, None
    if verdict.best_filter is not None and not np.isnan(aps[verdict.best_filter]):
        best = float(aps[verdict.best_filter])
        rank = int(np.sum(aps > aps[verdict.best_filter])) + 1
    return PartSpread(verdict, ap_spread(aps, verdict.emergence_ap), best, rank)


def exceedance(aps: np.ndarray, at: Sequence[float]) -> list[float]:
    """Share of known `aps` strictly above each of `at`; NaN if none is known."""
    known = np.sort(aps[~np.isnan(aps)].astype(np.float64))
    if not known.size:
        return [math.nan] * len(at)
    return [float(1 - np.searchsorted(known, x, side="right") / known.size) for x in at]
