"""Place priors that show the same boxes on every crop: the median box, the best one, a list of several."""

import functools

import numpy as np
from scipy.cluster.vq import kmeans2

from partsjax.data.crops import Crops
from partsjax.emergence.method import Method
from partsjax.emergence.place_prior import PlacePrior, PriorDetections, box_found
from partsjax.ops.average_precision import envelope

ONE_BOX_CENTRES = 5  # one box is the best center of k-means with 1 to 5 centers (our choice)
CENTRES = 8  # several boxes are picked from those with 1 to 8 (our choice)


def on_every_crop(boxes: np.ndarray, crops: Crops) -> PriorDetections:
    """The same boxes [B, 4] on every crop, by descending score."""
    number, crop = np.divmod(np.arange(len(boxes) * len(crops)), max(len(crops), 1))
    return PriorDetections(boxes[number], -number.astype(np.float64), crop)


def median_box(train: Crops, crops: Crops, method: Method) -> PriorDetections:
    """The median train box, coordinate by coordinate."""
    return on_every_crop(_candidates(train)[0][:1], crops)


def one_box(train: Crops, crops: Crops, method: Method) -> PriorDetections:
    """The best single box on train: a k-means center of the train boxes, or the median."""
    candidates, count = _candidates(train)
    best, *_ = _in_turn(candidates[:count], train, method)
    return on_every_crop(candidates[[best]], crops)


def several_boxes(train: Crops, crops: Crops, method: Method) -> PriorDetections:
    """Boxes picked from the median and the centers, the surest first.

    The next is always the one that raises AP on train most, until none does. A set of filters that never look
    at the image is such a list, and beats any one box; so this is what verdicts are compared with.
    """
    candidates, _ = _candidates(train)
    return on_every_crop(candidates[_in_turn(candidates, train, method)], crops)


def _usable(train: Crops) -> np.ndarray:
    """bool [G, N]: the part's boxes that are not difficult."""
    return train.truth.valid[0] & ~train.truth.difficult[0]


def _candidates(train: Crops) -> tuple[np.ndarray, int]:
    """The median and the centers, float64 [C, 4]; and how many of them may be the one box."""
    boxes = train.truth.boxes[:, 0][:, _usable(train)].T.astype(np.float64)
    centres = _all_centres(boxes.tobytes())
    for_one = 1 + sum(len(of_k) for of_k in centres[:ONE_BOX_CENTRES])
    return np.concatenate([np.median(boxes, axis=0)[None], *centres]), for_one


@functools.lru_cache(maxsize=64)  # every prior here asks for them, for either split
def _all_centres(boxes: bytes) -> list[np.ndarray]:
    boxes = np.frombuffer(boxes).reshape(-1, 4)
    different = len(np.unique(boxes, axis=0))
    return [_centres(boxes, k) for k in range(1, min(CENTRES, different) + 1)]


def _centres(boxes: np.ndarray, k: int) -> np.ndarray:
    """k-means centers of boxes, float64 [<=k, 4], the fullest first; empty clusters are left out."""
    centres, label = kmeans2(boxes, k, minit="++", missing="warn", rng=np.random.default_rng(k))
    size = np.bincount(label, minlength=k)
    order = np.argsort(-size, kind="stable")
    return centres[order[size[order] > 0]]


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


MEDIAN_BOX = PlacePrior("median_box", "median box", median_box)
ONE_BOX = PlacePrior("one_box", "one box", one_box)
SEVERAL_BOXES = PlacePrior("prior", "several boxes", several_boxes)
