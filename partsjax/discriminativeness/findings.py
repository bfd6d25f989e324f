"""What is found about a class, and about a layer over all classes: filters, parts, and their relation."""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from partsjax.discriminativeness.correlation import RankCorrelation, rank_correlation
from partsjax.discriminativeness.filters import Cutoff, FilterDrops, Sharing, filter_drops, sharing
from partsjax.discriminativeness.part_drops import Blackouts, PartCounts, PartDrops, count_parts, part_drops
from partsjax.discriminativeness.part_relations import DetectedParts, part_relations
from partsjax.discriminativeness.relation import CRITERIA, Overlap, overlap, semantic
from partsjax.emergence.bootstrap import Resampled, mean_over_crops, resamples
from partsjax.emergence.verdict import Verdict


@dataclasses.dataclass(frozen=True)
class ClassDrops:
    """What the N crops of a class lose of its score; float32, of F filters and P parts.

    before, after: [N, F], without each filter, before and after the softmax. gradient: [N, F], gradient x
      activation. highest: [N, F], each filter's highest activation, in cell [N, F] (int32) of a map `columns`
      wide.
    part: [N, P], without each part; controls: [N, P, R], without boxes of its size elsewhere in the object.
      areas, control_areas, on_part: [N, P], as in `Blackouts`. NaN where a crop was not asked for, or has no
      such part, and of controls where none fits.
    recognized: bool [N], whether the highest of all class scores is of the class.
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
    on_part: np.ndarray
    recognized: np.ndarray

    def blackouts(self, part: int) -> tuple[np.ndarray, Blackouts]:
        """Which crops a part was blacked out on, bool [N], and what these lost."""
        has = ~np.isnan(self.part[:, part])
        columns = (self.part, self.controls, self.areas, self.control_areas, self.on_part)
        return has, Blackouts(*(column[has, part] for column in columns))


@dataclasses.dataclass(frozen=True)
class ClassFindings:
    """One class in one layer of F filters.

    crops: how many drops are means over. top1: on which share of them the highest score is of the class.
      before, after: of filters, before and after the softmax; gradient: gradient x activation [F], and
      its rank correlation with the drop before the softmax, over filters.
    discriminative: bool [F], by `cutoff`; counts: how many are, by factor of deviations. semantic, overlap:
      by criterion of emergence, bool [F] and the overlap of the two.
    parts, detected: in order of the class's parts. relations: of the two, by name, see `part_relations`.
    """

    layer: str
    object_class: str
    crops: int
    top1: Resampled
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
    relations: Mapping[str, RankCorrelation]

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        return self.detected.verdicts

    @property
    def part_counts(self) -> PartCounts:
        return count_parts(self.parts)

    def detects(self, number: int) -> tuple[str, ...]:
        """The parts that pass any criterion, and that a filter detects best or in their set."""
        return tuple(
            v.part
            for v in self.verdicts
            if v.judged and v.serves(number) and any(getattr(v, passes) for passes in CRITERIA.values())
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
        has, found = drops.blackouts(p)
        parts.append(part_drops(found, index[has], weights))
    return ClassFindings(
        layer=layer,
        object_class=object_class,
        crops=len(drops.before),
        top1=mean_over_crops(drops.recognized, index, weights),
        before=before,
        after=after,
        gradient=gradient,
        gradient_correlation=rank_correlation(before.delta, gradient, seed=seed),
        cutoff=cutoff,
        discriminative=discriminative,
        counts=deciding.counts,
        semantic=of_criterion,
        overlap={name: overlap(discriminative, found, seed) for name, found in of_criterion.items()},
        parts=tuple(parts),
        detected=detected,
        relations=part_relations(parts, [detected], seed),
    )


@dataclasses.dataclass(frozen=True)
class Sums:
    """Sums over classes: discriminative filters, class by class, and of each once; parts."""

    filters: int
    distinct: int
    parts: PartCounts


@dataclasses.dataclass(frozen=True)
class LayerFindings:
    """All classes together; fields as in `ClassFindings`.

    expected shares and p-values are by permutation of the filters, alike in all classes.
    """

    classes: tuple[ClassFindings, ...]
    sharing: Sharing
    overlap: Mapping[str, Overlap]
    relations: Mapping[str, RankCorrelation]

    @property
    def sums(self) -> Sums:
        return Sums(
            filters=sum(int(c.discriminative.sum()) for c in self.classes),
            distinct=self.sharing.distinct,
            parts=count_parts([part for c in self.classes for part in c.parts]),
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
        relations=part_relations(parts, detected, seed),
    )
