"""What is known of one class in one layer before anything is fitted."""

import dataclasses

from partsjax.emergence.ground import Ground
from partsjax.emergence.regression import Geometry
from partsjax.emergence.stimuli import Stimuli


@dataclasses.dataclass(frozen=True)
class LayerData:
    """One class in one layer, or in a block of its filters.

    layer: its name. stimuli: of the filters on the class's (train, val) crops; ground: those crops, with
    the method. geometry: of the layer.
    """

    layer: str
    stimuli: tuple[Stimuli, Stimuli]
    ground: Ground
    geometry: Geometry

    @property
    def object_class(self) -> str:
        return self.ground.train.object_class

    @property
    def parts(self) -> tuple[str, ...]:
        return self.ground.train.parts
