"""Nulls: runs of the whole pipeline that cannot know parts, for every verdict to be compared with.

A null is another network, or other ground truth. Everything else is repeated in the same way: what it still
scores comes from place, from fitting, and from choosing the best of many.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from partsjax.data.crops import Crops, Truth
from partsjax.emergence.evidence import Evidence
from partsjax.emergence.ground import Ground
from partsjax.emergence.verdict import NullVerdict, require_column_name
from partsjax.errors import InputError, nearest
from partsjax.networks import untrained_network
from partsjax.networks.protocol import Network


def same_network(network: Network, seed: int) -> Network:
    """The network itself: the null is in the ground truth."""
    return network


def same_truth(ground: Ground) -> Ground:
    """The ground truth itself: the null is in the network."""
    return ground


@dataclasses.dataclass(frozen=True)
class Null:
    """What is measured alongside a network, on the same crops, to see what its filters cannot account for.

    Attributes:
      name: of its columns in `parts.csv`, as `{name}_ap_val`: lower-case letters, digits and underscores.
      label: what people read, as "random weights".
      network_of: (network, seed) -> the network to measure. `InputError`: there is none; the null is left
        out, with a note that says why.
      truth_of: one class's parts in both splits -> those to fit and to judge on.

    Raises:
      InputError: the name cannot name columns, or one that other columns have.
    """

    name: str
    label: str
    network_of: Callable[[Network, int], Network] = same_network
    truth_of: Callable[[Ground], Ground] = same_truth

    def __post_init__(self):
        require_column_name("null", self.name)


def shuffled(truth: Truth, seed) -> Truth:
    """The same ground truth with its crops permuted: what a crop shows no longer tells its parts.

    All parts of a crop move together. What is still scored with it is place, and the fitting (our
    choice: both splits are permuted, each by itself).
    """
    return truth.select(np.random.default_rng(seed).permutation(truth.valid.shape[-1]))


def _shuffled_parts(ground: Ground) -> Ground:
    def of(crops: Crops, split: int) -> Crops:
        return dataclasses.replace(crops, truth=shuffled(crops.truth, (ground.seed, split)))

    return dataclasses.replace(ground, train=of(ground.train, 0), val=of(ground.val, 1))


NULLS = {
    null.name: null
    for null in (
        Null("random", "random weights", network_of=untrained_network),
        Null("shuffled", "shuffled parts", truth_of=_shuffled_parts),
    )
}


def chosen_nulls(nulls: Sequence[str | Null]) -> tuple[Null, ...]:
    """Nulls by name or as they are.

    Raises:
      InputError: no such null, or two of one name.
    """
    found = []
    for null in nulls:
        if isinstance(null, str) and null not in NULLS:
            raise InputError(f"nulls: there is no null {null!r}; {nearest(null, NULLS)}")
        found.append(NULLS[null] if isinstance(null, str) else null)
    names = [null.name for null in found]
    doubled = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if doubled:
        raise InputError(f"nulls: {', '.join(doubled)} is given twice; give each a name of its own")
    return tuple(found)


def beside(real: Evidence, nulls: Mapping[Null, Evidence]) -> Evidence:
    """The same evidence, each verdict with what the nulls reach on its part."""
    verdicts = tuple(
        dataclasses.replace(
            verdict,
            nulls={null.name: NullVerdict(null.label, (of.verdicts[part],)) for null, of in nulls.items()},
        )
        for part, verdict in enumerate(real.verdicts)
    )
    return dataclasses.replace(real, verdicts=verdicts)
