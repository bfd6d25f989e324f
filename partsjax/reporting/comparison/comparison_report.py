"""What a comparison is shown from. APs are fractions; NaN: not known."""

import dataclasses
import math
from collections.abc import Mapping, Sequence

from partsjax.emergence.compare import Difference
from partsjax.emergence.method import Method
from partsjax.emergence.summary import LayerSummary
from partsjax.emergence.verdict import Estimate


@dataclasses.dataclass(frozen=True)
class Figures:
    """One network in one layer; tuples have an entry per seed, in the order of `ComparisonReport.seeds`.

    summaries: the layer's. ap_val: mean over judged parts of the sets' held-out AP, with its interval over
    images; mean_ap_val: over seeds, with an interval over images and seeds.
    """

    summaries: tuple[LayerSummary, ...]
    ap_val: tuple[Estimate, ...]
    mean_ap_val: Estimate

    @property
    def nulls(self) -> dict[str, str]:
        """Name and label of the nulls that ran."""
        return {name: null.label for summary in self.summaries for name, null in summary.nulls.items()}

    def null_counts(self, name: str, what: str) -> tuple[int, ...]:
        """How many parts in a null: an attribute of `NullSummary`, by seed of the network and of the null."""
        return tuple(
            count
            for summary in self.summaries
            if name in summary.nulls
            for count in getattr(summary.nulls[name], what)
        )

    def counts(self, what: str) -> tuple[int, ...]:
        """How many parts, by seed: an attribute of `LayerSummary`, as "beyond_place"."""
        return tuple(getattr(summary, what) for summary in self.summaries)

    @property
    def ap_train(self) -> tuple[float, ...]:
        """Mean over judged parts of the sets' AP on train; NaN where there is none."""
        means = (summary.mean_ap["combination_train"] for summary in self.summaries)
        return tuple(math.nan if mean is None else mean for mean in means)

    @property
    def nominal(self) -> bool:
        """Whether the layer's receptive fields are nominal."""
        return self.summaries[0].nominal


@dataclasses.dataclass(frozen=True)
class ComparedPart:
    """One part in one layer.

    ap_val: by network that has the layer, held-out AP of its set, over seeds; beyond_place, strict: by
    network, in how many of its seeds the part is so. difference: by network, AP minus the baseline's; none of
    the baseline itself, nor where the part is not judged.
    """

    layer: str
    object_class: str
    part: str
    num_val: int
    judged: bool
    prior_ap_val: float
    ap_val: Mapping[str, Estimate]
    beyond_place: Mapping[str, int]
    strict: Mapping[str, int]
    difference: Mapping[str, Estimate]


@dataclasses.dataclass(frozen=True)
class NetworkPair:
    """One network minus another, each in one layer.

    which: "last", the last layer that each was measured in; "best", that in which the AP of its sets on train
    is highest, mean over parts and seeds (our choice: had it been chosen on unseen images, their AP would be
    flattered by the choice).
    """

    network: str
    other: str
    which: str
    layer: str
    other_layer: str
    difference: Difference


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
    layers: of all networks, in forward order.
    figures: by (network, layer), of the layers that a network was measured in; differences: the same, the
      baseline left out; against: the baseline's layer that each is compared with.
    depth: as `figures`, the layer's number over how many layers of its network can be measured: 1 is the
      last (our choice: layers of unlike networks have no other order in common).
    pairs: every two networks.
    origins: by network, what it is, in words. pages: by network and run, the run's own report, if made.
    train_images: what networks were trained on, and what regressors, sets and priors were fitted on, in
      words; "" where no network was trained.
    notes: as in the main report, of all runs. method: by which all networks were judged.
    """

    title: str
    command: str
    facts: Sequence[tuple[str, str]]
    networks: Sequence[str]
    baseline: str
    seeds: Mapping[str, tuple[int | None, ...]]
    layers: Sequence[str]
    figures: Mapping[tuple[str, str], Figures]
    differences: Mapping[tuple[str, str], Difference]
    against: Mapping[tuple[str, str], str]
    depth: Mapping[tuple[str, str], float]
    pairs: Sequence[NetworkPair]
    parts: Sequence[ComparedPart]
    origins: Mapping[str, str]
    training: Sequence[TrainingFigures] = ()
    pages: Mapping[str, Mapping[str, str]] = dataclasses.field(default_factory=dict)
    train_images: str = ""
    notes: Sequence[str] = ()
    method: Method = dataclasses.field(default_factory=Method)

    def layers_of(self, network: str) -> list[str]:
        """The layers a network was measured in."""
        return [layer for layer in self.layers if (network, layer) in self.figures]

    @property
    def judged(self) -> int:
        """Parts that are counted, the same in every network and layer."""
        return self._first.parts

    @property
    def rare(self) -> int:
        """Parts that are not."""
        return len(self._first.parts_too_rare)

    @property
    def prior_paper(self) -> int:
        """Parts in which the place prior meets the paper's criterion."""
        return self._first.prior_emerging_paper

    @property
    def prior_ap_val(self) -> float:
        """Mean held-out AP of the place prior; NaN where no part is judged."""
        mean = self._first.mean_ap["prior_val"]
        return math.nan if mean is None else mean

    @property
    def _first(self) -> LayerSummary:
        """Of what all networks have in common: what is judged, and the place prior."""
        return self.figures[self.baseline, self.layers_of(self.baseline)[0]].summaries[0]

    @property
    def nominal(self) -> bool:
        """Whether any layer's receptive fields are nominal."""
        return any(figures.nominal for figures in self.figures.values())

    @property
    def of_other_names(self) -> bool:
        """Whether a network's layer is compared with one of another name."""
        return any(layer != other for (_, layer), other in self.against.items())

    @property
    def nulls(self) -> dict[str, str]:
        """Name and label of the nulls that ran beside any network."""
        return {name: label for figures in self.figures.values() for name, label in figures.nulls.items()}

    @property
    def most_seeds(self) -> int:
        return max(len(seeds) for seeds in self.seeds.values())
