"""What filters fire on: how strongly on each crop, and where on those that excite each filter most."""

import dataclasses

import jax
import numpy as np

from partsjax.emergence.decode_boxes import BoxDecoder
from partsjax.emergence.regression import Geometry
from partsjax.emergence.scoring import Scores
from partsjax.emergence.stimuli import Stimuli
from partsjax.ops import boxes as bx
from partsjax.ops.descending import descending

CROPS_KEPT = 12  # crops kept a filter


@dataclasses.dataclass(frozen=True)
class TopActivations:
    """Per filter the crops of a class with its strongest stimuli, one per crop, by descending activation.

    crops: int32 [F, T]; scores: float32 [F, T], 0 where it fires on fewer crops.
    boxes: float32 [F, T, 4], the receptive field of the stimulus, `xyxy` in crop pixels, clipped to the crop.
    part_boxes: float32 [F, T, 4], the box that it is regressed to, of the filter's best part (`best_part`);
      NaN where there is none, or no stimulus.
    strengths: float16 [F, N], the strongest stimulus on each crop over that on the first of `crops`; 0 where
      the filter does not fire. Half precision: it is the one figure that is kept of every filter and crop.
    """

    crops: np.ndarray
    scores: np.ndarray
    boxes: np.ndarray
    part_boxes: np.ndarray
    strengths: np.ndarray


jax.tree_util.register_dataclass(TopActivations)


def best_part(ap_train: np.ndarray) -> np.ndarray:
    """The part that each filter detects best on train, of equal ones the first: int [F], -1 for none.

    ap_train: float32 [F, P], as in `Scores`.
    """
    known = np.nan_to_num(ap_train, nan=0)
    return np.where(known.max(axis=1) > 0, known.argmax(axis=1), -1)


def top_activations(stimuli: Stimuli, geometry: Geometry, scores: Scores) -> TopActivations:
    """The `CROPS_KEPT` crops that excite each filter most; of equal ones the first.

    scores: of these filters, with their regressors.
    """
    top = stimuli.scores[:, 0]  # [F, N]; the strongest comes first
    crops = descending(top)[:, :CROPS_KEPT].astype(np.int32)
    cells = np.take_along_axis(stimuli.cells[:, 0], crops, axis=1)
    fields = bx.from_centers(*geometry.centers(cells), geometry.extent, geometry.extent)
    boxes = np.clip(np.stack(fields, axis=-1), 0, geometry.size)
    highest = top.max(axis=1, initial=0, keepdims=True)
    return TopActivations(
        crops,
        np.take_along_axis(top, crops, axis=1),
        boxes,
        _part_boxes(stimuli, geometry, scores, crops),
        (top / np.where(highest > 0, highest, 1)).astype(np.float16),
    )


def _part_boxes(stimuli: Stimuli, geometry: Geometry, scores: Scores, crops: np.ndarray) -> np.ndarray:
    """As in `TopActivations`; crops: int32 [F, T]."""
    parts, (count, most) = best_part(scores.ap_train), crops.shape
    filters, at = np.repeat(np.arange(count), most), crops.reshape(-1)
    strongest = np.zeros_like(filters)
    decoder = BoxDecoder(stimuli, scores.weights, scores.scale, geometry)
    boxes = decoder.at(parts[filters], filters, strongest, at).reshape(count, most, 4)
    fires = np.take_along_axis(stimuli.scores[:, 0], crops, axis=1) > 0
    return np.where((fires & (parts >= 0)[:, None])[..., None], boxes, np.float32(np.nan))
