"""What is asked of a measurement."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from partsjax.data.frames import require_frame
from partsjax.emergence.combination import Search
from partsjax.emergence.descriptions import Descriptions, read_descriptions
from partsjax.emergence.method import Method
from partsjax.emergence.nulls import Null
from partsjax.emergence.place_prior import PlacePrior
from partsjax.errors import require_whole
from partsjax.networks.activations import shapes
from partsjax.networks.protocol import Network

if TYPE_CHECKING:
    import pandas as pd  # takes long


@dataclasses.dataclass(frozen=True)
class EmergenceRequest:
    """What is measured, of a network on a dataset.

    searches: the first is the one that verdicts are of. limit: objects per class and split, None: all.
    seed: of searches, bootstrap and nulls. priors: further place priors. null_seeds: how many each null has.
    frame: what the network is shown, one of `data.frames.FRAMES`. iou: whether Network Dissection's criterion
    is measured too.
    readouts: whether parts are read out of layers, too. own_evidence: whether sets are shown parts
    alone, and crops without them.
    sanity: whether scores are taken with wrong labels, too.
    descriptions: what someone else says of filters; those it names parts of are tested by themselves.
    """

    layers: tuple[str, ...]
    method: Method
    searches: tuple[Search, ...]
    nulls: tuple[Null, ...]
    limit: int | None
    seed: int
    priors: tuple[PlacePrior, ...] = ()
    null_seeds: int = 1
    frame: str = "object"
    iou: bool = False
    readouts: bool = False
    own_evidence: bool = False
    sanity: bool = False
    descriptions: Descriptions | None = None

    def __post_init__(self):
        require_frame(self.frame)
        require_whole(0, seed=self.seed)
        require_whole(1, null_seeds=self.null_seeds)
        if self.limit is not None:
            require_whole(1, limit=self.limit)


def descriptions_of(
    network: Network, layers: Sequence[str], source: "str | Path | pd.DataFrame | None"
) -> Descriptions | None:
    """Descriptions of filters of these layers, read; None where there is no source.

    Raises:
      InputError: it cannot be read, or describes another layer, or a filter that is not there.
    """
    if source is None:
        return None
    found = read_descriptions(source)
    found.require_filters({layer: of.shape[3] for layer, of in shapes(network, tuple(layers)).items()})
    return found
