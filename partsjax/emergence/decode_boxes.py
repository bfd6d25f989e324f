"""Where chosen detections lie: boxes of a few of a layer's stimuli, for pictures and for NMS over a union."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

from partsjax.emergence.ranked import Union
from partsjax.emergence.regression import Geometry, features, predict
from partsjax.emergence.stimuli import Stimuli
from partsjax.ops import boxes as bx


@dataclasses.dataclass(frozen=True)
class BoxDecoder:
    """What turns stimuli of a layer into boxes.

    weights: float32 [F, P, 4, 12], scale: float32 [F]: the regressors, of `Scores`.
    """

    stimuli: Stimuli
    weights: np.ndarray
    scale: np.ndarray
    geometry: Geometry

    def boxes(self, part: int, detections: Union) -> np.ndarray:
        """Regressed boxes of a part's detections: float32 [M, 4], `xyxy` in crop pixels."""
        return self.at(part, detections.filters, detections.ranks, detections.crops)

    def at(self, parts, filters: np.ndarray, ranks: np.ndarray, crops: np.ndarray) -> np.ndarray:
        """The same of any stimuli, int [M]; parts: one for all, or each one's."""
        cells = self.stimuli.cells[filters, ranks, crops]
        values = self.stimuli.values.transpose(0, 2, 3, 1)[filters, ranks, crops]
        arrays = (cells, values, self.scale[filters], self.weights[filters, parts])
        count = len(cells)
        length = 1 << max(5, count.bit_length())  # few lengths, so that few kernels are compiled
        padded = [np.pad(a, [(0, length - count)] + [(0, 0)] * (a.ndim - 1)) for a in arrays]
        return np.asarray(_predict(*padded, self.geometry))[:count]

    def without_repeats(self, part: int, detections: Union, threshold: float) -> Union:
        """NMS over a union: a detection that overlaps a stronger one of its crop is dropped."""
        if not len(detections.scores):
            return detections
        boxes = self.boxes(part, detections)
        by_crop = np.argsort(detections.crops, kind="stable")  # still by descending score within a crop
        crops = detections.crops[by_crop]
        turn = np.arange(len(crops)) - np.searchsorted(crops, crops)
        shape = (-(-int(turn.max() + 1) // 32) * 32, -(-(int(crops.max()) + 1) // 128) * 128)
        grid, there = np.zeros((4, *shape), np.float32), np.zeros(shape, bool)
        grid[:, turn, crops], there[turn, crops] = boxes[by_crop].T, True
        stay = np.asarray(_suppress(grid, there, threshold))
        keep = np.zeros(len(crops), bool)
        keep[by_crop] = stay[turn, crops]
        return detections.select(keep)


@jax.jit
def _predict(cells, values, scale, weights, geometry) -> jax.Array:
    cells, values = cells[:, None, None], values[:, :, None, None]
    phi = features(cells, values, scale, geometry)
    boxes = predict(weights[:, None], phi, *geometry.centers(cells), geometry.size)
    return jnp.stack([side[:, 0, 0, 0] for side in boxes], axis=1)


@jax.jit
def _suppress(boxes, there, threshold) -> jax.Array:
    return bx.nms(bx.Boxes(*boxes), there, threshold, axis=0)
