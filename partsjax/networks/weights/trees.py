"""What lies in a file as tensors within dictionaries, lists and objects, as one mapping by name."""

import collections
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from partsjax.networks.weights.pickles import Placeholder


class Lazy(Mapping[str, np.ndarray]):
    """Arrays by name, each read when it is asked for: what else a file holds is never read."""

    def __init__(
        self, readers: Mapping[str, Callable[[], np.ndarray]], shapes: Mapping[str, tuple[int, ...]]
    ):
        self._readers = readers
        self.shapes = shapes

    def __getitem__(self, name: str) -> np.ndarray:
        return self._readers[name]()

    def __contains__(self, name) -> bool:
        return name in self._readers

    def __iter__(self) -> Iterator[str]:
        return iter(self._readers)

    def __len__(self) -> int:
        return len(self._readers)


def leaves(content: Any, is_leaf: Callable[[Any], bool]) -> dict[str, Any]:
    """Every leaf in `content`, by the keys on the way to it: `state_dict.features.0.weight`.

    Looks through dictionaries, lists, tuples, arrays of objects and placeholders (a pickled module has
    its tensors in its state). A container that can be reached in several ways counts once, by the
    shortest.
    """
    found: dict[str, Any] = {}
    queue = collections.deque([("", content)])
    seen: set[int] = set()
    while queue:
        name, value = queue.popleft()
        if is_leaf(value):
            found.setdefault(name, value)
        elif id(value) not in seen:
            seen.add(id(value))
            for key, child in _children(value):
                queue.append((".".join(filter(None, (name, key))), child))
    return found


def _children(value: Any) -> list[tuple[str | None, Any]]:
    """What is in a container, by key; without one, what merely stands for the container."""
    if isinstance(value, dict):
        return [(_text(key), child) for key, child in dict.items(value)]
    if isinstance(value, np.ndarray) and value.dtype.hasobject:
        value = value.tolist() if value.ndim else [value.item()]
    if isinstance(value, list | tuple):
        return [(str(index), child) for index, child in enumerate(value)]
    if isinstance(value, Placeholder):
        # The state of an object with slots is a pair: attributes, slots.
        states = value.state if isinstance(value.state, tuple) else (value.state,)
        return [(None, child) for child in (*states, value.items, *value.arguments)]
    return []


def _text(key: Any) -> str:
    return key.decode("latin1") if isinstance(key, bytes) else str(key)
