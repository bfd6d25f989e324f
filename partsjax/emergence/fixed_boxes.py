"""The list prior: the same few boxes on every crop, the most useful ones first."""

import numpy as np
from scipy.spatial.distance import cdist

from partsjax.data.crops import Crops
from partsjax.emergence import verdict
from partsjax.emergence.method import Method
from partsjax.emergence.place_prior import PlacePrior, PriorDetections, box_found
from partsjax.ops.average_precision import envelope

STARTS = 20  # random starts of k-means (our choice)
CENTRES = 8  # boxes are picked from the centers of k-means with 1 to 8 of them (our choice)
_STEADY = 1e-5  # pixels by which boxes come nearer to their centers in the mean, when k-means ends


def on_every_crop(boxes: np.ndarray, crops: Crops) -> PriorDetections:
    """The same boxes [B, 4] on every crop, by descending score."""
    number, crop = np.divmod(np.arange(len(boxes) * len(crops)), max(len(crops), 1))
    return PriorDetections(boxes[number], -number.astype(np.float64), crop)


def fixed_boxes(train: Crops, crops: Crops, method: Method) -> PriorDetections:
    """Boxes picked from the centers of k-means on the part's train boxes, by descending score (our choice).

    The next is always the one that raises AP on train most, until none does. A set of filters that never look
    at the image is such a list, and beats any one box.
    """
    candidates = _candidates(train)
    return on_every_crop(candidates[_in_turn(candidates, train, method)], crops)


def _usable(train: Crops) -> np.ndarray:
    """bool [G, N]: the part's boxes that are not difficult."""
    return train.truth.valid[0] & ~train.truth.difficult[0]


def _candidates(train: Crops) -> np.ndarray:
    """All centers, float64 [C, 4]."""
    boxes = train.truth.boxes[:, 0][:, _usable(train)].T.astype(np.float64)
    different = len(np.unique(boxes, axis=0))
    return np.concatenate([_centres(boxes, k) for k in range(1, min(CENTRES, different) + 1)])


def _centres(boxes: np.ndarray, k: int) -> np.ndarray:
    """k-means centers of boxes, float64 [<=k, 4], the fullest first; empty clusters are left out.

    Of `STARTS` from boxes drawn at random the one that ends nearest to the boxes: from a single start, APs
    would differ by up to 0.035 with the seed.
    """
    random = np.random.default_rng(k)
    starts = [random.choice(len(boxes), k, replace=False) for _ in range(STARTS)]
    centres = boxes[np.stack(starts, axis=1)]
    before, going = np.full(STARTS, np.inf), np.arange(STARTS)
    while len(going):
        cluster, apart = _clusters(boxes, centres[:, going])
        centres[:, going] = _means(boxes, cluster, k)
        far = before[going] - apart
        before[going] = apart
        going = going[np.abs(far) > _STEADY]
    cluster, apart = _clusters(boxes, centres)
    best = int(np.argmin(apart))
    size = np.bincount(cluster[best], minlength=k)
    order = np.argsort(-size, kind="stable")
    return centres[order[size[order] > 0], best]


def _clusters(boxes: np.ndarray, centres: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each box's nearest of the centers [k, S, 4] of every start, int [S, N], and the mean distance, [S]."""
    apart = cdist(centres.reshape(-1, 4), boxes, "sqeuclidean").reshape(*centres.shape[:2], -1)
    nearest, cluster = apart[0], np.zeros(apart.shape[1:], np.int64)
    for number, to_centre in enumerate(apart[1:], 1):
        np.copyto(cluster, number, where=to_centre < nearest)
        np.minimum(nearest, to_centre, out=nearest)
    return cluster, np.sqrt(nearest).mean(axis=1)


def _means(boxes: np.ndarray, cluster: np.ndarray, k: int) -> np.ndarray:
    """The centers of every start's clusters, float64 [k, S, 4]; infinitely far where one is empty."""
    starts = len(cluster)
    place = (cluster * starts + np.arange(starts)[:, None]).ravel()
    sums = [np.bincount(place, np.tile(values, starts), k * starts) for values in boxes.T]
    size = np.bincount(place, minlength=k * starts)[:, None]
    centres = np.full((k * starts, 4), np.inf)
    return np.divide(np.stack(sums, axis=1), size, out=centres, where=size > 0).reshape(k, starts, 4)


def _in_turn(candidates: np.ndarray, train: Crops, method: Method) -> list[int]:
    """Which candidates are shown, in which order."""
    hits = box_found(on_every_crop(candidates, train), train.truth, method)
    hits = np.moveaxis(hits.reshape(len(hits), len(candidates), -1), 1, 0)  # [C, G, N]
    free, best = _usable(train), -1.0
    shown = (~(hits & ~free).any(axis=1)).sum(axis=1)  # on a difficult box: neither right nor wrong
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


LIST_PRIOR = PlacePrior(verdict.LIST_PRIOR_NAME, "list prior", fixed_boxes)
