"""What a comparison is shown from. APs are fractions; NaN: not known."""

import dataclasses
from collections.abc import Mapping, Sequence

from partsjax.emergence.compare import Difference
from partsjax.emergence.method import Method
from partsjax.emergence.verdict import Estimate


@dataclasses.dataclass(frozen=True)
class Figures:
    """One network in one layer; tuples have an entry per seed, in the order of `Content.seeds`.

    paper, strict: parts that emerge by each criterion. ap_train: mean over judged parts of the sets' train
    AP; ap_val: the same on unseen images, with its interval over images; mean_ap_val: over seeds, with an
    interval over images and seeds.
    """

    paper: tuple[int, ...]
    strict: tuple[int, ...]
    ap_train: tuple[float, ...]
    ap_val: tuple[Estimate, ...]
    mean_ap_val: Estimate


@dataclasses.dataclass(frozen=True)
class ComparedPart:
    """One part in one layer.

    ap_val: by network that has the layer, held-out AP of its set, over seeds; strict: by network, in how many
    of its seeds the part emerges strictly. difference: by network, AP minus the baseline's; none of the
    baseline itself, nor where the part is not judged.
    """

    layer: str
    object_class: str
    part: str
    num_val: int
    judged: bool
    prior_ap_val: float
    ap_val: Mapping[str, Estimate]
    strict: Mapping[str, int]
    difference: Mapping[str, Estimate]


@dataclasses.dataclass(frozen=True)
class TrainingFigures:
    """How well one network learned what it was trained for.

    metric: its headline metric on validation images, in words; baseline: what the metric is without looking.
    """

    network: str
    seed: int
    steps: int
    metric: str
    before: float
    after: float
    baseline: float


@dataclasses.dataclass(frozen=True)
class ComparisonReport:
    """A whole comparison.

    networks: in the order asked for; baseline: the one the others are compared with.
    seeds: by network, those it was trained or drawn with; (None,) of one that has none.
    layers: of all networks, in forward order; judged: parts that are counted; rare: parts that are not.
    figures: by (network, layer), of the layers that a network was measured in; differences: the same, the
      baseline left out; against: the baseline's layer that each is compared with.
    prior_paper, prior_ap_val: parts that fixed boxes pass by the paper's criterion; their mean held-out AP.
    origins: by network, what it is, in words. pages: by network, addresses of its runs' own reports, if made.
    notes: as in the main report, of all runs. method: by which all networks were judged.
    """

    title: str
    command: str
    facts: Sequence[tuple[str, str]]
    networks: Sequence[str]
    baseline: str
    seeds: Mapping[str, tuple[int | None, ...]]
    layers: Sequence[str]
    judged: int
    rare: int
    figures: Mapping[tuple[str, str], Figures]
    differences: Mapping[tuple[str, str], Difference]
    against: Mapping[tuple[str, str], str]
    parts: Sequence[ComparedPart]
    prior_paper: int
    prior_ap_val: float
    origins: Mapping[str, str]
    training: Sequence[TrainingFigures] = ()
    pages: Mapping[str, Sequence[str]] = dataclasses.field(default_factory=dict)
    notes: Sequence[str] = ()
    method: Method = dataclasses.field(default_factory=Method)

    def layers_of(self, network: str) -> list[str]:
        """The layers a network was measured in."""
        return [layer for layer in self.layers if (network, layer) in self.figures]

    @property
    def of_other_names(self) -> bool:
        """Whether a network's layer is compared with one of another name."""
        return any(layer != other for (_, layer), other in self.against.items())

    @property
    def most_seeds(self) -> int:
        return max(len(seeds) for seeds in self.seeds.values())
