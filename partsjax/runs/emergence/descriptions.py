"""What someone else says of filters, beside what was measured."""

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING

from partsjax.emergence.descriptions import (
    DescribedLayer,
    Descriptions,
    Held,
    MeasuredLayer,
    described_layers,
    held_against_truth,
    unmatched,
)
from partsjax.reporting import tables
from partsjax.reporting.notebook import frames_html

if TYPE_CHECKING:
    import pandas as pd

    from partsjax.runs.emergence.result import Emergence


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Described:
    """Descriptions held against the truth.

    Attributes:
      held: of every description, each part or class that its text names.
      by_layer: what that comes to, beside the same texts on other filters.
    """

    held: tuple[Held, ...]
    by_layer: tuple[DescribedLayer, ...]

    @property
    def table(self) -> "pd.DataFrame":
        """One row for each description and part, or class, that it names, as `descriptions.csv`."""
        return tables.descriptions_table(self.held)

    @property
    def layers(self) -> "pd.DataFrame":
        """One row for each layer that is described: the fields of `DescribedLayer`."""
        import pandas as pd

        return pd.DataFrame([dataclasses.asdict(of) for of in self.by_layer])

    @property
    def unmatched(self) -> Mapping[str, int]:
        """How many descriptions have each text that names nothing of the dataset; the most frequent first."""
        return unmatched(self.held)

    def __repr__(self) -> str:
        total = sum(of.descriptions for of in self.by_layer)
        return f"<Described: {total} descriptions, {sum(of.of_a_part for of in self.by_layer)} of a part>"

    def _repr_html_(self) -> str:
        return frames_html([("descriptions, by layer", self.layers), ("descriptions", self.table)])


def described(found: "Emergence", descriptions: Descriptions) -> Described:
    """Descriptions of a result's filters.

    Raises:
      InputError: a layer was not measured, or has no such filter.
    """
    layers = {layer: _measured(found, layer) for layer in found.about.layers}
    descriptions.require_filters({layer: of.filters for layer, of in layers.items()})
    held = held_against_truth(descriptions.rows, layers)
    return Described(held, described_layers(held, layers, found.about.seed))


def _measured(found: "Emergence", layer: str) -> MeasuredLayer:
    classes, crops = found.about.classes, {}
    if len(classes) > 1 and found.about.frame == "object":
        crops = {name: int(found.readable[name].sum()) for name in classes}
    return MeasuredLayer(
        {name: found.judged[layer, name] for name in classes},
        {name: found.iou[layer, name] for name in classes} if found.iou else {},
        crops,
    )
