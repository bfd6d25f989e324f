"""Scoring: the average precision of every filter as a detector of every part of a class.

Filters are handed to the device in equal chunks, so that one compiled kernel serves all of a class's
layers, and within a chunk go through it a few at a time, so that what a step makes still lies in the
cache when the next step reads it.
"""

import dataclasses
import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from partsjax.data.crops import Truth
from partsjax.emergence.method import Method
from partsjax.emergence.regression import Geometry, Pairs, Regressors, features, fit, pair, predict
from partsjax.emergence.stimuli import Stimuli
from partsjax.networks.devices import over_devices, shardings
from partsjax.ops import average_precision as ap
from partsjax.ops import boxes as bx

CHUNK = 64  # filters a call, at least: every device has a share of as many as `_few`
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


jax.tree_util.register_dataclass(Scores)

NOT_COUNTED, HITS_NOTHING = -2, -1


class Found(NamedTuple):
    """What each regressed detection found in either split: int8 [F, P, K, N], as in `Detections`."""

    train: np.ndarray
    val: np.ndarray


class Detections(NamedTuple):
    """What becomes of each detection of a (filter, part), [F, P, K, N].

    alive: bool, it counts (it exists, NMS kept it, it did not find a difficult box).
    true: bool, it is alive and the first to find its ground-truth box.
    found: int8 (int16 from 128 boxes a crop), the box it overlaps most and by IoU >= 0.4, first on it or
      not; HITS_NOTHING where there is none, NOT_COUNTED where it is not alive.
    """

    alive: jax.Array
    true: jax.Array
    found: jax.Array


def judge(boxes: bx.Boxes, real: jax.Array, truth: bx.Boxes, valid, difficult, method: Method) -> Detections:
    """NMS, then which detections are right (the paper's criterion, VOC2010's curve).

    A detection is true when the box of the part it overlaps most in its crop is overlapped by
    IoU >= 0.4 and was not claimed by a higher detection. One whose box is difficult counts neither way.

    Args:
      boxes: float32 [F, P, K, N] arrays, K by descending score; or [F, 1, K, N], shared by all parts.
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
    found = jnp.where(hits, number, jnp.where(alive, HITS_NOTHING, NOT_COUNTED))
    found = found.astype(jnp.int8 if valid.shape[1] < 128 else jnp.int16)
    return Detections(jnp.broadcast_to(alive, shape), bx.first_claims(hits, number, axis=2), found)


def _at(flags: jax.Array, number: jax.Array) -> jax.Array:
    """flags [P, G, N] of the ground-truth boxes `number` [F, P, K, N]."""

    def pick(g, out):
        return jnp.where(number == g, jax.lax.dynamic_index_in_dim(flags, g, 1)[None], out)

    return jax.lax.fori_loop(0, flags.shape[1], pick, jnp.zeros(number.shape, bool))


def _few() -> int:
    """Filters that go through a kernel at once: what fits a core's cache, or what fills a GPU."""
    return 8 if jax.default_backend() == "cpu" else CHUNK


class _Fired(NamedTuple):
    """Stimuli of a chunk of filters, leading axis F, as in `Stimuli`; scale: as in `Scores`."""

    cells: np.ndarray
    values: np.ndarray
    scale: np.ndarray


class _Marked(NamedTuple):
    """Parts of one split's crops, as in `Truth`, padded, on every device."""

    boxes: jax.Array
    valid: jax.Array
    difficult: jax.Array


@functools.cache
def _fit_chunk(method: Method):
    return over_devices(functools.partial(_fit_share, method=method), split=1)


def _fit_share(fired: _Fired, marked: _Marked, geometry: Geometry, method: Method) -> Regressors:
    """Regressors of one device's share of a chunk of filters, leading axis F."""
    boxes, usable = bx.Boxes(*marked.boxes), marked.valid & ~marked.difficult

    def one(filter_):
        cells, values, scale = (array[None] for array in filter_)
        phi = features(cells, values, scale, geometry)
        pairs = pair(*geometry.centers(cells), values[:, 4] > 0, boxes, usable)
        fitted = fit(
            phi.reshape(*phi.shape[:2], -1),
            values[:, 4].reshape(1, -1),
            Pairs(
                pairs.paired.reshape(*pairs.paired.shape[:2], -1),
                pairs.targets.reshape(*pairs.targets.shape[:3], -1),
            ),
            method.ridge,
            method.min_pairs,
        )
        return jax.tree.map(lambda array: array[0], fitted)

    return jax.lax.map(one, fired, batch_size=_few())


@functools.cache
def _score_chunk(method: Method, any_difficult: bool):
    return over_devices(functools.partial(_score_share, method=method, any_difficult=any_difficult), split=2)


def _score_share(
    fired: _Fired,
    regressors: Regressors,
    marked: _Marked,
    geometry: Geometry,
    method: Method,
    any_difficult: bool,
):
    """AP with and without regression, [F, P] each, and what was found with it, int8 [F, P, K, N].

    Of one device's share of a chunk of filters, on one split.
    """
    truth_boxes, valid, difficult = bx.Boxes(*marked.boxes), marked.valid, marked.difficult
    positives = (valid & ~difficult).sum(axis=(1, 2))
    difficult = difficult if any_difficult else None

    def one(filter_):
        fired, regressors = jax.tree.map(lambda array: array[None], filter_)
        cells, values, scale = fired
        scores = values[:, 4]
        real = (scores > 0)[:, None]
        ranking = ap.rank(scores.reshape(1, -1))
        cx, cy = geometry.centers(cells)

        def precision(boxes):
            judged = judge(boxes, real, truth_boxes, valid, difficult, method)
            flat = (*judged.alive.shape[:2], -1)
            aps = ap.average_precision(
                ranking, judged.alive.reshape(flat), judged.true.reshape(flat), positives
            )
            return aps, judged.found

        fields = bx.from_centers(cx, cy, geometry.extent, geometry.extent).clip(geometry.size)
        phi = features(cells, values, scale, geometry)
        regressed = predict(regressors.weights, phi, cx, cy, geometry.size)
        aps, found = precision(regressed)
        aps = jnp.where(regressors.exists | (positives == 0), aps, 0)
        found = jnp.where(regressors.exists[..., None, None], found, NOT_COUNTED)
        unregressed, _ = precision(fields.map(lambda v: v[:, None]))
        return aps[0], unregressed[0], found[0]

    return jax.lax.map(one, (fired, regressors), batch_size=_few())


def _pad(array: np.ndarray, axis: int, length: int, value=0) -> np.ndarray:
    widths = [(0, 0)] * array.ndim
    widths[axis] = (0, length - array.shape[axis])
    return np.pad(array, widths, constant_values=value)


def score_layer(
    stimuli: tuple[Stimuli, Stimuli], truth: tuple[Truth, Truth], geometry: Geometry, method: Method
) -> tuple[Scores, Found]:
    """Fits on the train crops and scores on both splits, all filters x parts of a layer and class.

    Args:
      stimuli: of the class's (train, val) crops; truth: their parts. geometry: of the layer.
    """
    filters = stimuli[0].cells.shape[0]
    scale = stimuli[0].scores.max(axis=(1, 2), initial=0)
    scale = np.where(scale > 0, scale, 1).astype(np.float32)

    _, replicated = shardings()
    splits = []
    for of_split, parts in zip(stimuli, truth, strict=True):
        crops = -(-max(of_split.cells.shape[-1], 1) // CROPS_STEP) * CROPS_STEP
        arrays = _Marked(*(_pad(a, -1, crops) for a in (parts.boxes, parts.valid, parts.difficult)))
        splits.append((of_split, crops, jax.device_put(arrays, replicated), bool(parts.difficult.any())))

    chunks = []
    share = _few() * jax.device_count()
    width = -(-CHUNK // share) * share
    for start in range(0, filters, width):
        chunk = slice(start, start + width)
        scale_here = _pad(scale[chunk], 0, width, value=1)
        fired = [
            _Fired(*(_pad(_pad(a[chunk], -1, crops), 0, width) for a in (s.cells, s.values)), scale_here)
            for s, crops, *_ in splits
        ]
        with jax.enable_x64(True):
            fitted = _fit_chunk(method)(fired[0], splits[0][2], geometry)
        aps = [
            _score_chunk(method, any_difficult)(inputs, fitted, marked, geometry)
            for inputs, (_, _, marked, any_difficult) in zip(fired, splits, strict=True)
        ]
        results = (*aps[0], *aps[1], fitted.pairs, fitted.weights)
        chunks.append(jax.device_get(results))
    ap_train, ap_train_plain, found_train, ap_val, ap_val_plain, found_val, num_pairs, weights = (
        np.concatenate(column)[:filters] for column in zip(*chunks, strict=True)
    )
    scores = Scores(
        ap_train=ap_train,
        ap_val=ap_val,
        ap_train_unregressed=ap_train_plain,
        ap_val_unregressed=ap_val_plain,
        num_pairs=num_pairs,
        weights=weights,
        scale=scale,
    )
    crops = (of_split.cells.shape[-1] for of_split in stimuli)
    return scores, Found(*(f[..., :n] for f, n in zip((found_train, found_val), crops, strict=True)))
