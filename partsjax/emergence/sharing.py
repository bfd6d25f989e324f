"""Sharing: of how many parts, and of how many classes, each filter is the best one or in the set."""

import collections
import dataclasses
from collections.abc import Iterable

from partsjax.emergence.verdict import Verdict


@dataclasses.dataclass(frozen=True)
class SharedFilters:
    """How the filters of a layer are shared among parts beyond place.

    Attributes:
      filters: how many serve at least one: as its best filter or in its set.
      several_parts: how many of them serve more than one.
      several_classes: how many of them serve parts of more than one object class.
    """

    filters: int
    several_parts: int
    several_classes: int


def serving(verdicts: Iterable[Verdict]) -> dict[tuple[str, int], tuple[Verdict, ...]]:
    """By (layer, filter), ascending within a layer, the parts beyond place that the filter serves.

    Args:
      verdicts: of one run, with their q-values.

    Returns:
      The parts in the order given; a filter that serves none is not there.
    """
    served = collections.defaultdict(list)
    for v in verdicts:
        if v.beyond_place:
            for number in {v.best_filter, *v.combination}:
                served[v.layer, number].append(v)
    layers = list(dict.fromkeys(layer for layer, _ in served))
    ordered = sorted(served, key=lambda names: (layers.index(names[0]), names[1]))
    return {names: tuple(served[names]) for names in ordered}


def shared_filters(verdicts: Iterable[Verdict]) -> SharedFilters:
    """Of the verdicts of one layer, on all classes."""
    served = serving(verdicts).values()
    return SharedFilters(
        filters=len(served),
        several_parts=sum(len(parts) > 1 for parts in served),
        several_classes=sum(len({v.object_class for v in parts}) > 1 for parts in served),
    )
