"""Overlap of boxes, suppression of repeated detections, and which box a detection overlaps most."""

import numpy as np

NMS_OVERLAP = 0.5
TRUE_OVERLAP = 0.4


def iou(first, second):
    """Intersection over union of boxes that broadcast against each other: [...]. 0 if both are empty."""
    low = np.maximum(first[..., :2], second[..., :2])
    high = np.minimum(first[..., 2:], second[..., 2:])
    both = np.prod(np.maximum(high - low, 0), axis=-1)
    either = area(first) + area(second) - both
    return np.divide(both, either, out=np.zeros_like(both), where=either > 0)


def area(box):
    """Width times height: [...]."""
    return np.prod(box[..., 2:] - box[..., :2], axis=-1)


def suppress(boxes, scores):
    """Greedy non-maximum suppression among the K detections of a filter on a crop.

    From the highest score down, a detection is kept unless its IoU with one already kept is above
    0.5.

    Args:
      boxes: [..., K, 4].
      scores: [..., K] in descending order; 0 where there is no detection.

    Returns:
      bool [..., K]: which detections are kept.
    """
    kept = scores > 0
    for later in range(1, scores.shape[-1]):
        overlap = iou(boxes[..., :later, :], boxes[..., later, None, :])
        kept[..., later] &= ~(kept[..., :later] & (overlap > NMS_OVERLAP)).any(-1)
    return kept


def overlapped(boxes, truth):
    """The ground-truth box of a crop that each detection overlaps most, where the IoU is >= 0.4.

    Args:
      boxes: [..., 4].
      truth: [G, 4].

    Returns:
      int [...]: index into `truth`, -1 where no box is overlapped enough; ties: the lower index.
    """
    if len(truth) == 0:
        return np.full(boxes.shape[:-1], -1)
    overlap = iou(boxes[..., None, :], truth)
    return np.where(overlap.max(-1) >= TRUE_OVERLAP, overlap.argmax(-1), -1)
