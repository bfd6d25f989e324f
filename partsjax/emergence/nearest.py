"""The place prior that verdicts are compared with: where the part was on the most similar objects of train.

In a crop the place of a part is half known from the shape and the truncation of the object's own box, since a
crop is warped to a square and filled beyond the border of the image. So this prior reads the object's box and
nothing else. All of it is our choice.

Its overlaps of M train boxes of a part take M² / 8 bytes.
"""

import functools

import jax
import numpy as np
from scipy.spatial.distance import cdist

from partsjax.data.crops import Crops, Truth
from partsjax.emergence import verdict
from partsjax.emergence.method import Method
from partsjax.emergence.place_prior import PlacePrior, PriorDetections, judge_place, mean_ap
from partsjax.ops import boxes as bx

NEIGHBORS = (15, 40, 100, 250)  # of which the one with the highest leave-one-out AP on train is taken
DETECTIONS = 16  # at most, a crop
BORDER = 2.0  # pixels from the border of the image at which an object counts as cut off
SHAPE_WEIGHT = 1.5  # of the aspect ratio among the covariates
_TABLE_STEP = 512  # boxes are padded to a multiple: few shapes, few compilations
_ROWS = 1024  # crops whose distances are computed at once
_BATCH_WORDS = 1 << 20  # of the candidates that are covered at once


def nearest_boxes(train: Crops, crops: Crops, method: Method) -> PriorDetections:
    """The part's boxes on the nearest train crops, grouped by overlap, by descending size of the group.

    Candidates are all boxes of the part on the k train crops nearest by `covariates`. Up to 16 times, of all
    candidates the one that overlaps the most uncovered candidates (IoU >= `method.correct_iou`; of equal ones
    the first) covers them; detected is their coordinate-wise median, with their number / k as its score. On
    `train` itself every crop is left out of its own neighbors. k is the one of `NEIGHBORS`, at most all
    crops, with the highest AP on train, of equal ones the smallest.
    """
    k, on_train = _fitted(_Fixed(train), method)
    return on_train if crops is train else _Neighbors(train, crops, method).detections(k)


class _Fixed:
    """Crops as the key of a cache, by all that this prior reads of them."""

    def __init__(self, crops: Crops):
        truth = crops.truth
        read = (crops.object_boxes, crops.image_sizes, truth.boxes, truth.valid, truth.difficult)
        self.crops, self._read = crops, tuple(array.tobytes() for array in read)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Fixed) and self._read == other._read

    def __hash__(self) -> int:
        return hash(self._read)


@functools.lru_cache(maxsize=4)  # asked for on train, then on unseen crops
def _fitted(train: _Fixed, method: Method) -> tuple[int, PriorDetections]:
    """The number of neighbors, and the leave-one-out detections on train."""
    crops = train.crops
    neighbors = _Neighbors(crops, crops, method)
    found = [(k, neighbors.detections(k)) for k in NEIGHBORS]
    aps = [mean_ap(judge_place(of_k, crops.truth, method), crops.truth) for _, of_k in found]
    return found[int(np.argmax(aps))]


def covariates(crops: Crops) -> np.ndarray:
    """What is read of each object: float64 [N, 6].

    log(w / h), log(w h) / 2, and whether its box comes within 2 pixels of the left, top, right and bottom
    border of the image; where the size of the image is unknown, of its right and bottom it does not.
    """
    x1, y1, x2, y2 = crops.object_boxes.T
    width, height = x2 - x1, y2 - y1
    across, down = crops.image_sizes.T
    cut = [x1 <= BORDER, y1 <= BORDER, across - x2 <= BORDER, down - y2 <= BORDER]
    return np.column_stack([np.log(width / height), np.log(width * height) / 2, *cut])


class _Neighbors:
    """The train crops by similarity to each crop, and which of the part's boxes on them overlap."""

    def __init__(self, train: Crops, crops: Crops, method: Method):
        known = covariates(train)
        mean, spread = known.mean(axis=0), known.std(axis=0) + 1e-9
        here, there = ((covariates(c) - mean) / spread for c in (crops, train))
        for scaled in (here, there):
            scaled[:, 0] *= SHAPE_WEIGHT
        self._most = min(len(train) - (crops is train), max(NEIGHBORS))
        self._order = _nearest(here, there, self._most, skip_self=crops is train)
        self._boxes, of_crop = usable_boxes(train.truth)
        self._starts = np.searchsorted(of_crop, np.arange(len(train) + 1))
        self._bits = _overlaps(self._boxes, method.correct_iou)

    def detections(self, k: int) -> PriorDetections:
        """On all crops, from their k nearest."""
        k = min(k, self._most)
        found = [(np.zeros((0, 4)), np.zeros(0), np.zeros(0, np.int64))]
        step = max(1, _BATCH_WORDS // max(1, 2 * k * self._bits.shape[1]))
        for start in range(0, len(self._order), step):
            found += self._cover(start, self._order[start : start + step, :k], k)
        return PriorDetections(*map(np.concatenate, zip(*found, strict=True)))

    def _boxes_of(self, crops: np.ndarray) -> np.ndarray:
        """The numbers of the boxes on train crops, crop by crop: int."""
        starts, counts = self._starts[crops], self._starts[crops + 1] - self._starts[crops]
        before = np.cumsum(counts) - counts
        return np.repeat(starts - before, counts) + np.arange(counts.sum())

    def _cover(self, first: int, nearest: np.ndarray, k: int) -> list[tuple]:
        """Boxes, scores and crops, turn by turn, of a batch of crops, counted from `first`."""
        bits = self._bits
        candidates = [self._boxes_of(row) for row in nearest]
        most = max(map(len, candidates))
        if not most:
            return []
        rows = np.zeros((len(nearest), most, bits.shape[1]), bits.dtype)
        uncovered = np.zeros((len(nearest), 64 * bits.shape[1]), bool)
        for here, of_crop in enumerate(candidates):
            rows[here, : len(of_crop)] = bits[of_crop]
            uncovered[here, of_crop] = True
        left, every = _packed(uncovered), np.arange(len(nearest))
        found = []
        for _ in range(DETECTIONS):
            covers = np.bitwise_count(rows & left[:, None]).sum(axis=-1, dtype=np.int32)
            group = rows[every, covers.argmax(axis=1)] & left
            sizes = np.bitwise_count(group).sum(axis=-1)
            if not sizes.any():
                break
            left &= ~group
            members = np.unpackbits(group.view(np.uint8), axis=1, bitorder="little").view(bool)
            with_any = np.flatnonzero(sizes)
            boxes = _medians(self._boxes[np.nonzero(members)[1]], sizes[with_any])
            found.append((boxes, sizes[with_any] / k, first + with_any))
        return found


def _nearest(here: np.ndarray, there: np.ndarray, most: int, skip_self: bool) -> np.ndarray:
    """The `most` rows of `there` nearest to each of `here`, of equal ones the first: int [N, most]."""
    found = [np.zeros((0, most), np.int64)]
    for start in range(0, len(here), _ROWS):
        apart = cdist(here[start : start + _ROWS], there, "sqeuclidean")
        if skip_self:
            rows = np.arange(len(apart))
            apart[rows, start + rows] = np.inf
        found.append(np.argsort(apart, axis=1, kind="stable")[:, :most])
    return np.concatenate(found)


def usable_boxes(truth: Truth) -> tuple[np.ndarray, np.ndarray]:
    """The boxes of the one part that are not difficult, crop by crop: float64 [M, 4], and their crops [M]."""
    usable = truth.valid[0] & ~truth.difficult[0]
    crops, numbers = np.nonzero(usable.T)
    return truth.boxes[:, 0, numbers, crops].T.astype(np.float64), crops


def _medians(boxes: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Coordinate by coordinate, of groups of boxes that lie one after another: float64 [groups, 4]."""
    ends = np.cumsum(sizes)
    medians = (boxes[ends - sizes] + boxes[ends - 1]) / 2  # of one or two boxes
    for group in np.flatnonzero(sizes > 2).tolist():
        ranked = np.sort(boxes[ends[group] - sizes[group] : ends[group]], axis=0)
        medians[group] = (ranked[(len(ranked) - 1) // 2] + ranked[len(ranked) // 2]) / 2
    return medians


def _overlaps(boxes: np.ndarray, threshold: float) -> np.ndarray:
    """Which boxes overlap by at least `threshold`: uint64 [M, ceil(M / 64)], a bit a box."""
    count = len(boxes)
    padded = np.pad(boxes.astype(np.float32), ((0, -count % _TABLE_STEP), (0, 0)))
    blocks = [
        _packed(np.asarray(_close(padded[start : start + _TABLE_STEP], padded, np.float32(threshold))))
        for start in range(0, len(padded), _TABLE_STEP)
    ]
    return np.concatenate(blocks)[:count] if blocks else np.zeros((0, 1), np.uint64)


@jax.jit
def _close(some: jax.Array, boxes: jax.Array, threshold: jax.Array) -> jax.Array:
    return bx.iou(bx.Boxes(*some.T[:, :, None]), bx.Boxes(*boxes.T[:, None, :])) >= threshold


def _packed(flags: np.ndarray) -> np.ndarray:
    """bool [..., M], M a multiple of 64 -> uint64 [..., M / 64]."""
    return np.packbits(flags, axis=-1, bitorder="little").view(np.uint64)


PLACE_PRIOR = PlacePrior(verdict.PRIOR_NAME, "place prior", nearest_boxes)
