"""Average precision as PASCAL VOC counts it since 2010, in [0, 1]."""

import numpy as np


def average_precision(scores, found, difficult):
    """AP of one list of detections against one list of ground-truth boxes.

    A detection is true if it finds a box that no detection before it, from the highest score
    down, has found. One that finds a difficult box is left out, and difficult boxes are not asked
    for. Detections of equal score enter the curve as one step.

    Args:
      scores: [D]; with a NaN among them nothing is known, and the AP is NaN.
      found: int [D], index of the ground-truth box the detection finds, -1 for none.
      difficult: bool [G], of all ground-truth boxes.

    Returns:
      Area under the precision envelope over recall; NaN with no ground truth to find, 0 with no
      detections.
    """
    wanted = int((~difficult).sum())
    if wanted == 0 or np.isnan(scores).any():
        return np.nan
    counted = np.array([f < 0 or not difficult[f] for f in found], bool)
    scores, found = scores[counted], found[counted]
    if len(scores) == 0:
        return 0.0

    order = np.argsort(-scores, kind="stable")
    scores, found = scores[order], found[order]
    true = np.zeros(len(found), bool)
    claimed = set()
    for rank, box in enumerate(found):
        if box >= 0 and box not in claimed:
            claimed.add(box)
            true[rank] = True

    last_of_tie = np.append(scores[1:] != scores[:-1], True)
    num_true = np.cumsum(true)[last_of_tie]
    num_all = np.arange(1, len(true) + 1)[last_of_tie]
    precision, recall = num_true / num_all, num_true / wanted
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(np.diff(recall, prepend=0.0) * envelope))


def in_random_orders(scores, found, difficult, orders=20):
    """Mean AP over random orders of detections of equal score, one by one; arguments as above.

    The orders are those of NumPy's generators 0, 1, ..., of the detections that count.
    """
    counted = np.array([f < 0 or not difficult[f] for f in found], bool)
    scores, found = np.asarray(scores)[counted], np.asarray(found)[counted]
    aps = []
    for seed in range(orders):
        key = np.random.default_rng(seed).permutation(len(scores))
        order = sorted(range(len(scores)), key=lambda d: (-scores[d], key[d]))
        aps.append(average_precision(-np.arange(len(order), dtype=float), found[order], difficult))
    return np.mean(aps)
