"""The place prior that verdicts are compared with: where the part was on the most similar objects of train.

In a crop the place of a part is half known from the shape and the truncation of the object's own box, since a
crop is warped to a square and filled beyond the border of the image. So this prior reads the object's box and
nothing else. All of it is our choice.
"""

import functools
from typing import NamedTuple

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
_TABLE = 8192  # boxes of which it is tabulated which overlap, at most; of more, each crop's neighbors' alone
_TABLE_STEP = 512  # boxes are padded to a multiple: few shapes, few compilations
_ROWS = 1024  # crops whose distances are computed at once
_BATCH_WORDS = 1 << 20  # of the candidates that are covered at once
_CACHED_WORDS = 1 << 16  # of those, so many at a time: what a core's cache holds


def nearest_boxes(train: Crops, crops: Crops, method: Method) -> PriorDetections:
    """The part's boxes on the nearest train crops, grouped by overlap, by descending size of the group.

    Candidates are all boxes of the part on the k train crops nearest by `covariates`. Up to 16 times, of all
    candidates the one that overlaps the most uncovered candidates (IoU >= `method.correct_iou`; of equal ones
    the first) covers them; detected is their coordinate-wise median, with their number / k as its score. On
    `train` itself every crop is left out of its own neighbors. k is the one of `NEIGHBORS`, at most all
    crops, with the highest AP on train, of equal ones the smallest.
    """
    fitted = _fitted(_Fixed(train), method)
    return fitted.on_train if crops is train else fitted.boxes.detections(_neighbors(train, crops), fitted.k)


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


class _Fitted(NamedTuple):
    """k, the number of neighbors; the train boxes of the part; the leave-one-out detections on train."""

    k: int
    boxes: "_TrainBoxes"
    on_train: PriorDetections


@functools.lru_cache(maxsize=2)  # asked for on train, then on unseen crops, by as many threads
def _fitted(train: _Fixed, method: Method) -> _Fitted:
    crops = train.crops
    boxes, order = _TrainBoxes.of(crops.truth, method), _neighbors(crops, crops)
    found = [(k, boxes.detections(order, k)) for k in NEIGHBORS]
    aps = [mean_ap(judge_place(of_k, crops.truth, method), crops.truth) for _, of_k in found]
    k, on_train = found[int(np.argmax(aps))]
    return _Fitted(k, boxes, on_train)


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


def _neighbors(train: Crops, crops: Crops) -> np.ndarray:
    """The train crops nearest to each crop, as many as are ever asked: int32 [N, most]."""
    asked = None if crops is train else covariates(crops).tobytes()
    return _by_distance(covariates(train).tobytes(), asked, max(NEIGHBORS))


@functools.lru_cache(maxsize=4)  # the same for all parts of a class, wherever their boxes are
def _by_distance(known: bytes, asked: bytes | None, most: int) -> np.ndarray:
    """`_neighbors` from covariates; asked: None, the train crops themselves."""
    there = np.frombuffer(known).reshape(-1, 6)
    here = there if asked is None else np.frombuffer(asked).reshape(-1, 6)
    mean, spread = there.mean(axis=0), there.std(axis=0) + 1e-9
    here, there = ((c - mean) / spread for c in (here, there))
    for scaled in (here, there):
        scaled[:, 0] *= SHAPE_WEIGHT
    most = min(len(there) - (asked is None), most)
    return _nearest(here, there, most, skip_self=asked is None)


class _TrainBoxes:
    """The part's boxes on train crops, crop by crop, and which of them overlap."""

    def __init__(self, boxes: np.ndarray, starts: np.ndarray, iou: float, tabulate: bool):
        """boxes: float64 [M, 4]; starts: int [crops + 1], where those of each crop begin."""
        self._boxes, self._starts, self._iou, self._tabulated = boxes, starts, iou, tabulate
        if tabulate:
            self._bits = np.pad(_overlaps(boxes, iou), ((0, 1), (0, 0)))  # and of no box

    @classmethod
    def of(cls, truth: Truth, method: Method) -> "_TrainBoxes":
        boxes, of_crop = usable_boxes(truth)
        starts = np.searchsorted(of_crop, np.arange(truth.valid.shape[-1] + 1))
        return cls(boxes, starts, method.correct_iou, len(boxes) <= _TABLE)

    def detections(self, order: np.ndarray, k: int) -> PriorDetections:
        """On crops whose nearest train crops are `order`, from their k nearest."""
        nearest = order[:, :k]
        if self._tabulated:
            step = max(1, _BATCH_WORDS // max(1, 2 * nearest.shape[1] * self._bits.shape[1]))
            found = [self._some(nearest[at : at + step], at) for at in range(0, len(order), step)]
        else:
            each = np.arange(nearest.shape[1])[None]
            found = [self._on(crops)._some(each, at) for at, crops in enumerate(nearest)]
        nothing = np.zeros((0, 4)), np.zeros(0), np.zeros(0, np.int64)
        return PriorDetections(*map(np.concatenate, zip(nothing, *found, strict=True)))

    def _some(self, nearest: np.ndarray, first: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Boxes, scores and crops, turn by turn, of a batch of crops, counted from `first`."""
        groups = self._groups(nearest)
        turns, crops = np.nonzero(groups.any(axis=-1))
        members = np.unpackbits(groups[turns, crops].view(np.uint8), axis=1, bitorder="little")
        group, box = np.divmod(np.flatnonzero(members), members.shape[1])
        sizes = np.bincount(group, minlength=len(turns))
        return self._medians(box, group, sizes), sizes / nearest.shape[1], first + crops

    def _on(self, crops: np.ndarray) -> "_TrainBoxes":
        """Those on some crops, in their order."""
        starts, stops = self._starts[crops], self._starts[crops + 1]
        ours = np.append(0, np.cumsum(stops - starts))
        return _TrainBoxes(self._boxes[_ranges(starts, stops)], ours, self._iou, True)

    def _groups(self, nearest: np.ndarray) -> np.ndarray:
        """The boxes that each crop's turns cover: uint64 [turns, N, words], a bit a box."""
        crops, words = len(nearest), self._bits.shape[1]
        starts, stops = self._starts[nearest], self._starts[nearest + 1]
        count = (stops - starts).sum(axis=1)
        crop = np.repeat(np.arange(crops), count)
        place = np.arange(len(crop)) - np.repeat(np.cumsum(count) - count, count)
        box = _ranges(starts.ravel(), stops.ravel())
        candidates = np.full((crops, count.max(initial=0)), len(self._boxes))
        candidates[crop, place] = box
        uncovered = np.zeros((crops, 64 * words), bool)
        uncovered[crop, box] = True
        left, groups = _packed(uncovered), np.zeros((DETECTIONS, crops, words), np.uint64)
        step = max(1, _CACHED_WORDS // max(1, candidates.shape[1] * words))
        for start in range(0, crops if candidates.size else 0, step):
            some = slice(start, start + step)
            self._cover(candidates[some], left[some], groups[:, some])
        return groups

    def _cover(self, candidates: np.ndarray, left: np.ndarray, groups: np.ndarray) -> None:
        """Fills in `groups` [turns, N, words] for candidates [N, C], of which `left` are uncovered."""
        every = np.arange(len(candidates))
        rows = np.moveaxis(self._bits, 1, 0)[:, candidates]  # words first: sums over them are of long rows
        uncovered, counts = np.empty_like(rows), np.empty(rows.shape, np.uint8)  # again and again the same
        for group in groups:
            np.bitwise_and(rows, left.T[:, :, None], out=uncovered)
            covers = np.bitwise_count(uncovered, out=counts).sum(axis=0, dtype=np.int32)
            group[:] = rows[:, every, covers.argmax(axis=1)].T & left
            left &= ~group
            if not left.any():
                break

    def _medians(self, box: np.ndarray, group: np.ndarray, sizes: np.ndarray) -> np.ndarray:
        """Coordinate by coordinate, of groups of boxes that lie one after another: float64 [groups, 4]."""
        ends, count = np.cumsum(sizes), len(self._boxes)
        middle = np.stack([ends - sizes + (sizes - 1) // 2, ends - sizes + sizes // 2])
        medians = np.zeros((len(sizes), 4))
        for coordinate, values in enumerate(self._boxes.T):
            order = np.argsort(values)
            rank = np.argsort(order)
            ranked = np.sort(group * count + rank[box])[middle] % max(count, 1)
            medians[:, coordinate] = values[order][ranked].sum(axis=0) / 2
        return medians


def _ranges(starts: np.ndarray, stops: np.ndarray) -> np.ndarray:
    """The whole numbers from each start up to its stop, one range after another."""
    counts = stops - starts
    return np.repeat(starts - (np.cumsum(counts) - counts), counts) + np.arange(counts.sum())


def _nearest(here: np.ndarray, there: np.ndarray, most: int, skip_self: bool) -> np.ndarray:
    """The `most` rows of `there` nearest to each of `here`, of equal ones the first: int32 [N, most]."""
    found = np.zeros((len(here), most), np.int32)
    for start in range(0, len(here) if most else 0, _ROWS):
        apart = cdist(here[start : start + _ROWS], there, "sqeuclidean")
        if skip_self:
            rows = np.arange(len(apart))
            apart[rows, start + rows] = np.inf
        for row, of_crop in enumerate(apart, start):
            near = np.flatnonzero(of_crop <= np.partition(of_crop, most - 1)[most - 1])
            found[row] = near[np.argsort(of_crop[near], kind="stable")[:most]]
    return found


def usable_boxes(truth: Truth) -> tuple[np.ndarray, np.ndarray]:
    """The boxes of the one part that are not difficult, crop by crop: float64 [M, 4], and their crops [M]."""
    usable = truth.valid[0] & ~truth.difficult[0]
    crops, numbers = np.nonzero(usable.T)
    return truth.boxes[:, 0, numbers, crops].T.astype(np.float64), crops


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
