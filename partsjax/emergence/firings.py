"""What filters fire on: the crops that excite each filter most, and where."""

import dataclasses

import numpy as np

from partsjax.emergence.regression import Geometry
from partsjax.emergence.stimuli import Stimuli

SHOWN = 12  # crops kept a filter


@dataclasses.dataclass(frozen=True)
class Firings:
    """Per filter the crops of a class with its strongest stimuli, one a crop, by falling activation.

    crops: int32 [F, T]; scores: float32 [F, T], 0 where it fires on fewer crops.
    boxes: float32 [F, T, 4], the receptive field of the stimulus, `xyxy` in crop pixels, clipped to the crop.
    """

    crops: np.ndarray
    scores: np.ndarray
    boxes: np.ndarray


def strongest_crops(stimuli: Stimuli, geometry: Geometry) -> Firings:
    """The `SHOWN` crops that excite each filter most; of equal ones the first."""
    peaks = stimuli.scores.max(axis=1, initial=0)  # [F, N]
    crops = np.argsort(-peaks, axis=1, kind="stable")[:, :SHOWN].astype(np.int32)
    scores = np.take_along_axis(peaks, crops, axis=1)
    filters = np.arange(len(crops))[:, None]
    cells = stimuli.cells[:, 0][filters, crops] if crops.size else crops  # strongest first
    centres = np.stack(
        [
            geometry.center + 0.5 + geometry.stride * (c)
            for c in (cells % geometry.columns, cells // geometry.columns)
        ],
        axis=-1,
    )
    half = geometry.extent / 2
    boxes = np.concatenate([centres - half, centres + half], axis=-1).clip(0, geometry.size)
    return Firings(crops, scores, boxes.astype(np.float32))
