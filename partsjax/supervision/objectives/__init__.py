"""What a network can be trained for: from object windows, from image labels, and to say where."""

from partsjax.supervision.objectives.images import ImageLabels
from partsjax.supervision.objectives.maps import ClassMaps
from partsjax.supervision.objectives.protocol import Objective
from partsjax.supervision.objectives.windows import WindowClassification
from partsjax.supervision.objectives.wsddn import TwoStreams

OBJECTIVES: dict[str, Objective] = {
    objective.name: objective
    for objective in (WindowClassification(), ImageLabels(), ClassMaps("mil"), ClassMaps("cam"), TwoStreams())
}
"""Name on the command line -> objective."""

__all__ = ["OBJECTIVES", "Objective"]
