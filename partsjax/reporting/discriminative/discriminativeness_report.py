"""What the page of a discriminativeness run is made from. Drops are in the units of the class score."""

import dataclasses
from collections.abc import Mapping, Sequence

from partsjax.discriminativeness.correlation import RankCorrelation
from partsjax.discriminativeness.findings import Sums
from partsjax.discriminativeness.part_drops import PartCounts, PartDrops
from partsjax.discriminativeness.relation import Overlap
from partsjax.emergence.verdict import Estimate
from partsjax.reporting.report.records import FractionBox, Shown


@dataclasses.dataclass(frozen=True)
class ClassUse:
    """A part that a filter is the best filter of, or in the set of `size` filters of; its verdict.

    ap_val: held-out AP of the filter, or of the set. passes: whether the part emerges, by each criterion;
    None: not judged.
    """

    part: str
    best: bool
    size: int
    ap_val: float
    passes: Mapping[str, bool] | None


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
    top_activations: tuple[Shown, ...]


@dataclasses.dataclass(frozen=True)
class Blacked:
    """A crop, the same with a part blacked out, and what its class score loses.

    which: where the crop stands among the part's, as "largest drop". picture, black: relative to the
    report's folder. truth: boxes of the part. drop: of the score; control: mean drop for boxes of the same
    size elsewhere in the object, NaN where none fits.
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
    """A part, and what its class score loses without it.

    ap_val: held-out AP of its best set of filters; excess: over the place prior. passes: whether it emerges,
    by each criterion; None: not judged.
    """

    part: str
    drops: PartDrops
    ap_val: Estimate
    excess: Estimate
    passes: Mapping[str, bool] | None
    blacked: tuple[Blacked, ...]


@dataclasses.dataclass(frozen=True)
class ClassPage:
    """One class. filters, parts: by descending delta and by descending difference.

    top1: fraction of its crops on which the highest score is of the class.
    counts: discriminative filters by factor of deviations. overlaps: of discriminative and semantic filters,
    by criterion. gradient: rank correlation of delta and gradient x activation over the layer's filters, its
    interval over images. relations: of parts to emergence, by name.
    """

    object_class: str
    crops: int
    top1: Estimate
    filters: Sequence[FilterRow]
    parts: Sequence[PartRow]
    counts: Mapping[float, int]
    overlaps: Mapping[str, Overlap]
    gradient: Estimate
    part_counts: PartCounts
    relations: Mapping[str, RankCorrelation]


@dataclasses.dataclass(frozen=True)
class DiscriminativenessReport:
    """The whole page.

    title, command, facts, notes: as in the main report. filters: how many the layer has; deviations: what
    makes one discriminative, after_softmax: of which drop. classes: in order.
    sharing: how many filters are discriminative for 0, 1, ... classes. sums: over classes.
    overlaps, relations: over all classes.
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
    overlaps: Mapping[str, Overlap]
    relations: Mapping[str, RankCorrelation]
    notes: Sequence[str] = ()
