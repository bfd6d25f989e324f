"""What filters fire on: the crops that excite each filter most, and where."""

import dataclasses

import jax
import numpy as np

from partsjax.emergence.regression import Geometry
from partsjax.emergence.stimuli import Stimuli
from partsjax.ops import boxes as bx
from partsjax.ops.descending import descending

CROPS_KEPT = 12  # crops kept a filter


@dataclasses.dataclass(frozen=True)
class TopActivations:
    """Per filter the crops of a class with its strongest stimuli, one per crop, by descending activation.

    crops: int32 [F, T]; scores: float32 [F, T], 0 where it fires on fewer crops.
    boxes: float32 [F, T, 4], the receptive field of the stimulus, `xyxy` in crop pixels, clipped to the crop.
    """

    crops: np.ndarray
    scores: np.ndarray
    boxes: np.ndarray


jax.tree_util.register_dataclass(TopActivations)


def top_activations(stimuli: Stimuli, geometry: Geometry) -> TopActivations:
    """The `SHOWN` crops that excite each filter most; of equal ones the first."""
    top = stimuli.scores[:, 0]  # [F, N]; the strongest comes first
    crops = descending(top)[:, :CROPS_KEPT].astype(np.int32)
    cells = np.take_along_axis(stimuli.cells[:, 0], crops, axis=1)
    fields = bx.from_centers(*geometry.centers(cells), geometry.extent, geometry.extent)
    boxes = np.clip(np.stack(fields, axis=-1), 0, geometry.size)
    return TopActivations(crops, np.take_along_axis(top, crops, axis=1), boxes)
