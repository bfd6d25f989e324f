"""A part's set of filters as it was fitted: what tells where the part is on crops of any kind."""

import dataclasses
import functools
from collections.abc import Callable, Iterator

import jax
import numpy as np

from partsjax.data.crops import Truth
from partsjax.emergence.calibration import Calibration
from partsjax.emergence.criterion import HITS_NOTHING, NOT_COUNTED, judge
from partsjax.emergence.marked import Marked, marked
from partsjax.emergence.method import Method
from partsjax.emergence.regression import Geometry, features, predict
from partsjax.emergence.stimuli import Stimuli
from partsjax.ops import boxes as bx

_FILTERS, _CROPS = 8, 128  # that go through the kernel at once: one shape, one compilation


@dataclasses.dataclass(frozen=True)
class FittedSet:
    """A set of M filters of a layer, with what was fitted on train.

    filters: in the layer, ascending. weights: float32 [M, 4, 12], their regressors to the part, 0 where there
    is none; scale: float32 [M], each one's largest stimulus on the class's train crops.
    calibration: of the M filters, numbered from 0; None: their detections are ranked by activation.
    """

    filters: tuple[int, ...]
    weights: np.ndarray
    scale: np.ndarray
    calibration: Calibration | None

    def hits(self, stimuli: Stimuli, truth: Truth, geometry: Geometry, method: Method) -> np.ndarray:
        """In which crops the set's strongest detection is on the part: bool [N].

        As `ranked.hit_rate` has it; of equal detections the first filter's counts, and of its the first. NMS
        across members need not be done, since it never drops the strongest one.

        Args:
          stimuli: of the M filters alone. truth: of the part alone, P = 1.
        """
        found = self._found(stimuli, truth, geometry, method)
        scores = stimuli.scores.astype(np.float64)
        if self.calibration is not None:
            rows = [self.calibration.scores(number, row) for number, row in enumerate(scores)]
            scores = np.reshape(rows, scores.shape)
        crops = found.shape[-1]
        scores = np.where(found == NOT_COUNTED, -np.inf, scores).reshape(-1, crops)
        strongest = scores.argmax(axis=0), np.arange(crops)
        return found.reshape(-1, crops)[strongest] > HITS_NOTHING

    def _found(self, stimuli: Stimuli, truth: Truth, geometry: Geometry, method: Method) -> np.ndarray:
        """What each regressed detection found, as in `criterion.Detections`: int16 [M, K, N]."""
        count, _, crops = stimuli.cells.shape
        more = -count % _FILTERS, -crops % _CROPS
        cells, values = (
            np.pad(array, [(0, more[0]), *[(0, 0)] * (array.ndim - 2), (0, more[1])])
            for array in (stimuli.cells, stimuli.values)
        )
        weights = np.pad(self.weights, [(0, more[0]), (0, 0), (0, 0)])
        scale = np.pad(self.scale, (0, more[0]), constant_values=1)
        found = np.empty(cells.shape, np.int16)
        for here in _blocks(found.shape[-1], _CROPS):
            of_part = jax.tree.map(lambda array: array[:1], marked(truth.select(here)))
            for rows in _blocks(len(found), _FILTERS):
                some = cells[rows, :, here], values[rows, ..., here], scale[rows], weights[rows]
                found[rows, :, here] = _compiled(method)(*some, of_part, geometry)
        return found[:count, :, :crops]


@functools.cache
def _compiled(method: Method) -> Callable:
    def found(cells, values, scale, weights, of_part: Marked, geometry: Geometry) -> jax.Array:
        phi = features(cells, values, scale, geometry)
        boxes = predict(weights[:, None], phi, *geometry.centers(cells), geometry.size)
        real = (values[:, 4] > 0) & weights.any(axis=(1, 2))[:, None, None]
        alive = bx.nms(boxes, real[:, None], method.nms_iou, axis=2)
        return judge(boxes, alive, of_part, method).found[:, 0]

    return jax.jit(found)


def _blocks(count: int, size: int) -> Iterator[slice]:
    return (slice(first, first + size) for first in range(0, count, size))
