"""What decides a run's results."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from partsjax.emergence.combination import RANKINGS, SEARCHES, Search
from partsjax.emergence.method import Method
from partsjax.emergence.nulls import DEFAULT_NULLS, chosen_nulls
from partsjax.errors import InputError, nearest, require_whole
from partsjax.networks.bases import both_signs, with_rotations
from partsjax.networks.protocol import Network
from partsjax.networks.weights.normalisation import WeightOptions


@dataclasses.dataclass(frozen=True)
class Options:
    """As on the command line. Sequences may be ("all",).

    search: the one that verdicts are of; with `all_searches` the others are listed with it in
      `combinations.csv`.
    reader: options of the dataset's reader, by name.
    file: what input and order of layers a weight file is for, where it does not say.
    seed: of shapeparts, searches and bootstrap; weights_seed: of random weights, None: the same.
    nulls: names, as for `chosen_nulls`; null_seeds: how many seeds each is run with.
    half: of the train images, as for `data.halves.half`; None: all of them.
    frame, iou: as in `EmergenceRequest`.
    readouts: whether parts are read out of layers, too.
    own_evidence: whether sets are shown parts alone, and crops without them, too.
    sanity: whether scores are taken with wrong labels, too.
    descriptions: a file of what someone else says of filters; None: none.
    """

    net: str = "alexnet"
    weights: str = "imagenet"
    layers: tuple[str, ...] = ()
    dataset: str = "shapeparts"
    data_dir: str | None = None
    classes: tuple[str, ...] = ("all",)
    limit: int | None = None
    seed: int = 0
    dtype: str = "float32"
    file: WeightOptions = dataclasses.field(default_factory=WeightOptions)
    reader: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    method: Method = dataclasses.field(default_factory=Method)
    search: Search = dataclasses.field(default_factory=Search)
    nulls: tuple[str, ...] = DEFAULT_NULLS
    null_seeds: int = 1
    all_searches: bool = False
    weights_seed: int | None = None
    half: int | None = None
    frame: str = "object"
    iou: bool = False
    readouts: bool = False
    own_evidence: bool = False
    sanity: bool = False
    descriptions: str | None = None

    def __post_init__(self):
        chosen_nulls(self.nulls)
        require_whole(1, null_seeds=self.null_seeds)

    @property
    def searches(self) -> tuple[Search, ...]:
        """The search asked for, then, if wanted, the others: both ways to look, both scores."""
        if not self.all_searches:
            return (self.search,)
        ways = [
            dataclasses.replace(self.search, search=way, score=score)
            for way in SEARCHES
            for score in RANKINGS
        ]
        return (self.search, *(search for search in ways if search != self.search))

    @property
    def network_seed(self) -> int:
        """Of random weights."""
        return self.seed if self.weights_seed is None else self.weights_seed


def with_layers(network: Network, asked: Sequence[str], method: Method) -> tuple[Network, tuple[str, ...]]:
    """The layers to measure, in forward order, and the network that has them.

    They are those asked for, all, or the network's default. Rotated ones are made, and where both signs are
    measured the layers that have both.
    """
    network = with_rotations(network, asked)
    layers = _chosen(network, asked)
    if method.sign == "positive":
        return network, layers
    for layer in layers:
        network = both_signs(network, layer)
    return network, tuple(f"{layer}_both" for layer in layers)


def _chosen(network: Network, asked: Sequence[str]) -> tuple[str, ...]:
    if tuple(asked) == ("all",):
        return tuple(network.fields)
    for layer in asked:
        if layer not in network.fields:
            raise InputError(
                f"layers: {network.name} has no layer {layer!r}; {nearest(layer, network.fields)}"
            )
    wanted = tuple(asked) or network.default_layers
    return tuple(layer for layer in network.fields if layer in wanted)
