"""Counts and means of each layer as the page names them."""

import dataclasses
import math
from collections.abc import Mapping

from partsjax.emergence.summary import LayerSummary
from partsjax.reporting.report.records import EmergenceReport


@dataclasses.dataclass(frozen=True)
class LayerHeadline:
    """One layer in figures; means are fractions or NaN. *_fall: mean train AP minus mean held-out AP."""

    layer: str
    counts: LayerSummary

    def mean(self, name: str) -> float:
        found = self.counts.mean_ap[name]
        return math.nan if found is None else found

    @property
    def uncounted(self) -> int:
        return len(self.counts.parts_too_rare)

    @property
    def best_filter_fall(self) -> float:
        return self.mean("best_filter_train") - self.mean("best_filter_val")

    @property
    def combination_fall(self) -> float:
        return self.mean("combination_train") - self.mean("combination_val")


def headline(content: EmergenceReport) -> list[LayerHeadline]:
    """One record per layer, in forward order."""
    return [LayerHeadline(layer, content.summaries[layer]) for layer in content.layers]


def first_to_show(summaries: Mapping[str, LayerSummary]) -> str:
    """The layer with most parts beyond place, then most by the paper's criterion, the deepest of equals."""
    return max(
        reversed(summaries),
        key=lambda layer: (summaries[layer].beyond_place, summaries[layer].emerging_paper),
    )
