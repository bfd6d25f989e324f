"""The APs of all filters x parts of a layer in NumPy alone, as fast as we could write it: a baseline.

Everything is vectorized over parts, stimuli and crops; one filter is taken at a time, so that what it makes
stays in the cache, and slots that a filter never fills are cut off. Pairs are looked up by cell, since a
layer has few; sums over stimuli are matrix products; all regressors of a chunk are solved at once. Chunks
of filters go to as many processes as there are cores. `tests.plain` says the same definition slowly.
"""

import dataclasses
import multiprocessing
import os
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

NMS_IOU, CORRECT_IOU, RIDGE, MIN_PAIRS = 0.5, 0.4, 1e-6, 12
_CHUNK = 16  # filters of one task
_ROWS, _COLUMNS = np.triu_indices(12)
_FULL = np.zeros((12, 12), np.intp)  # where each entry of a symmetric matrix lies in its upper triangle
_FULL[_ROWS, _COLUMNS] = _FULL[_COLUMNS, _ROWS] = np.arange(len(_ROWS))


class Geometry(NamedTuple):
    """Of a layer's cells in crop pixels: receptive field's size, stride, center of cell 0, map's width, S."""

    extent: float
    stride: float
    center: float
    columns: int
    size: int


@dataclasses.dataclass(frozen=True)
class Split:
    """One class's crops of one split.

    cells: int32 [F, K, N]; values: float32 [F, 9, K, N], by descending activation `values[:, 4]`, 0 where
    there is none. boxes: float32 [4, P, G, N]; valid: bool [P, G, N].
    """

    cells: np.ndarray
    values: np.ndarray
    boxes: np.ndarray
    valid: np.ndarray


class Scores(NamedTuple):
    """float32 [F, P] each, NaN without ground truth; found: int8 [F, P, K, N] of train and of val.

    found: the box a regressed detection finds, -1: none, -2: there is no such detection.
    """

    ap_train: np.ndarray
    ap_val: np.ndarray
    ap_train_unregressed: np.ndarray
    ap_val_unregressed: np.ndarray
    found_train: np.ndarray
    found_val: np.ndarray


def on_all_cores(function: Callable[[Any], Any], tasks: list) -> list:
    """`function` of each task, in processes that share what is in memory now."""
    with multiprocessing.get_context("fork").Pool(os.cpu_count(), _adopt, (function,)) as pool:
        return pool.map(_call, tasks, chunksize=1)


def _adopt(function: Callable) -> None:
    from threadpoolctl import threadpool_limits

    global _adopted
    _adopted = function
    threadpool_limits(1, "blas")  # with as many threads again, small products take a hundred times longer


def _call(task):
    return _adopted(task)


def score_layer(train: Split, val: Split, geometry: Geometry, over: Callable = on_all_cores) -> Scores:
    """Fits on train and scores both, all filters x parts; over: maps a function over tasks."""
    layer = _Layer(train, val, geometry)
    filters = len(train.cells)
    chunks = over(layer.score, [range(f, min(f + _CHUNK, filters)) for f in range(0, filters, _CHUNK)])
    return Scores(*(np.concatenate(column) for column in zip(*chunks, strict=True)))


def score_maps(maps, truths, geometry: Geometry, over: Callable = on_all_cores) -> Scores:
    """The same from activations.

    maps: (train, val) float32 [N, H, W, F]; truths: (boxes, valid) of each, as in `Split`.
    """
    filters = maps[0].shape[3]
    pairs = _pairs(*truths[0], geometry)

    def score(chosen: range) -> Scores:
        some = [m[..., chosen.start : chosen.stop] for m in maps]
        splits = [Split(*strongest(m), *truth) for m, truth in zip(some, truths, strict=True)]
        return _Layer(*splits, geometry, pairs).score(range(len(chosen)))

    chunks = over(score, [range(f, min(f + _CHUNK, filters)) for f in range(0, filters, _CHUNK)])
    return Scores(*(np.concatenate(column) for column in zip(*chunks, strict=True)))


def strongest(maps: np.ndarray, k: int = 8) -> tuple[np.ndarray, np.ndarray]:
    """`Split.cells` and `Split.values` of activations [N, H, W, F]: the k largest local maxima.

    Of equal ones the lower cell comes first: an integer of the activation's bits and the cell is sorted.
    """
    maps = np.ascontiguousarray(np.moveaxis(maps, 3, 0))  # [F, N, H, W]
    filters, crops, height, width = maps.shape
    around = np.pad(maps, ((0, 0), (0, 0), (1, 1), (1, 1)))
    rows = np.maximum(np.maximum(around[:, :, :-2], around[:, :, 1:-1]), around[:, :, 2:])
    highest = np.maximum(np.maximum(rows[..., :-2], rows[..., 1:-1]), rows[..., 2:])
    peaks = np.where((maps > 0) & (maps == highest), maps, np.float32(0)).reshape(filters, crops, -1)
    last = height * width - 1
    key = (peaks.view(np.int32).astype(np.int64) << 16) | (last - np.arange(last + 1))
    k = min(k, last + 1)
    key = -np.sort(-np.partition(key, last + 1 - k, axis=-1)[..., last + 1 - k :], axis=-1)
    cells = last - (key & 0xFFFF)
    real = key >> 16 > 0
    cells = np.where(real, cells, 0)
    corner = cells // width * (width + 2) + cells % width
    flat = around.reshape(filters, crops, -1)
    values = [
        np.where(real, np.take_along_axis(flat, corner + row * (width + 2) + column, axis=-1), np.float32(0))
        for row in range(3)
        for column in range(3)
    ]
    return cells.transpose(0, 2, 1).astype(np.int32), np.stack(values, axis=1).swapaxes(2, 3)


def _centers(geometry: Geometry) -> np.ndarray:
    """float32 [2, C]: receptive-field centers of all cells, x and y."""
    cell = np.arange(geometry.columns**2)
    place = np.array([cell % geometry.columns, cell // geometry.columns])
    return (geometry.center + 0.5 + geometry.stride * place).astype(np.float32)


def _pairs(boxes: np.ndarray, valid: np.ndarray, geometry: Geometry) -> tuple[np.ndarray, np.ndarray]:
    """By part, cell and crop: whether it lies in a box, float32 [P, CN], and its target, [P, 4, CN]."""
    x1, y1, x2, y2 = (side[:, :, None] for side in boxes)  # [P, G, 1, N]
    cx, cy = (c[:, None] for c in _centers(geometry))  # [C, 1]
    parts, instances, crops = valid.shape
    nearest = np.full((parts, cx.size, crops), np.inf, np.float32)
    targets = np.zeros((4, *nearest.shape), np.float32)
    for g in range(instances):
        dx, dy = (x1[:, g] + x2[:, g]) / 2 - cx, (y1[:, g] + y2[:, g]) / 2 - cy
        inside = (cx >= x1[:, g]) & (cx < x2[:, g]) & (cy >= y1[:, g]) & (cy < y2[:, g])
        distance = np.where(inside & valid[:, g, None], dx * dx + dy * dy, np.inf)
        closer = distance < nearest
        nearest = np.where(closer, distance, nearest)
        for kept, new in zip(targets, (dx, dy, x2[:, g] - x1[:, g], y2[:, g] - y1[:, g]), strict=True):
            np.copyto(kept, new, where=closer)
    weight = (nearest < np.inf).astype(np.float32).reshape(parts, -1)
    return weight, targets.swapaxes(0, 1).reshape(parts, 4, -1)


class _Layer:
    def __init__(self, train: Split, val: Split, geometry: Geometry, pairs=None):
        self.train, self.val, self.geometry = train, val, geometry
        self.scale = train.values[:, 4].max(axis=(1, 2), initial=0)
        self.scale = np.where(self.scale > 0, self.scale, 1).astype(np.float32)
        self.centers = _centers(geometry)
        self.weight, self.targets = pairs or _pairs(train.boxes, train.valid, geometry)

    def score(self, filters: range) -> Scores:
        """Of some filters."""
        solved = self._fit(filters)
        rows = [
            [self._evaluate(split, f, *of_filter) for split in (self.train, self.val)]
            for f, of_filter in zip(filters, zip(*solved, strict=True), strict=True)
        ]
        (train, plain_train, found_train), (val, plain_val, found_val) = (
            [np.stack(column) for column in zip(*of_split, strict=True)]
            for of_split in zip(*rows, strict=True)
        )
        return Scores(train, val, plain_train, plain_val, found_train, found_val)

    def _features(self, split: Split, f: int, chosen: np.ndarray) -> np.ndarray:
        """float32 [12, M] of some of a filter's stimuli, by flat index over K and N."""
        cells = split.cells[f].ravel()[chosen]
        near = split.values[f].reshape(9, -1)[:, chosen] / self.scale[f]
        place = self.centers[:, cells] / np.float32(self.geometry.size)
        return np.concatenate([place, near, np.ones((1, len(chosen)), np.float32)])

    def _fit(self, filters: range) -> tuple[np.ndarray, np.ndarray]:
        """Regressors float32 [F, P, 4, 12], and which exist, bool [F, P]."""
        parts, crops = len(self.weight), self.train.cells.shape[2]
        normal = np.zeros((len(filters), parts, len(_ROWS)))
        right = np.zeros((len(filters), parts * 4, 12))
        pairs = np.zeros((len(filters), parts))
        for row, f in enumerate(filters):
            activation = self.train.values[f, 4].ravel()
            chosen = np.flatnonzero(activation > 0)
            phi = self._features(self.train, f, chosen).astype(np.float64)
            at = self.train.cells[f].ravel()[chosen] * crops + chosen % crops
            paired = self.weight[:, at].astype(np.float64)
            pairs[row] = paired.sum(axis=1)
            paired *= activation[chosen]
            normal[row] = paired @ (phi[_ROWS] * phi[_COLUMNS]).T
            targets = paired[:, None] * self.targets[:, :, at]
            right[row] = targets.reshape(parts * 4, -1) @ phi.T
        exists = pairs >= MIN_PAIRS
        normal = normal[..., _FULL]
        normal += (RIDGE * np.trace(normal, axis1=-2, axis2=-1) / 12)[..., None, None] * np.eye(12)
        normal[~exists] = np.eye(12)
        solution = np.linalg.solve(normal, right.reshape(*exists.shape, 4, 12).swapaxes(-1, -2))
        return np.where(exists[..., None, None], solution.swapaxes(-1, -2), 0).astype(np.float32), exists

    def _evaluate(self, split: Split, f: int, weights: np.ndarray, exists: np.ndarray):
        """AP [P] with and without regression, and what was found with it, int8 [P, K, N]."""
        parts, (slots, crops) = len(exists), split.cells.shape[1:]
        positives = split.valid.sum(axis=(1, 2))
        found = np.full((parts, slots, crops), -2, np.int8)
        nothing = np.where(positives > 0, np.float32(0), np.float32(np.nan))
        scores = split.values[f, 4]
        used = int((scores > 0).any(axis=1).sum())
        if used == 0:
            return nothing, nothing, found
        scores = scores[:used]
        cx, cy = self.centers[:, split.cells[f, :used]]
        curve = _Curve(scores)
        size, half = self.geometry.size, np.float32(self.geometry.extent / 2)
        field = np.stack([cx - half, cy - half, cx + half, cy + half]).clip(0, size)[:, None]
        plain, _ = self._judge(split, field, scores > 0, curve, positives)
        phi = self._features(split, f, np.arange(used * crops))
        dx, dy, width, height = (weights.transpose(1, 0, 2) @ phi).reshape(4, parts, used, crops)
        width, height = np.maximum(width, 1) / 2, np.maximum(height, 1) / 2
        dx += cx
        dy += cy
        boxes = np.stack([dx - width, dy - height, dx + width, dy + height]).clip(0, size)
        ap, found[:, :used] = self._judge(split, boxes, scores > 0, curve, positives)
        found[~exists] = -2
        return np.where(exists | (positives == 0), ap, np.float32(0)), plain, found

    def _judge(self, split: Split, boxes: np.ndarray, real: np.ndarray, curve: "_Curve", positives):
        """AP [P] and what was found int8 [P, k, N], of boxes [4, P or 1, k, N]."""
        alive = _suppressed(boxes, real)
        parts, instances, _ = split.valid.shape
        shape = (parts, *real.shape)
        best, number = np.zeros(shape, np.float32), np.zeros(shape, np.int8)
        for g in range(instances):
            there = split.valid[:, g].any(axis=1)
            overlap = _iou(boxes if len(boxes[0]) == 1 else boxes[:, there], split.boxes[:, there, g, None])
            better = (overlap > best[there]) & split.valid[there, g, None]
            best[there], number[there] = (
                np.where(better, overlap, best[there]),
                np.where(better, g, number[there]),
            )
        alive = np.broadcast_to(alive, shape)
        hit = alive & (best >= CORRECT_IOU)
        flags = np.dtype(np.uint8 if instances <= 8 else np.uint64)
        bit = np.where(
            hit, np.left_shift(flags.type(1), number, dtype=flags, casting="unsafe"), flags.type(0)
        )
        before = np.zeros_like(bit)
        np.bitwise_or.accumulate(bit[:, :-1], axis=1, out=before[:, 1:])
        return curve.ap(alive, hit & ((before & bit) == 0), positives), np.where(
            hit, number, np.where(alive, -1, -2)
        )


def _suppressed(boxes: np.ndarray, real: np.ndarray) -> np.ndarray:
    """bool [P, k, N]: greedy non-maximum suppression along k, by descending score."""
    alive = np.broadcast_to(real, boxes.shape[1:]).copy()
    for later in range(1, alive.shape[1]):
        overlap = _iou(boxes[:, :, :later], boxes[:, :, later : later + 1])
        alive[:, later] &= ~(alive[:, :later] & (overlap > NMS_IOU)).any(axis=1)
    return alive


def _iou(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Of boxes [4, ...] that broadcast."""
    width = np.minimum(a[2], b[2]) - np.maximum(a[0], b[0])
    height = np.minimum(a[3], b[3]) - np.maximum(a[1], b[1])
    both = np.maximum(width, 0) * np.maximum(height, 0)
    either = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both
    return both / np.maximum(either, np.float32(1e-30))


class _Curve:
    """The order of one filter's detections, shared by all parts; scores: float32 [k, N], 0 where none is."""

    def __init__(self, scores: np.ndarray):
        flat = scores.ravel()
        self.order = np.argsort(-flat, kind="stable")[: int((flat > 0).sum())]
        ranked = flat[self.order]
        self.closes = np.append(ranked[1:] != ranked[:-1], True)

    def ap(self, alive: np.ndarray, true: np.ndarray, positives: np.ndarray) -> np.ndarray:
        """float32 [P]: area under the envelope of precision; equal scores are one step."""
        shape = (len(alive), -1)
        shown = np.cumsum(alive.reshape(shape)[:, self.order], axis=1, dtype=np.float32)
        hits = true.reshape(shape)[:, self.order]
        precision = np.cumsum(hits, axis=1, dtype=np.float32) / np.maximum(shown, 1)
        precision[:, ~self.closes] = 0
        envelope = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
        area = np.einsum("pm,pm->p", hits, envelope, dtype=np.float64)
        return np.where(positives > 0, area / np.maximum(positives, 1), np.nan).astype(np.float32)
