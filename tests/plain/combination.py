"""Sets of filters: the AP of a union, calibrated scores, suppression across members, resampled images.

A layer's detections of one part are two arrays over F filters, K stimuli and N crops: `scores`
[F, K, N] and `found` int [F, K, N], the number within its crop of the ground-truth box each finds,
-1 for none, -2 where there is no detection or it does not count. `positives` [N]: boxes to be found.
"""

import numpy as np

from tests.plain.average_precision import average_precision
from tests.plain.detections import overlapped, suppress


def detections(scores, found, members):
    """All detections of some filters, by descending score: a list of (score, filter, crop, rank, box).

    Equal scores: by filter, crop and rank.
    """
    listed = [
        (scores[f, k, n], f, n, k, found[f, k, n])
        for f in members
        for k in range(scores.shape[1])
        for n in range(scores.shape[2])
        if found[f, k, n] > -2
    ]
    return sorted(listed, key=lambda d: (-d[0], *d[1:4]))


def list_ap(listed, positives):
    """AP of a list of detections; of those that find a box only the first is true."""
    boxes = sorted({(crop, box) for _, _, crop, _, box in listed if box >= 0})
    number = {box: i for i, box in enumerate(boxes)}
    found = [number[crop, box] if box >= 0 else -1 for _, _, crop, _, box in listed]
    scores = np.array([d[0] for d in listed], float)
    return average_precision(scores, np.array(found, int), np.zeros(int(np.sum(positives)), bool))


def union_ap(scores, found, members, positives):
    """AP of the union of the members' detections."""
    return list_ap(detections(scores, found, members), positives)


def without_repeats(listed, box_of):
    """Suppression across members, crop by crop; box_of: (filter, crop, rank) -> [4]."""
    kept = []
    for crop in sorted({d[2] for d in listed}):
        here = [d for d in listed if d[2] == crop]
        boxes = np.array([box_of(f, n, k) for _, f, n, k, _ in here], float)
        stay = suppress(boxes, np.arange(len(here), 0, -1.0))
        kept += [d for d, keep in zip(here, stay, strict=True) if keep]
    return sorted(kept, key=lambda d: (-d[0], *d[1:4]))


def resampled_ap(listed, positives, image_of, draws):
    """AP on images drawn with repetition: every draw of an image is one more image of its own.

    Args:
      listed: as `detections` gives it; positives: [N]; image_of: [N], the image of each crop.
      draws: the images drawn.
    """
    again, wanted = [], []
    for image in draws:
        for crop in np.flatnonzero(np.asarray(image_of) == image):
            again += [(s, f, len(wanted), k, box) for s, f, n, k, box in listed if n == crop]
            wanted.append(positives[crop])
    return list_ap(sorted(again, key=lambda d: -d[0]), wanted)


def true_ones(listed):
    """Which detections of a list, from the highest down, are the first to find their box: bool."""
    claimed, true = set(), []
    for _, _, crop, _, box in listed:
        true.append(box >= 0 and (crop, box) not in claimed)
        claimed.add((crop, box))
    return np.array(true, bool)


def isotonic(scores, true):
    """The nondecreasing function of the score nearest, in squares, to right (1) or wrong (0).

    Pool adjacent violators over the distinct scores, from the lowest up: two neighbours of which the
    lower score has the higher mean become one, until there are none.

    Returns:
      Its value at each detection.
    """
    pools = []  # [mean, size, scores]
    for score in np.unique(scores):
        here = true[scores == score]
        pools.append([here.mean(), len(here), [score]])
        while len(pools) > 1 and pools[-2][0] >= pools[-1][0]:
            mean, size, more = pools.pop()
            low = pools[-1]
            pools[-1] = [(low[0] * low[1] + mean * size) / (low[1] + size), low[1] + size, low[2] + more]
    value = {score: mean for mean, _, held in pools for score in held}
    return np.array([value[score] for score in scores])


def fixed_boxes_ap(boxes, truth, difficult=None, judged=average_precision):
    """AP of the same boxes shown on every crop, the surest first; each box's detections have one score.

    Args:
      boxes: [B, 4]; truth: N arrays [G, 4]; difficult: N bool arrays [G], or None for none.
      judged: how a list of detections is.
    """
    first = np.cumsum([0] + [len(t) for t in truth])
    found = np.array(
        [[_numbered(box, t, start) for t, start in zip(truth, first, strict=False)] for box in boxes]
    )
    scores = np.repeat(-np.arange(len(boxes), dtype=float), len(truth))
    hard = np.zeros(first[-1], bool) if difficult is None else np.concatenate(difficult).astype(bool)
    return judged(scores, found.reshape(-1), hard)


def _numbered(box, truth, start):
    local = int(overlapped(np.asarray(box, float), truth))
    return local + start if local >= 0 else -1
