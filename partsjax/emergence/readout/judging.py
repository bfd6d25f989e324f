"""AP of readouts on train and on unseen images, by the criterion that filters are held to."""

import dataclasses
import functools
from collections.abc import Callable, Iterator, Sequence

import jax
import numpy as np

from partsjax.data.crops import Truth
from partsjax.emergence import criterion
from partsjax.emergence.bootstrap import RESAMPLES
from partsjax.emergence.ground import Ground
from partsjax.emergence.marked import Marked, crops_padded, marked
from partsjax.emergence.method import Method
from partsjax.emergence.place_prior import JudgedDetections
from partsjax.emergence.readout.detecting import ReadoutDetections
from partsjax.emergence.readout.models import Models
from partsjax.ops import boxes as bx
from partsjax.ops.average_precision import curve


@dataclasses.dataclass(frozen=True)
class ReadoutScores:
    """APs of the readouts of P parts, fractions, NaN where there is no readout, or nothing to find.

    sizes: C numbers of filters, rising; the last is all of them.
    ap_train, ap_val: float64 [C, P]. resamples: float32 [P, 1000], held-out AP of the readout with all
    filters on each bootstrap sample of `Ground.weights`.
    mislabeled: float64 [2, P], held-out AP of the readout with all filters where boxes are missing and where
    there are extra ones (`Ground.val_mislabeled`), means over draws; [0, P] where that was not asked for.
    """

    sizes: tuple[int, ...]
    ap_train: np.ndarray
    ap_val: np.ndarray
    resamples: np.ndarray
    mislabeled: np.ndarray


def judge_readouts(models: Models, found: Sequence[ReadoutDetections], ground: Ground) -> ReadoutScores:
    """APs of readouts.

    Args:
      found: what they detect on the (train, val) crops of `ground`.
    """
    sizes, parts = models.score.shape[:2]
    aps = np.full((2, sizes, parts), np.nan)
    resamples = np.full((parts, RESAMPLES), np.nan, np.float32)
    for split, (crops, detections) in enumerate(zip((ground.train, ground.val), found, strict=True)):
        usable = crops.truth.in_crops
        for n in range(sizes):
            for part, one in _judged_parts(models, detections, n, crops.truth, ground.method):
                if split == 0:
                    detector = curve(one.scores, one.true, one.crops, usable[part])
                else:
                    detector = ground.curve(one, usable[part])
                aps[split, n, part] = detector.average_precision()
                if split == 1 and n == sizes - 1:
                    resamples[part] = detector.average_precision(ground.weights)
    mislabeled = [
        np.mean([_aps(models, found[1], truth, ground.method) for truth in draws], axis=0)
        for draws in (ground.val_mislabeled.values() if ground.sanity else ())
    ]
    return ReadoutScores(models.sizes, *aps, resamples, np.array(mislabeled).reshape(-1, parts))


def _aps(models: Models, found: ReadoutDetections, truth: Truth, method: Method) -> np.ndarray:
    """Of the readouts with all filters: float64 [P]."""
    aps = np.full(len(models.exists), np.nan)
    for part, one in _judged_parts(models, found, len(models.sizes) - 1, truth, method):
        aps[part] = curve(one.scores, one.true, one.crops, truth.in_crops[part]).average_precision()
    return aps


def _judged_parts(
    models: Models, found: ReadoutDetections, number: int, truth: Truth, method: Method
) -> Iterator[tuple[int, JudgedDetections]]:
    """Of each part that has a readout, what counts of the detections with `sizes[number]` filters."""
    alive, true = _judged(found, number, truth, method)
    for part in np.flatnonzero(models.exists).tolist():
        those = alive[part]
        yield (
            part,
            JudgedDetections(found.scores[number, part][those], true[part][those], np.nonzero(those)[1]),
        )


def _judged(
    found: ReadoutDetections, number: int, truth: Truth, method: Method
) -> tuple[np.ndarray, np.ndarray]:
    """Which detections count, and which of them are true, of the readouts with `sizes[number]` filters.

    NMS within each crop and part, then `criterion.judge`.

    Returns:
      bool [P, K, N] each.
    """
    of_parts = marked(truth)
    parts, _, crops = found.scores[number].shape
    wide = ((0, len(of_parts.real) - parts), (0, 0), (0, crops_padded(crops) - crops))
    boxes = bx.Boxes(*(np.pad(side[number], wide)[None] for side in found.boxes))
    there = np.pad(np.isfinite(found.scores[number]), wide)[None]
    judged = _compiled(method)(boxes, there, of_parts)
    return tuple(np.asarray(flags)[0, :parts, :, :crops] for flags in judged)


@functools.cache
def _compiled(method: Method) -> Callable:
    def judged(boxes: bx.Boxes, there: jax.Array, of_parts: Marked) -> tuple[jax.Array, jax.Array]:
        alive = bx.nms(boxes, there, method.nms_iou, axis=2)
        found = criterion.judge(boxes, alive, of_parts, method)
        return found.alive, found.true

    return jax.jit(judged)
