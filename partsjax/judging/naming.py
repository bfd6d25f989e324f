"""What people call what filters fire on, and which of the parts they name the dataset annotates."""

import collections
import dataclasses
import re
from collections.abc import Iterable, Mapping


@dataclasses.dataclass(frozen=True)
class ConceptName:
    """A name of what filters of a layer fire on, in the crops of a class.

    filters: those whose raters gave this name most often, of those who said the kind it was judged to be.
    annotated: whether the dataset has a part of that name; None where it is not known, or no semantic part.
    """

    layer: str
    object_class: str
    kind: str
    name: str
    filters: tuple[int, ...]
    annotated: bool | None


def usual_name(names: Iterable[str]) -> str:
    """The most frequent name, of equally frequent ones the alphabet's first; "" where all are empty."""
    counts = collections.Counter(filter(None, names))
    return min(counts, key=lambda name: (-counts[name], name)) if counts else ""


def concept_names(
    called: Iterable[tuple[str, str, str, int, str]], annotated: Mapping[str, Iterable[str]] | None
) -> list[ConceptName]:
    """Names with their filters, by layer, class and kind, those of most filters first.

    Args:
      called: (layer, class, kind, filter, name) of filters judged to be of that kind; those of no name are
        left out.
      annotated: by class, the parts that the dataset has; None: not known. `_` and `-` are read as spaces.
    """
    filters = collections.defaultdict(list)
    for layer, object_class, kind, number, name in called:
        if name:
            filters[layer, object_class, kind, name].append(number)
    known = {name: set(map(_plain, parts)) for name, parts in (annotated or {}).items()}
    found = [
        ConceptName(
            *(layer, object_class, kind, name, tuple(sorted(of))),
            annotated=_plain(name) in known[object_class]
            if kind == "part" and object_class in known
            else None,
        )
        for (layer, object_class, kind, name), of in filters.items()
    ]
    order = list(dict.fromkeys(key[:3] for key in filters))
    return sorted(
        found,
        key=lambda one: (order.index((one.layer, one.object_class, one.kind)), -len(one.filters), one.name),
    )


def _plain(name: str) -> str:
    return " ".join(re.sub(r"[_\-\s]+", " ", name.casefold()).split())
