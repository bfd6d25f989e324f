"""Which filters a study is about."""

import dataclasses
import functools

import numpy as np

from partsjax.judging.items import Study

ALL = "all"  # in tables: of all classes together


@dataclasses.dataclass(frozen=True, eq=False)
class Asked:
    """The N pairs of class and filter that a study is about: I with an item, then those too silent for one.

    layer, object_class: object [N]; filter: int [N].
    items: names of the I items.
    """

    layer: np.ndarray
    object_class: np.ndarray
    filter: np.ndarray
    items: tuple[str, ...]

    @functools.cached_property
    def unit(self) -> np.ndarray:
        """Which filter of which layer it is, int [N]: the same number in all classes."""
        names = list(zip(self.layer, self.filter, strict=True))
        number = {name: place for place, name in enumerate(dict.fromkeys(names))}
        return np.array([number[name] for name in names], int)

    def of_layer(self, layer: str) -> np.ndarray:
        return self.layer == layer

    @functools.cached_property
    def groups(self) -> list[tuple[str, str, np.ndarray]]:
        """(layer, class, which of the N: bool [N]): each class of a layer, and where several are, all."""
        found = []
        for layer in dict.fromkeys(self.layer):
            of = self.layer == layer
            classes = list(dict.fromkeys(self.object_class[of]))
            found += [(layer, name, of & (self.object_class == name)) for name in classes]
            if len(classes) > 1:
                found.append((layer, ALL, of))
        return found


def asked(study: Study) -> Asked:
    """The pairs of a study, those of items in its order."""
    items = [item for item in study.items if item.purpose == "filter"]
    pairs = [(item.layer, item.object_class, item.filter) for item in items]
    pairs += [(layer, object_class, number) for object_class, layer, number in study.silent]
    columns = list(zip(*pairs, strict=True)) or [(), (), ()]
    layer, object_class, number = columns
    return Asked(
        np.array(layer, object),
        np.array(object_class, object),
        np.array(number, int),
        tuple(item.item for item in items),
    )
