"""Nulls: runs of the whole pipeline that cannot know parts, for every verdict to be compared with.

A null is another network, or other ground truth. Everything else is repeated in the same way: what it still
scores comes from place, from fitting, and from choosing the best of many.
"""

import dataclasses
import inspect
from collections.abc import Callable, Mapping, Sequence

from partsjax.data.crops import Truth
from partsjax.emergence.changed_truth import shuffled, unfounded
from partsjax.emergence.evidence import Evidence
from partsjax.emergence.ground import Ground
from partsjax.emergence.verdict import NullVerdict, require_column_name
from partsjax.errors import InputError, nearest
from partsjax.networks import permuted_network, untrained_network
from partsjax.networks.protocol import Network


def same_network(network: Network, seed: int) -> Network:
    """The network itself: the null is in the ground truth."""
    return network


def same_truth(ground: Ground, seed: int) -> Ground:
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
      truth_of: (one class's parts in both splits, seed) -> those to fit and to judge on.

    Raises:
      InputError: the name cannot name columns, or one that other columns have; a function does not take both
        arguments.
    """

    name: str
    label: str
    network_of: Callable[[Network, int], Network] = same_network
    truth_of: Callable[[Ground, int], Ground] = same_truth

    def __post_init__(self):
        require_column_name("null", self.name)
        for what, function, given in (
            ("network_of", self.network_of, "(network, seed)"),
            ("truth_of", self.truth_of, "(ground, seed)"),
        ):
            if why := _not_called_with_two(function):
                raise InputError(f"null {self.name!r}: {what} has to take {given}: {why}")


def _not_called_with_two(function: Callable) -> str:
    """Why a function does not take two arguments; "" where it does, or does not say."""
    try:
        inspect.signature(function).bind(None, None)
    except TypeError as why:
        return str(why)
    except ValueError:  # as of some built-in functions
        pass
    return ""


def _shuffled_parts(ground: Ground, seed: int) -> Ground:
    return _in_both_splits(ground, lambda truth, split: shuffled(truth, (seed, split)))


def _unfounded_boxes(ground: Ground, seed: int) -> Ground:
    return _in_both_splits(ground, lambda truth, split: unfounded(truth, ground.train.size, (seed, split)))


def _in_both_splits(ground: Ground, truth_of: Callable[[Truth, int], Truth]) -> Ground:
    train, val = (
        dataclasses.replace(crops, truth=truth_of(crops.truth, split))
        for split, crops in enumerate((ground.train, ground.val))
    )
    return dataclasses.replace(ground, train=train, val=val)


NULLS = {
    null.name: null
    for null in (
        Null("random", "random weights", network_of=untrained_network),
        Null("permuted", "permuted weights", network_of=permuted_network),
        Null("shuffled", "shuffled parts", truth_of=_shuffled_parts),
        Null("unfounded", "unfounded boxes", truth_of=_unfounded_boxes),
    )
}

# One in the network, one in the truth: all four take half as long again.
DEFAULT_NULLS = ("random", "shuffled")


def chosen_nulls(nulls: Sequence[str | Null]) -> tuple[Null, ...]:
    """Nulls by name or as they are; ("all",): all of `NULLS`.

    Raises:
      InputError: no such null, two of one name, or "all" among others.
    """
    if tuple(nulls) == ("all",):
        return tuple(NULLS.values())
    if "all" in nulls:
        raise InputError("nulls: all means every one; give it alone, or give names")
    found = []
    for null in nulls:
        if not isinstance(null, str | Null):
            raise InputError(f"nulls: neither a name nor a Null but {null!r:.60}; give pj.Null(...)")
        if isinstance(null, str) and null not in NULLS:
            raise InputError(f"nulls: there is no null {null!r}; {nearest(null, NULLS)}")
        found.append(NULLS[null] if isinstance(null, str) else null)
    names = [null.name for null in found]
    doubled = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if doubled:
        raise InputError(f"nulls: {', '.join(doubled)} is given twice; give each a name of its own")
    return tuple(found)


def beside(real: Evidence, nulls: Mapping[Null, Sequence[Evidence]]) -> Evidence:
    """The same evidence, each verdict with what the nulls reach on its part, one evidence for each seed."""
    verdicts = tuple(
        dataclasses.replace(
            verdict,
            nulls={
                null.name: NullVerdict(null.label, tuple(of.verdicts[part] for of in by_seed))
                for null, by_seed in nulls.items()
            },
        )
        for part, verdict in enumerate(real.verdicts)
    )
    return dataclasses.replace(real, verdicts=verdicts)
