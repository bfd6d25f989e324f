"""The two priors that read no pixel: the place prior, and the list of fixed boxes.

A prior's detections of one part on N crops are `boxes`, N arrays [D, 4] in crop coordinates, and
`scores`, N arrays [D]. `truth` is N arrays [G, 4], the part's boxes in each crop.
"""

import numpy as np
from scipy.cluster.vq import kmeans

from tests.plain.detections import TRUE_OVERLAP, iou, overlapped

SIZES = (15, 40, 100, 250)  # k, how many of the nearest train crops are asked
MAX_DETECTIONS = 16
BORDER = 2.0  # pixels of the image
ASPECT_WEIGHT = 1.5
ORDERS = 20
MOST_CENTERS = 8


def covariates(object_boxes, image_sizes):
    """What the place prior reads of each object: float64 [N, 6].

    log(w / h), log(w h) / 2, and whether the box comes within 2 px of the image's left, top, right
    and bottom border.

    Args:
      object_boxes: [N, 4], image coordinates.
      image_sizes: [N, 2], width and height.
    """
    x1, y1, x2, y2 = np.asarray(object_boxes, float).T
    width, height = np.asarray(image_sizes, float).T
    return np.stack(
        [
            np.log((x2 - x1) / (y2 - y1)),
            np.log((x2 - x1) * (y2 - y1)) / 2,
            x1 <= BORDER,
            y1 <= BORDER,
            x2 >= width - BORDER,
            y2 >= height - BORDER,
        ],
        axis=1,
    )


def distances(train, other):
    """Squared distance of every crop to every train crop, in standardized covariates: [N, N_train]."""
    mean, deviation = train.mean(0), train.std(0) + 1e-9
    weight = np.array([ASPECT_WEIGHT, 1, 1, 1, 1, 1])
    first, second = (weight * (values - mean) / deviation for values in (other, train))
    return ((first[:, None] - second[None]) ** 2).sum(-1)


def summarized(candidates, k):
    """The detections that a crop's candidates give: boxes [D, 4] and scores [D].

    Of all candidates, the one that overlaps the most uncovered ones stands for those: their median,
    scored by their number; then they are covered. At most 16 times.
    """
    overlaps = (iou(candidates[:, None], candidates[None]) >= TRUE_OVERLAP).astype(float)
    uncovered = np.ones(len(candidates), bool)
    boxes, scores = [], []
    while uncovered.any() and len(boxes) < MAX_DETECTIONS:
        counts = overlaps @ uncovered.astype(float)
        if counts.max() == 0:  # what is left has no area, and overlaps nothing
            break
        those = (overlaps[counts.argmax()] > 0) & uncovered
        boxes.append(np.median(candidates[those], axis=0))
        scores.append(those.sum() / k)
        uncovered &= ~those
    return np.reshape(boxes, (-1, 4)), np.array(scores)


def place_prior(near, truth, k):
    """Detections of one part on N crops from the k nearest train crops.

    Args:
      near: int [N, M], train crops by ascending distance; M smaller than k: all of them.
      truth: the part's boxes in the train crops.
    """
    out = [summarized(np.concatenate([np.zeros((0, 4)), *(truth[i] for i in row[:k])]), k) for row in near]
    return [boxes for boxes, _ in out], [scores for _, scores in out]


def nearest(distance, leave_out=False):
    """Train crops by ascending distance, equal ones in their order: int [N, M].

    With `leave_out` the crops are the train crops themselves, and each is left out of its own row.
    """
    distance = distance.copy()
    if leave_out:
        np.fill_diagonal(distance, np.inf)
    order = distance.argsort(axis=1, kind="stable")
    return order[:, : order.shape[1] - leave_out]


def prior_ap(boxes, scores, truth, seed=0):
    """Mean AP over 20 random orders of detections of equal score."""
    return _mean_ap(np.concatenate(scores), np.concatenate(_numbered(boxes, truth)), truth, seed)


def _numbered(boxes, truth):
    """The box each detection finds, numbered through all crops, -1 for none: N arrays [D]."""
    first = np.cumsum([0] + [len(t) for t in truth])
    local = [overlapped(b, t) for b, t in zip(boxes, truth, strict=True)]
    return [np.where(here < 0, -1, here + start) for here, start in zip(local, first, strict=False)]


def _mean_ap(scores, found, truth, seed):
    wanted = sum(len(t) for t in truth)
    if wanted == 0:
        return np.nan
    rng = np.random.default_rng(seed)
    aps = []
    for _ in range(ORDERS):
        ranked = found[np.lexsort([rng.random(len(scores)), -scores])]
        box, first = np.unique(ranked, return_index=True)
        true = np.zeros(len(ranked))
        true[first[box >= 0]] = 1
        precision = np.cumsum(true) / np.arange(1, len(true) + 1)
        aps.append(true @ np.maximum.accumulate(precision[::-1])[::-1] / wanted)
    return float(np.mean(aps))


def chosen_place_prior(distance_train, distance_val, truth):
    """The place prior of one part with the k of the highest leave-one-out train AP.

    Args:
      distance_train, distance_val: [N, N_train].
      truth: the part's boxes in the train crops.

    Returns:
      k, that AP, and the detections on val.
    """
    left_out, near = nearest(distance_train, leave_out=True), nearest(distance_val)
    aps = [prior_ap(*place_prior(left_out, truth, k), truth) for k in SIZES]
    best = int(np.argmax(aps))
    return SIZES[best], aps[best], place_prior(near, truth, SIZES[best])


def list_prior(truth):
    """Fixed boxes, the surest first: [B, 4], picked from k-means centers until train AP stops rising.

    Every center of every k = 1..8 is a candidate.
    """
    observed = np.concatenate(truth)
    if len(observed) == 0:
        return np.zeros((0, 4))
    most = min(MOST_CENTERS, len(np.unique(observed, axis=0)))
    candidates = np.concatenate([kmeans(observed, k, rng=k)[0] for k in range(1, most + 1)])
    found = np.stack(_numbered([candidates] * len(truth), truth), axis=1)  # [candidate, crop]
    picked, best = [], 0.0
    while True:
        aps = [_list_ap(found[[*picked, i]], truth) for i in range(len(candidates))]
        if max(aps) <= best:
            return candidates[picked]
        best = max(aps)
        picked.append(int(np.argmax(aps)))


def list_prior_ap(boxes, truth, seed=0):
    """Mean AP over 20 orders of a list of boxes on every crop, the surest box first."""
    return _list_ap(
        np.stack(_numbered([np.reshape(boxes, (-1, 4))] * len(truth), truth), axis=1), truth, seed
    )


def _list_ap(found, truth, seed=0):
    scores = np.repeat(-np.arange(len(found), dtype=float), len(truth))
    return _mean_ap(scores, found.reshape(-1), truth, seed)
