"""The stage of Network Dissection's criterion, on a class's crops."""

import dataclasses
import functools
import hashlib
from collections.abc import Sequence

import numpy as np

from partsjax.data.crops import Crops
from partsjax.emergence.ground import Ground
from partsjax.emergence.iou import FilterIou, Thresholds
from partsjax.networks.activations import shapes
from partsjax.runs import stages
from partsjax.runs.emergence import map_passes
from partsjax.runs.emergence.map_passes import ActivePixels, Maps
from partsjax.runs.memory import Memory
from partsjax.runs.network_stages import NetworkStages


def require_iou_room(of: NetworkStages, layers: Sequence[str], memory: Memory) -> None:
    """Raises `InputError` where memory is too small for the IoU of any of the layers."""
    for layer, of_layer in shapes(of.network, tuple(layers)).items():
        for train, _ in of.by_class.values():
            crops = train.crops
            need = _bytes(of_layer.shape, crops, of.batch_size)
            memory.require(need, f"IoU of {layer} on {len(crops)} crops of {crops.object_class}")


def _bytes(of_map: Sequence[int], train: Crops, batch_size: int) -> int:
    """Of the host: what thresholds take, two batches of maps, and where parts are."""
    _, height, width, filters = of_map
    kept = Thresholds.bytes(filters, len(train) * height * width)
    return kept + 2 * batch_size * (4 * height * width * filters + (1 + len(train.parts)) * train.size**2)


class IouStage:
    """IoU of a network's filters with parts, kept in `cache` by class and layer."""

    said, record = "IoU", FilterIou

    def __init__(self, of: NetworkStages, maps: Maps, cache: stages.Cache):
        self._of, self._maps, self._cache = of, maps, cache

    def entry(self, layer: str, ground: Ground) -> stages.Entry:
        """Where the IoU of a layer is kept."""
        object_class = ground.train.object_class
        key = stages.key(
            __name__,
            map_passes.__name__,
            stage="iou",
            stimuli=[stage.keys[layer] for stage in self._of.by_class[object_class]],
            parts=self._parts[object_class],
            field=dataclasses.astuple(self._of.network.fields[layer]),
        )
        return (self._cache / object_class).entry(layer, key)

    @functools.cached_property
    def _parts(self) -> dict[str, list]:
        """By class, all that decides which pixels of its crops show parts, but for the objects' boxes."""
        return {
            name: [
                pair[0].crops.parts,
                *(np.flatnonzero(stage.readable()[0]).tolist() for stage in pair),
                *(_pixels_digest(stage.crops) for stage in pair),
            ]
            for name, pair in self._of.by_class.items()
        }

    def need(self, layer: str, ground: Ground) -> int:
        """Bytes."""
        return _bytes(self._maps[layer].shape, ground.train, self._of.batch_size)

    def begin(self, layer: str, ground: Ground) -> "_Passes":
        """Of a layer over a class's crops."""
        return _Passes(layer, self._maps[layer].shape, ground)


class _Passes:
    """`LayerPasses` to `FilterIou`: the first is for the thresholds, the second counts pixels.

    Nothing is known where there is no crop of train.
    """

    def __init__(self, layer: str, of_map: Sequence[int], ground: Ground):
        _, height, width, filters = of_map
        train, parts = len(ground.train), len(ground.train.parts)
        self.layer = layer
        self._thresholds: np.ndarray | None = None if train else np.full(filters, np.nan, np.float32)
        self._cells: Thresholds | None = Thresholds(filters, train * height * width) if train else None
        self._within = np.zeros((2, filters, 1 + parts), np.int64)
        self._shown = np.zeros((2, parts), np.int64)

    def first(self, index: np.ndarray, activation: np.ndarray) -> None:
        self._cells.add(activation.transpose(0, 3, 1, 2).reshape(len(activation), -1))  # both are views

    def fit(self) -> np.ndarray:
        if self._cells is not None:
            self._thresholds, self._cells = self._cells.values(), None
        return self._thresholds

    def second(self, split: int, pixels: ActivePixels) -> None:
        self._within[split] += pixels.within
        self._shown[split] += pixels.shown

    def result(self) -> FilterIou:
        both = map(FilterIou.of_counts, self._within, self._shown)
        known = ~np.isnan(self._thresholds)[:, None]
        return FilterIou(self._thresholds, *(np.where(known, iou, np.float32(np.nan)) for iou in both))


def _pixels_digest(crops: Crops) -> str:
    digest = hashlib.sha256()
    for found in crops.objects:
        digest.update(repr([(p.name, p.box, p.mask is not None) for p in found.parts]).encode())
        for part in found.parts:
            digest.update(part.mask or b"")
    return digest.hexdigest()
