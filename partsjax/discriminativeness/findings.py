"""What is found about a class, and about a layer over all classes: filters, parts, and their relation."""

import dataclasses
import math
from collections.abc import Mapping, Sequence

import numpy as np

from partsjax.discriminativeness.blackout import PartDrops, part_drops
from partsjax.discriminativeness.correlation import RankCorrelation, rank_correlation
from partsjax.discriminativeness.filters import Cutoff, FilterDrops, Sharing, filter_drops, sharing
from partsjax.discriminativeness.relation import CRITERIA, Overlap, overlap, semantic
from partsjax.discriminativeness.resampling import mean_over_crops
from partsjax.emergence.bootstrap import Resampled, resamples
from partsjax.emergence.verdict import Verdict


@dataclasses.dataclass(frozen=True)
class ClassDrops:
    """What the N crops of a class lose of its score; float32, of F filters and P parts.

    before, after: [N, F], without each filter, before and after the softmax. gradient: [N, F], gradient x
      activation. highest: [N, F], each filter's highest activation, in cell [N, F] (int32) of a map `columns`
      wide.
    part: [N, P], without each part; controls: [N, P, R], without random boxes of its size. areas,
      control_areas: [N, P], fractions of the crop replaced. NaN where a crop was not asked for, or has no
      such part.
    """

    before: np.ndarray
    after: np.ndarray
    gradient: np.ndarray
    highest: np.ndarray
    cells: np.ndarray
    columns: int
    part: np.ndarray
    controls: np.ndarray
    areas: np.ndarray
    control_areas: np.ndarray


@dataclasses.dataclass(frozen=True)
class DetectedParts:
    """What emergence found of the P parts of a class in a layer.

    verdicts: in order of the class's parts. ap_samples: float [P, 1000], held-out AP of each part's set on
    the bootstrap samples of `emergence.ground.Ground`.
    """

    verdicts: tuple[Verdict, ...]
    ap_samples: np.ndarray


@dataclasses.dataclass(frozen=True)
class ClassFindings:
    """One class in one layer of F filters.

    crops: how many drops are means over. before, after: of filters, before and after the softmax; gradient:
      gradient x activation [F], and its rank correlation with the drop before the softmax, over filters.
    discriminative: bool [F], by `cutoff`; counts: how many are, by factor of deviations. semantic, overlap:
      by criterion of emergence, bool [F] and the overlap of the two.
    parts, detected: in order of the class's parts. with_ap: rank correlation of a part's difference between
      drop and control with the held-out AP of its best set, over the parts that have both and are judged.
    """

    layer: str
    object_class: str
    crops: int
    before: FilterDrops
    after: FilterDrops
    gradient: Resampled
    gradient_correlation: RankCorrelation
    cutoff: Cutoff
    discriminative: np.ndarray
    counts: Mapping[float, int]
    semantic: Mapping[str, np.ndarray]
    overlap: Mapping[str, Overlap]
    parts: tuple[PartDrops, ...]
    detected: DetectedParts
    with_ap: RankCorrelation

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        return self.detected.verdicts

    def detects(self, number: int) -> tuple[str, ...]:
        """The parts that emerge, by either criterion, and that a filter detects best or in their set."""
        return tuple(
            v.part
            for v in self.verdicts
            if v.judged
            and (v.emerges_paper or v.emerges_strict)
            and (v.best_filter == number or number in v.combination)
        )


def class_findings(
    drops: ClassDrops,
    images: np.ndarray,
    detected: DetectedParts,
    cutoff: Cutoff,
    seed: int = 0,
) -> ClassFindings:
    """Adds up the drops of one class and relates them to what emerges.

    Args:
      images: int [N], which image each crop comes from.
      seed: of every bootstrap; the samples are those of `detected`.
    """
    verdicts = detected.verdicts
    layer, object_class = verdicts[0].layer, verdicts[0].object_class
    index = np.unique(images, return_inverse=True)[1]
    count = int(index.max()) + 1
    weights = resamples(count, (seed, count))
    before, after = (filter_drops(lost, index, weights) for lost in (drops.before, drops.after))
    gradient = mean_over_crops(drops.gradient, index, weights)
    deciding = after if cutoff.after_softmax else before
    discriminative = deciding.discriminative(cutoff.deviations)
    filters = len(discriminative)
    of_criterion = {name: semantic(verdicts, object_class, name, filters) for name in CRITERIA}
    parts = []
    for p in range(len(verdicts)):
        has = ~np.isnan(drops.part[:, p])
        columns = (a[has, p] for a in (drops.part, drops.controls, drops.areas, drops.control_areas))
        parts.append(part_drops(*columns, index[has], weights))
    return ClassFindings(
        layer=layer,
        object_class=object_class,
        crops=len(drops.before),
        before=before,
        after=after,
        gradient=gradient,
        gradient_correlation=rank_correlation(
            before.delta.value, gradient.value, (before.delta.samples, gradient.samples), seed
        ),
        cutoff=cutoff,
        discriminative=discriminative,
        counts=deciding.counts,
        semantic=of_criterion,
        overlap={name: overlap(discriminative, found, seed) for name, found in of_criterion.items()},
        parts=tuple(parts),
        detected=detected,
        with_ap=_with_ap("difference", parts, [detected], seed),
    )


def _with_ap(figure: str, parts, detected: Sequence[DetectedParts], seed: int) -> RankCorrelation:
    """Of one figure of `PartDrops` and held-out AP; parts: of all classes, one after another."""
    aps = [v.combination_ap_val.value if v.judged else math.nan for of in detected for v in of.verdicts]
    figures = [getattr(part, figure) for part in parts]
    samples = np.stack([f.samples for f in figures]), np.concatenate([of.ap_samples for of in detected])
    return rank_correlation([f.value for f in figures], aps, samples, seed)


@dataclasses.dataclass(frozen=True)
class Sums:
    """Sums over classes: discriminative filters, class by class, and of each once; discriminative parts.

    measured: parts that some crop shows.
    """

    filters: int
    distinct: int
    parts: int
    measured: int


@dataclasses.dataclass(frozen=True)
class LayerFindings:
    """All classes together; fields as in `ClassFindings`.

    expected shares and p-values are by permutation of the filters, alike in all classes.
    drop_with_ap, control_with_ap: as with_ap, of the drop before its control is taken off, and of the control
      alone. Large parts take much of the crop with them, and large parts have high APs: what the control
      shares with the AP says nothing about the part.
    """

    classes: tuple[ClassFindings, ...]
    sharing: Sharing
    overlap: Mapping[str, Overlap]
    with_ap: RankCorrelation
    drop_with_ap: RankCorrelation
    control_with_ap: RankCorrelation

    @property
    def sums(self) -> Sums:
        parts = [part for c in self.classes for part in c.parts]
        return Sums(
            filters=sum(int(c.discriminative.sum()) for c in self.classes),
            distinct=self.sharing.distinct,
            parts=sum(part.discriminative for part in parts),
            measured=sum(part.crops > 0 for part in parts),
        )

    @property
    def layer(self) -> str:
        return self.classes[0].layer

    @property
    def cutoff(self) -> Cutoff:
        return self.classes[0].cutoff


def layer_findings(classes: Sequence[ClassFindings], seed: int = 0) -> LayerFindings:
    """Adds up the classes of a layer, at least one."""
    discriminative = np.stack([c.discriminative for c in classes])
    parts, detected = [part for c in classes for part in c.parts], [c.detected for c in classes]
    return LayerFindings(
        classes=tuple(classes),
        sharing=sharing(discriminative),
        overlap={
            name: overlap(discriminative, np.stack([c.semantic[name] for c in classes]), seed)
            for name in CRITERIA
        },
        with_ap=_with_ap("difference", parts, detected, seed),
        drop_with_ap=_with_ap("drop", parts, detected, seed),
        control_with_ap=_with_ap("control", parts, detected, seed),
    )
