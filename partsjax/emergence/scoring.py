"""Scoring: the average precision of every filter as a detector of every part of a class.

Filters are handed to the device in equal chunks, so that one compiled kernel serves all layers and classes
(`marked`), and within a chunk go through it a few at a time, part by part, so that what a step makes still
lies in the cache when the next step reads it.
"""

import collections
import dataclasses
import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from partsjax.data.crops import Truth
from partsjax.emergence.criterion import NOT_COUNTED, judge
from partsjax.emergence.marked import Marked, by_parts, marked
from partsjax.emergence.method import Method
from partsjax.emergence.regression import Geometry, Pairs, Products, Regressors, features, fit, pair, predict
from partsjax.emergence.stimuli import Stimuli
from partsjax.networks.devices import over_devices, shardings
from partsjax.ops import average_precision as ap
from partsjax.ops import boxes as bx
from partsjax.ops.descending import descending

CHUNK = 64  # filters a call, at least: every device has a share of as many as `_few`
_IN_FLIGHT = 2  # chunks the device works on while the host receives another
_PARTS_FITTED = 4  # parts that are fitted at once on processors: products of features serve them all


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


class Found(NamedTuple):
    """What each regressed detection found in either split: int8 [F, P, K, N], as in `Detections`."""

    train: np.ndarray
    val: np.ndarray


def _few(here: int = 8, there: int = CHUNK) -> int:
    """How many go through a kernel at once: what fits a processor's caches, or what fills a GPU."""
    return here if jax.default_backend() == "cpu" else there


class _Fired(NamedTuple):
    """Stimuli of a chunk of filters, leading axis F, as in `Stimuli`.

    scale: as in `Scores`; order: int32 [F, K N], of the filter's stimuli by descending score.
    """

    cells: np.ndarray
    values: np.ndarray
    scale: np.ndarray
    order: np.ndarray

    @classmethod
    def of(cls, stimuli: Stimuli, scale: np.ndarray, chunk: slice, shape: tuple[int, int]) -> "_Fired":
        """Some filters of a layer; shape: of filters and crops, what they are padded to."""

        def padded(array: np.ndarray) -> np.ndarray:
            some = array[chunk]
            wide = np.zeros((shape[0], *some.shape[1:-1], shape[1]), array.dtype)
            wide[: len(some), ..., : some.shape[-1]] = some
            return wide

        cells, values = padded(stimuli.cells), padded(stimuli.values)
        scales = np.ones(shape[0], np.float32)
        scales[: len(scale[chunk])] = scale[chunk]
        order = descending(values[:, 4].reshape(shape[0], -1)).astype(np.int32)
        return cls(cells, values, scales, order)


@functools.cache
def _fit_chunk(method: Method):
    return over_devices(functools.partial(_fit_share, method=method), split=1)


def _fit_share(fired: _Fired, marked: Marked, geometry: Geometry, method: Method) -> Regressors:
    """Regressors of one device's share of a chunk of filters, leading axis F."""

    def one(filter_):
        cells, values, scale, _ = (array[None] for array in filter_)
        phi = features(cells, values, scale, geometry)
        products = Products.of(phi.reshape(*phi.shape[:2], -1), values[:, 4].reshape(1, -1))

        def fit_parts(some: Marked) -> Regressors:
            usable = some.valid & ~some.difficult
            stimuli = *geometry.centers(cells), values[:, 4] > 0
            pairs = pair(*stimuli, some.boxes, usable, some.most.max())
            flat = Pairs(
                pairs.paired.reshape(*pairs.paired.shape[:2], -1),
                pairs.targets.reshape(*pairs.targets.shape[:3], -1),
            )
            return jax.tree.map(lambda array: array[0], fit(products, flat, method.ridge, method.min_pairs))

        return by_parts(fit_parts, marked, marked.real.sum(), _few(_PARTS_FITTED, len(marked.real)))

    return jax.lax.map(one, fired, batch_size=_few(1))  # whose products, in double precision, fill a cache


@functools.cache
def _score_chunk(method: Method):
    return over_devices(functools.partial(_score_share, method=method), split=2)


def _score_share(
    fired: _Fired, regressors: Regressors, marked: Marked, geometry: Geometry, method: Method
) -> tuple[jax.Array, jax.Array, jax.Array]:
    """AP with and without regression, [F, P] each, and what was found with it, int8 [F, P, K, N].

    Of one device's share of a chunk of filters, on one split.
    """

    def one(filter_):
        fired, regressors = filter_
        cells, values, scale, order = (array[None] for array in fired)
        scores = values[:, 4]
        real = (scores > 0)[:, None]
        ranking = ap.rank(scores.reshape(1, -1), order)
        cx, cy = geometry.centers(cells)
        phi = features(cells, values, scale, geometry)
        fields = bx.from_centers(cx, cy, geometry.extent, geometry.extent).clip(geometry.size)
        fields = fields.map(lambda v: v[:, None])
        fields_alive = bx.nms(fields, real, method.nms_iou, axis=2)

        def score_parts(arrays: tuple[Marked, Regressors]):
            some, regressors = arrays
            positives = (some.valid & ~some.difficult).sum(axis=(1, 2))

            def precision(boxes, alive):
                judged = judge(boxes, alive, some, method)
                flat = (*judged.alive.shape[:2], -1)
                alive, true = judged.alive.reshape(flat), judged.true.reshape(flat)
                return ap.average_precision(ranking, alive, true, positives)[0], judged.found[0]

            regressed = predict(regressors.weights[None], phi, cx, cy, geometry.size)
            alive = bx.nms(regressed, jnp.broadcast_to(real, regressed.x1.shape), method.nms_iou, axis=2)
            aps, found = precision(regressed, alive)
            aps = jnp.where(regressors.exists | (positives == 0), aps, 0)
            found = jnp.where(regressors.exists[:, None, None], found, NOT_COUNTED)
            return aps, precision(fields, fields_alive)[0], found

        return by_parts(score_parts, (marked, regressors), marked.real.sum(), _few(1, len(marked.real)))

    return jax.lax.map(one, (fired, regressors), batch_size=_few())


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
    parts = [jax.device_put(marked(of_split), replicated) for of_split in truth]
    share = _few() * jax.device_count()
    width = -(-CHUNK // share) * share

    def score(chunk: slice):
        """What comes of some filters, on the device, on its way to the host."""
        fired = [
            _Fired.of(of_split, scale, chunk, (width, of.valid.shape[-1]))
            for of_split, of in zip(stimuli, parts, strict=True)
        ]
        with jax.enable_x64(True):
            fitted = _fit_chunk(method)(fired[0], parts[0], geometry)
        aps = (
            _score_chunk(method)(*of_split, geometry)
            for of_split in zip(fired, [fitted] * 2, parts, strict=True)
        )
        results = *aps, fitted.pairs, fitted.weights
        jax.tree.map(lambda array: array.copy_to_host_async(), results)
        return results

    def received(results):
        """Without what was padding, but for filters."""
        count = len(truth[0].valid)
        train, val, pairs, weights = jax.tree.map(lambda array: np.asarray(array)[:, :count], results)
        (*of_train, found_train), (*of_val, found_val) = train, val
        found = (
            f[..., : of.cells.shape[-1]] for f, of in zip((found_train, found_val), stimuli, strict=True)
        )
        return (*of_train, *of_val, *found, pairs, weights)

    chunks, waiting = [], collections.deque()
    for start in range(0, filters, width):
        waiting.append(score(slice(start, start + width)))
        if len(waiting) > _IN_FLIGHT:
            chunks.append(received(waiting.popleft()))
    chunks += map(received, waiting)
    ap_train, ap_train_plain, ap_val, ap_val_plain, found_train, found_val, num_pairs, weights = (
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
    return scores, Found(found_train, found_val)
