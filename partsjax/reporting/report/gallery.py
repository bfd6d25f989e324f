"""What is shown of each part, gathered from all verdicts."""

import dataclasses
import math
from collections.abc import Mapping

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
