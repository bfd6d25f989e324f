"""What is shown of each part, and of each filter, gathered from all verdicts."""

import dataclasses
import math
from collections.abc import Mapping, Sequence

from partsjax.emergence.verdict import Verdict
from partsjax.reporting.report.records import EmergenceReport, PartPictures


@dataclasses.dataclass(frozen=True)
class PartGallery:
    """One part of a class: its verdicts in forward order of layers, and its pictures by layer.

    first: the layer that is looked at first; None where no layer has pictures.
    """

    object_class: str
    part: str
    verdicts: tuple[Verdict, ...]
    pictures: Mapping[str, PartPictures]
    first: Verdict | None


def part_galleries(content: EmergenceReport) -> list[PartGallery]:
    """One record per part, in the order of the first layer that has it."""
    keys = dict.fromkeys((verdict.object_class, verdict.part) for verdict in content.verdicts)
    by_place = {(v.layer, v.object_class, v.part): v for v in content.verdicts}
    galleries = []
    for key in keys:
        verdicts = tuple(by_place[layer, *key] for layer in content.layers if (layer, *key) in by_place)
        pictures = {
            verdict.layer: content.pictures[verdict.layer, *key]
            for verdict in verdicts
            if (verdict.layer, *key) in content.pictures
        }
        with_pictures = [verdict for verdict in verdicts if verdict.layer in pictures]
        galleries.append(
            PartGallery(*key, verdicts, pictures, max(with_pictures, key=_held_out, default=None))
        )
    return galleries


def _held_out(verdict: Verdict) -> float:
    ap = verdict.combination_ap_val.value
    return -1.0 if math.isnan(ap) else ap


@dataclasses.dataclass(frozen=True)
class PartUse:
    """A part that a filter is the best single filter of, or in the set of, or both."""

    verdict: Verdict
    best: bool
    member: bool


def uses_of_filters(verdicts: Sequence[Verdict]) -> dict[tuple[str, int], list[PartUse]]:
    """By (layer, filter): the parts it is used for, in the order of verdicts."""
    uses: dict[tuple[str, int], list[PartUse]] = {}
    for verdict in verdicts:
        for number in sorted({verdict.best_filter, *verdict.combination} - {None}):
            use = PartUse(verdict, verdict.best_filter == number, number in verdict.combination)
            uses.setdefault((verdict.layer, number), []).append(use)
    return uses
