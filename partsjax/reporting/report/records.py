"""What the report is made from. Boxes here are `xyxy` in fractions of the crop's side."""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from partsjax.emergence.descriptions import DescribedLayer, Held, unmatched
from partsjax.emergence.iou import LayerCriteria
from partsjax.emergence.summary import LayerSummary
from partsjax.emergence.verdict import Verdict, null_labels

FractionBox = tuple[float, float, float, float]


@dataclasses.dataclass(frozen=True)
class Shown:
    """One detection, or one stimulus, drawn on its crop.

    picture: the crop's small image, relative to the report's folder.
    crop: its name, image id and number of the object.
    box: what was detected, or the receptive field of the stimulus.
    filter: whose it is; score: what it is ranked by.
    truth: ground-truth boxes of the part in this crop; none on filter pages.
    correct: whether it counts as right; None on filter pages.
    """

    picture: str
    crop: str
    object_class: str
    box: FractionBox
    filter: int
    score: float
    truth: tuple[FractionBox, ...] = ()
    correct: bool | None = None


@dataclasses.dataclass(frozen=True)
class PartPictures:
    """Strongest detections of one part in one layer on unseen images, and the first false alarms.

    best, combination: by descending score, right and wrong as they come, one per crop.
    best_false, combination_false: the first wrong ones.
    blacked_out: a crop's pictures, relative to the report's folder, with all but the part blacked out and
      with the part blacked out; none where the network was not shown these.
    """

    best: tuple[Shown, ...]
    best_false: tuple[Shown, ...]
    combination: tuple[Shown, ...]
    combination_false: tuple[Shown, ...]
    blacked_out: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class FilterPage:
    """What one filter fires on, of all classes' unseen images, and the parts it detects best.

    top_activations: by descending activation, one per crop.
    parts: (object class, part, pairs, train AP, held-out AP), the best first; NaN without ground truth.
    """

    layer: str
    filter: int
    top_activations: tuple[Shown, ...]
    parts: tuple[tuple[str, str, int, float, float], ...]


@dataclasses.dataclass(frozen=True)
class EmergenceReport:
    """A whole report.

    title: what was run, as "alexnet (imagenet) on shapeparts".
    command: as it can be typed again; facts: (name, value) pairs about the run, shown at the end.
    layers: in forward order; verdicts: of all of them, layer by layer, classes and parts in order.
    summaries: the verdicts of each layer added up.
    pictures: by (layer, object class, part).
    filters: pages by layer, one per filter.
    filter_aps: by layer, held-out AP of every filter on every part, float32 [F, P], NaN without truth.
    notes: what a reader has to know of the run, a line each.
    criteria: by layer, Network Dissection's criterion beside ours; empty where it was not measured.
    held: descriptions of filters from elsewhere; described: the layers they are of. Empty without any.
    """

    title: str
    command: str
    facts: Sequence[tuple[str, str]]
    layers: Sequence[str]
    verdicts: Sequence[Verdict]
    summaries: Mapping[str, LayerSummary]
    pictures: Mapping[tuple[str, str, str], PartPictures]
    filters: Mapping[str, Sequence[FilterPage]]
    filter_aps: Mapping[str, np.ndarray]
    notes: Sequence[str] = ()
    criteria: Mapping[str, LayerCriteria] = dataclasses.field(default_factory=dict)
    held: Sequence[Held] = ()
    described: Sequence[DescribedLayer] = ()

    @property
    def priors(self) -> dict[str, str]:
        """{name: label} of the place priors that any part is compared with, the place prior first."""
        return {name: prior.label for v in self.verdicts for name, prior in v.priors.items()}

    @property
    def nulls(self) -> dict[str, str]:
        """{name: label} of those that were run."""
        return null_labels(self.verdicts)

    @property
    def read_nulls(self) -> dict[str, str]:
        """{name: label} of those whose networks parts were read out of, too."""
        first = self.verdicts[0].nulls
        return {n: label for n, label in self.nulls.items() if first[n].readout_ap_val is not None}

    @property
    def readouts(self) -> bool:
        """Whether parts were read out of layers."""
        return all(v.readout for v in self.verdicts)

    @property
    def sanity(self) -> bool:
        """Whether scores were taken with wrong labels, too."""
        return any(v.sanity for v in self.verdicts)

    @property
    def unmatched(self) -> dict[str, int]:
        """How many descriptions have each text that names nothing of the dataset."""
        return unmatched(self.held)

    @property
    def own_evidence(self) -> bool:
        """Whether sets were shown blacked-out crops."""
        return all(v.own_evidence for v in self.verdicts)

    @property
    def emergence_ap(self) -> float:
        return self.verdicts[0].emergence_ap

    @property
    def false_discovery_rate(self) -> float:
        return self.verdicts[0].false_discovery_rate

    @property
    def min_val_boxes(self) -> int:
        return self.verdicts[0].min_val_boxes
