"""Scoring: the average precision of every filter as a detector of every part of a class.

Peak memory is bounded by `CHUNK_BYTES`: filters are taken in equal chunks, so that one compiled kernel
serves all of a class's layers.
"""

import dataclasses
import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from partsjax.data.crops import Truth
from partsjax.emergence.method import Method
from partsjax.emergence.regression import Geometry, Regressors, features, fit, pair, predict
from partsjax.emergence.stimuli import Stimuli
from partsjax.networks.protocol import ReceptiveField
from partsjax.ops import average_precision as ap
from partsjax.ops import boxes as bx

CHUNK_BYTES = 1 << 28  # of the largest intermediate array, the regression's outer products
CROPS_STEP = 128  # crops are padded to a multiple, so that splits of similar size share a kernel


@dataclasses.dataclass(frozen=True)
class Scores:
    """Every filter of one layer against every part of one class; fractions, NaN without ground truth.

    ap_train, ap_val, ap_train_unregressed, ap_val_unregressed: float32 [F, P].
    num_pairs: int32 [F, P], train stimuli paired with a box of the part.
    weights: float32 [F, P, 4, 12], the regressors; 0 where there is none.
    scale: float32 [F], each filter's largest stimulus on the class's train crops (1 if it has none).
    """

    ap_train: np.ndarray
    ap_val: np.ndarray
    ap_train_unregressed: np.ndarray
    ap_val_unregressed: np.ndarray
    num_pairs: np.ndarray
    weights: np.ndarray
    scale: np.ndarray


class Detections(NamedTuple):
    """What becomes of each detection of a (filter, part): bool [F, P, K, N].

    alive: it counts (it exists, NMS kept it, it did not find a difficult box).
    true: it is alive and the first to find its ground-truth box.
    """

    alive: jax.Array
    true: jax.Array


def judge(boxes: bx.Boxes, real: jax.Array, truth: bx.Boxes, valid, difficult, method: Method) -> Detections:
    """NMS, then which detections are right (method.md, "Regression" and "Average precision").

    A detection is true when the box of the part it overlaps most in its crop is overlapped by
    IoU >= 0.4 and was not claimed by a higher detection. One whose box is difficult counts neither way.

    Args:
      boxes: float32 [F, P, K, N] arrays, K by falling score; or [F, 1, K, N], shared by all parts.
      real: bool [F, 1, K, N], which of them exist; truth: [P, G, N]; valid, difficult: bool [P, G, N].
    """
    alive = bx.nms(boxes, jnp.broadcast_to(real, boxes.x1.shape), method.nms_iou, axis=2)
    matched = bx.match(boxes, truth, valid)
    hits = alive & (matched.iou >= method.correct_iou)
    number = matched.number
    if difficult is not None:
        on_difficult = hits & _at(difficult, number)
        alive, hits = alive & ~on_difficult, hits & ~on_difficult
    shape = matched.iou.shape
    return Detections(jnp.broadcast_to(alive, shape), bx.first_claims(hits, number, axis=2))


def _at(flags: jax.Array, number: jax.Array) -> jax.Array:
    """flags [P, G, N] of the ground-truth boxes `number` [F, P, K, N]."""

    def pick(g, out):
        return jnp.where(number == g, jax.lax.dynamic_index_in_dim(flags, g, 1)[None], out)

    return jax.lax.fori_loop(0, flags.shape[1], pick, jnp.zeros(number.shape, bool))


@functools.partial(jax.jit, static_argnames="method")
def _fit_chunk(cells, values, scale, boxes, usable, geometry, method) -> Regressors:
    phi = features(cells, values, scale, geometry)
    pairs = pair(*geometry.centers(cells), values[:, 4] > 0, bx.Boxes(*boxes), usable)
    filters, parts = pairs.paired.shape[:2]
    return fit(
        phi.reshape(filters, phi.shape[1], -1),
        values[:, 4].reshape(filters, -1),
        type(pairs)(pairs.paired.reshape(filters, parts, -1), pairs.targets.reshape(filters, parts, 4, -1)),
        method.ridge,
        method.min_pairs,
    )


@functools.partial(jax.jit, static_argnames=("method", "any_difficult"))
def _score_chunk(cells, values, scale, weights, exists, truth, geometry, method, any_difficult):
    """AP [F, P] with and without regression of one chunk of filters on one split."""
    truth_boxes, valid, difficult = truth
    truth_boxes = bx.Boxes(*truth_boxes)
    positives = (valid & ~difficult).sum(axis=(1, 2))
    difficult = difficult if any_difficult else None
    filters = cells.shape[0]
    scores = values[:, 4]
    real = (scores > 0)[:, None]
    ranking = ap.rank(scores.reshape(filters, -1))
    cx, cy = geometry.centers(cells)

    def precision(boxes):
        found = judge(boxes, real, truth_boxes, valid, difficult, method)
        flat = (filters, found.alive.shape[1], -1)
        return ap.average_precision(ranking, found.alive.reshape(flat), found.true.reshape(flat), positives)

    fields = bx.from_centers(cx, cy, geometry.extent, geometry.extent).clip(geometry.size)
    regressed = predict(weights, features(cells, values, scale, geometry), cx, cy, geometry.size)
    with_regression = jnp.where(exists | (positives == 0), precision(regressed), 0)
    return with_regression, precision(fields.map(lambda v: v[:, None]))


def _pad_last(array: np.ndarray, length: int) -> np.ndarray:
    return np.pad(array, [(0, 0)] * (array.ndim - 1) + [(0, length - array.shape[-1])])


def _pad_truth(truth: Truth, length: int) -> tuple:
    return tuple(_pad_last(a, length) for a in (truth.boxes, truth.valid, truth.difficult))


def score_layer(
    train: Stimuli,
    val: Stimuli,
    truth_train: Truth,
    truth_val: Truth,
    field: ReceptiveField,
    size: int,
    method: Method,
) -> Scores:
    """Fits on the train crops and scores on both splits, all filters x parts of a layer and class.

    Args:
      train, val: stimuli of the class's crops; truth_train, truth_val: their parts.
      field: the layer's receptive field; size: side of the crop in pixels.
    """
    geometry = Geometry(
        *(np.float32(v) for v in (field.center, field.stride, field.size)),
        np.int32(train.columns),
        np.float32(size),
    )
    filters, kept = train.cells.shape[:2]
    parts = truth_train.valid.shape[0]
    scale = train.scores.max(axis=(1, 2), initial=0)
    scale = np.where(scale > 0, scale, 1).astype(np.float32)

    splits = []
    for stimuli, truth in ((train, truth_train), (val, truth_val)):
        crops = -(-max(stimuli.cells.shape[-1], 1) // CROPS_STEP) * CROPS_STEP
        splits.append(
            (
                _pad_last(stimuli.cells, crops),
                _pad_last(stimuli.values, crops),
                jax.device_put(_pad_truth(truth, crops)),
                bool(truth.difficult.any()),
            )
        )
    step = _chunk(kept * splits[0][0].shape[-1])

    out = {field.name: [] for field in dataclasses.fields(Scores)}
    for start in range(0, filters, step):
        chunk = slice(start, start + step)
        size_now = min(step, filters - start)

        def take(array, chunk=chunk, short=step - size_now):
            return np.pad(array[chunk], [(0, short)] + [(0, 0)] * (array.ndim - 1))

        scale_now = np.pad(scale[chunk], (0, step - size_now), constant_values=1)
        (boxes, valid, difficult), cells, values = splits[0][2], take(splits[0][0]), take(splits[0][1])
        with jax.enable_x64(True):
            fitted = _fit_chunk(cells, values, scale_now, boxes, valid & ~difficult, geometry, method)
        results = [fitted.pairs, fitted.weights]
        for cells, values, truth, any_difficult in splits:
            results += _score_chunk(
                take(cells),
                take(values),
                scale_now,
                fitted.weights,
                fitted.exists,
                truth,
                geometry,
                method,
                any_difficult,
            )
        pairs, weights, *aps = (np.asarray(r)[:size_now] for r in results)
        out["num_pairs"].append(pairs)
        out["weights"].append(weights)
        for name, value in zip(
            ("ap_train", "ap_train_unregressed", "ap_val", "ap_val_unregressed"), aps, strict=True
        ):
            out[name].append(value)
    out["scale"].append(scale)
    assert parts == out["num_pairs"][0].shape[1]
    return Scores(**{name: np.concatenate(pieces) for name, pieces in out.items()})


def _chunk(stimuli_per_filter: int) -> int:
    """Filters a chunk: as many as keep the regression's float64 outer products within the budget."""
    most = CHUNK_BYTES // (stimuli_per_filter * 144 * 8)
    return int(max(1, min(64, 2 ** int(np.log2(max(most, 1))))))
