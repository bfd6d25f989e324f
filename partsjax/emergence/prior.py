"""The location prior: how well a part is found by its usual place alone, without looking at a filter."""

import dataclasses

import numpy as np
from scipy.cluster.vq import kmeans2

from partsjax.data.crops import Truth
from partsjax.emergence.curve import Curve, curve
from partsjax.emergence.method import Method

CENTRES = 5  # k-means is run with 1 to 5 centres (our choice)


@dataclasses.dataclass(frozen=True)
class Prior:
    """One place-only detector of a part: the same boxes in every crop.

    name: in words. boxes: float64 [B, 4], `xyxy` in crop pixels, the surest first.
    ap_train: its AP on train. val: its curve on unseen images.
    """

    name: str
    boxes: np.ndarray
    ap_train: float
    val: Curve


def priors(
    part: int, train: Truth, val: Truth, images_train: np.ndarray, images_val: np.ndarray, method: Method
) -> tuple[Prior, Prior] | None:
    """(the median box, the stronger prior) of a part; None where it has no train box.

    The median box: coordinate by coordinate, over the part's train boxes. The stronger one: the
    centre, of k-means with k = 1 to 5 on those boxes, whose AP on train is highest. Each is one detection
    a crop, all of one score, so its AP is recall · precision (our choice, as a null model).

    Args:
      part: its number; images_*: int [N], the image of each crop.
    """
    usable = train.valid[part] & ~train.difficult[part]
    boxes = train.boxes[:, part][:, usable].T.astype(np.float64)
    if not len(boxes):
        return None

    def judged(name: str, fixed: np.ndarray) -> Prior:
        on_train = fixed_boxes(fixed, part, train, images_train, method).average_precision()
        return Prior(name, fixed, on_train, fixed_boxes(fixed, part, val, images_val, method))

    median = judged("median box", np.median(boxes, axis=0)[None])
    best = median
    for k in range(1, min(CENTRES, len(np.unique(boxes, axis=0))) + 1):
        for number, centre in enumerate(_centres(boxes, k), 1):
            name = "mean box" if k == 1 else f"centre {number} of {k}"
            one = judged(name, centre[None])
            best = one if one.ap_train > best.ap_train else best
    return median, best


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
    crops = np.arange(valid.shape[1])
    claimed = np.zeros_like(valid)
    scores, true, counted = [], [], []
    for rank, box in enumerate(boxes):
        overlap = np.where(valid, _iou(box, truth.boxes[:, part]), 0)
        nearest = overlap.argmax(axis=0)
        hit = overlap[nearest, crops] >= method.correct_iou
        free = ~claimed[nearest, crops]
        claimed[nearest, crops] |= hit
        scores.append(np.full(len(crops), -rank, np.float64))
        true.append(hit & free)
        counted.append(~(hit & difficult[nearest, crops]))
    scores, true, counted = (np.concatenate(v) for v in (scores, true, counted))
    images_of = np.tile(images, len(boxes))
    positives = np.bincount(images, weights=(valid & ~difficult).sum(axis=0))
    return curve(scores[counted], true[counted], images_of[counted], positives)


def _iou(box: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Of one `xyxy` box with boxes [4, G, N]."""
    width = np.minimum(box[2], truth[2]) - np.maximum(box[0], truth[0])
    height = np.minimum(box[3], truth[3]) - np.maximum(box[1], truth[1])
    inner = np.maximum(width, 0) * np.maximum(height, 0)
    areas = (truth[2] - truth[0]) * (truth[3] - truth[1]) + (box[2] - box[0]) * (box[3] - box[1])
    return inner / np.maximum(areas - inner, 1e-9)
