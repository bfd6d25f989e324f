"""The location prior: how well a part is found by its usual place alone, without looking at a filter."""

import dataclasses
from typing import NamedTuple

import jax
import numpy as np
from scipy.cluster.vq import kmeans2

from partsjax.data.crops import Truth
from partsjax.emergence.method import Method
from partsjax.ops import boxes as bx
from partsjax.ops.average_precision import Curve, curve, envelope

ONE_BOX_CENTRES = 5  # one box is the best centre of k-means with 1 to 5 centres (our choice)
CENTRES = 8  # several boxes are picked from those with 1 to 8 (our choice)

_iou = jax.jit(bx.iou)


@dataclasses.dataclass(frozen=True)
class Prior:
    """One place-only detector of a part: the same boxes in every crop.

    boxes: float64 [B, 4], `xyxy` in crop pixels, the surest first.
    ap_train: its AP on train. val: its curve on unseen images.
    """

    boxes: np.ndarray
    ap_train: float
    val: Curve


class Priors(NamedTuple):
    """Place-only detectors of a part, from weak to strong.

    median: the median train box, coordinate by coordinate.
    one: the best single box on train: a k-means centre of the train boxes, or the median.
    several: boxes picked from the median and the centres, the surest first; the next is always the one
      that raises AP on train most, until none does. A set of filters that never look at the image is such a
      list, and beats any one box; so this is what verdicts are held against.
    """

    median: Prior
    one: Prior
    several: Prior


def priors(
    part: int, train: Truth, val: Truth, images_train: np.ndarray, images_val: np.ndarray, method: Method
) -> Priors | None:
    """The location priors of a part; None where it has no train box.

    Each box is shown on every crop, all of one score: of one box, AP is recall times precision.

    Args:
      part: its number; images_*: int [N], the image of each crop.
    """
    usable = train.valid[part] & ~train.difficult[part]
    boxes = train.boxes[:, part][:, usable].T.astype(np.float64)
    if not len(boxes):
        return None

    def judged(fixed: np.ndarray) -> Prior:
        on_train = fixed_boxes(fixed, part, train, images_train, method).average_precision()
        return Prior(fixed, on_train, fixed_boxes(fixed, part, val, images_val, method))

    different = len(np.unique(boxes, axis=0))
    centres = [_centres(boxes, k) for k in range(1, min(CENTRES, different) + 1)]
    candidates = np.concatenate([np.median(boxes, axis=0)[None], *centres])
    hits = np.stack([_hits(box, part, train, method) for box in candidates])
    for_one = 1 + sum(len(of_k) for of_k in centres[:ONE_BOX_CENTRES])
    (best, *_) = _in_turn(hits[:for_one], usable)
    chosen = candidates[_in_turn(hits, usable)]
    return Priors(judged(candidates[:1]), judged(candidates[best][None]), judged(chosen))


def _in_turn(hits: np.ndarray, usable: np.ndarray) -> list[int]:
    """Which candidates are shown, in which order; hits: bool [C, G, N], usable: bool [G, N]."""
    shown = (~(hits & ~usable).any(axis=1)).sum(axis=1)  # on a difficult box: neither right nor wrong
    free, best = usable, -1.0
    chosen, true, counted = [], [], []
    while True:
        gained = (hits & free).sum(axis=(1, 2))
        with_each = (np.column_stack([*past, new]) for past, new in ((true, gained), (counted, shown)))
        aps = _areas(*with_each)
        one = int(np.argmax(aps))
        if aps[one] <= best:
            return chosen
        best, free = aps[one], free & ~hits[one]
        chosen.append(one)
        true.append(np.full(len(hits), gained[one]))
        counted.append(np.full(len(hits), shown[one]))


def _areas(true: np.ndarray, counted: np.ndarray) -> np.ndarray:
    """float64 [C]: AP times the boxes to be found; true, all detections of each step: [C, T]."""
    precision = np.cumsum(true, axis=1) / np.maximum(np.cumsum(counted, axis=1), 1)
    return np.vecdot(true.astype(np.float64), np.ascontiguousarray(envelope(precision)))


def _centres(boxes: np.ndarray, k: int) -> np.ndarray:
    """k-means centres of boxes, float64 [<=k, 4], the fullest first; empty clusters are left out."""
    centres, label = kmeans2(boxes, k, minit="++", missing="warn", rng=np.random.default_rng(k))
    size = np.bincount(label, minlength=k)
    order = np.argsort(-size, kind="stable")
    return centres[order[size[order] > 0]]


def fixed_boxes(boxes: np.ndarray, part: int, truth: Truth, images: np.ndarray, method: Method) -> Curve:
    """The curve of detectors that show the same boxes in every crop, float64 [B, 4], the surest first.

    A box is right in a crop by the criterion that filters are held to: IoU >= 0.4 with the ground-truth
    box it overlaps most, and that box not claimed by a surer one.
    """
    valid, difficult = truth.valid[part], truth.difficult[part]  # [G, N]
    free = np.ones_like(valid)
    scores, true, counted = [], [], []
    for rank, box in enumerate(boxes):
        hits = _hits(box, part, truth, method)
        scores.append(np.full(valid.shape[1], -rank, np.float64))
        true.append((hits & free).any(axis=0))
        counted.append(~(hits & difficult).any(axis=0))
        free &= ~hits
    scores, true, counted = (np.concatenate(v) for v in (scores, true, counted))
    images_of = np.tile(images, len(boxes))
    positives = np.bincount(images, weights=(valid & ~difficult).sum(axis=0))
    return curve(scores[counted], true[counted], images_of[counted], positives)


def _hits(box: np.ndarray, part: int, truth: Truth, method: Method) -> np.ndarray:
    """The ground-truth box that one box finds in each crop, if any: bool [G, N]."""
    overlap = _iou(bx.Boxes(*np.float32(box)), bx.Boxes(*truth.boxes[:, part]))
    overlap = np.where(truth.valid[part], overlap, 0)
    nearest = np.arange(len(overlap))[:, None] == overlap.argmax(axis=0)
    return nearest & (overlap >= method.correct_iou)
