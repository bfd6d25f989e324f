"""What the page of a discriminativeness run is made from. Drops are in the units of the class score."""

import dataclasses
from collections.abc import Mapping, Sequence

from partsjax.discriminativeness.findings import Sums
from partsjax.discriminativeness.relation import Overlap
from partsjax.emergence.verdict import Estimate
from partsjax.reporting.report.records import FractionBox, Shown


@dataclasses.dataclass(frozen=True)
class ClassUse:
    """A part that a filter is the best filter of, or in the set of `size` filters of; its verdict.

    ap_val: held-out AP of the filter, or of the set. paper, strict: whether the part emerges; None: not
    judged.
    """

    part: str
    best: bool
    size: int
    ap_val: float
    paper: bool | None
    strict: bool | None


@dataclasses.dataclass(frozen=True)
class FilterRow:
    """A filter that a class score rests on.

    delta: mean drop of the score without it; after_softmax: the same of the probability, a fraction.
    share: of all positive drops of the layer. gradient: gradient x activation, the first-order estimate.
    classes: the other classes it is discriminative for. uses: the class's parts it serves.
    top_activations: its strongest activations on the class's crops.
    """

    filter: int
    delta: Estimate
    after_softmax: float
    share: float
    gradient: float
    classes: tuple[str, ...]
    uses: tuple[ClassUse, ...]
    semantic_paper: bool
    semantic_strict: bool
    top_activations: tuple[Shown, ...]


@dataclasses.dataclass(frozen=True)
class Blacked:
    """A crop, the same with a part blacked out, and what its class score loses.

    which: where the crop stands among the part's, as "largest drop". picture, black: relative to the
    report's folder. truth: boxes of the part. drop: of the score; control: mean drop for random boxes of the
    same size.
    """

    which: str
    picture: str
    black: str
    crop: str
    truth: tuple[FractionBox, ...]
    drop: float
    control: float


@dataclasses.dataclass(frozen=True)
class PartRow:
    """A part blacked out on `crops` crops; figures are NaN where there is none.

    difference: drop minus control, paired; area: mean share of the crop that is blacked out. ap_val: held-out
    AP of its best set of filters. paper, strict: whether it emerges; None: not judged.
    """

    part: str
    crops: int
    drop: Estimate
    control: Estimate
    difference: Estimate
    area: float
    per_area: Estimate
    discriminative: bool
    ap_train: float
    ap_val: Estimate
    paper: bool | None
    strict: bool | None
    blacked: tuple[Blacked, ...]


@dataclasses.dataclass(frozen=True)
class ClassPage:
    """One class. filters, parts: by descending delta and by descending difference.

    counts: discriminative filters by factor of deviations. gradient: rank correlation of delta and
    gradient x activation over the layer's filters, its interval over images. with_ap: of difference and
    held-out AP over the parts that are judged, its interval over parts.
    """

    object_class: str
    crops: int
    filters: Sequence[FilterRow]
    parts: Sequence[PartRow]
    counts: Mapping[float, int]
    paper: Overlap
    strict: Overlap
    gradient: Estimate
    with_ap: Estimate


@dataclasses.dataclass(frozen=True)
class DiscriminativenessReport:
    """The whole page.

    title, command, facts, notes: as in the main report. filters: how many the layer has; deviations: what
    makes one discriminative, after_softmax: of which drop. classes: in order.
    sharing: how many filters are discriminative for 0, 1, ... classes. sums: over classes.
    paper, strict, with_ap: over all classes. drop_with_ap, control_with_ap: as with_ap, of the drop before
    its control is taken off, and of the control alone.
    """

    title: str
    command: str
    facts: Sequence[tuple[str, str]]
    layer: str
    filters: int
    deviations: float
    after_softmax: bool
    classes: Sequence[ClassPage]
    sharing: Sequence[int]
    sums: Sums
    paper: Overlap
    strict: Overlap
    with_ap: Estimate
    drop_with_ap: Estimate
    control_with_ap: Estimate
    notes: Sequence[str] = ()
