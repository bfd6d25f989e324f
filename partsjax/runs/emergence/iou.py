"""The stage of Network Dissection's criterion: the network runs twice more over the crops of each class.

First over those of train, for the activation from which each filter is active; then over both splits, for the
pixels on which it is, and the parts. Kept by class and layer; no map is.
"""

import collections
import dataclasses
import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jax
import numpy as np

from partsjax.data.crops import Crops
from partsjax.data.pipeline import CropBatch, batches
from partsjax.emergence.iou import CellReducer, FilterIou, Thresholds, intersections, part_planes, upsampling
from partsjax.emergence.stimuli import extractor
from partsjax.networks.activations import activations, shapes
from partsjax.networks.devices import over_devices, shardings
from partsjax.runs import stages
from partsjax.runs.context import Context
from partsjax.runs.memory import Memory
from partsjax.runs.network_stages import NetworkStages
from partsjax.runs.records import packed, unpacked
from partsjax.runs.stimulus_stage import StimulusStage


def measured_iou(
    name: str, of: NetworkStages, layers: Sequence[str], context: Context
) -> dict[tuple[str, str], FilterIou]:
    """By (layer, class), of a network whose crops were run.

    name: of the folder of its stages.

    Raises:
      InputError: the memory budget is too small.
    """
    cache = context.cache / name
    entries = {
        (layer, object_class): (cache / object_class).entry(layer, _key(of, layer, pair))
        for layer in layers
        for object_class, pair in of.by_class.items()
    }
    found = {
        names: None if (kept := entry.found()) is None else unpacked(FilterIou, kept)
        for names, entry in entries.items()
    }
    lacking = collections.defaultdict(list)
    for layer, object_class in (names for names, iou in found.items() if iou is None):
        lacking[object_class].append(layer)
    pairs = {name: [stage.readable_crops() for stage in of.by_class[name]] for name in lacking}
    planes = 1 + max((len(train.parts) for train, _ in pairs.values()), default=0)
    measuring = {layers: _Measuring(of, layers, planes, context) for layers in map(tuple, lacking.values())}
    with context.progress({"crops": sum(2 * len(train) + len(val) for train, val in pairs.values())}) as show:
        for object_class, pair in pairs.items():
            those = measuring[tuple(lacking[object_class])]
            new = those.run(*pair, lambda count, c=object_class: show("crops", count, f"{c}: IoU"))
            for layer, iou in new.items():
                entries[layer, object_class].save(packed(iou))
                found[layer, object_class] = iou
    return found


def require_iou_room(of: NetworkStages, layers: Sequence[str], memory: Memory) -> None:
    """Raises `InputError` where memory is too small for `measured_iou`."""
    for train, _ in of.by_class.values():
        memory.require(*_need(of, layers, train.crops))


def _need(of: NetworkStages, layers: Sequence[str], train: Crops) -> tuple[int, str]:
    """Bytes of the host: what thresholds take, two batches of maps, and where parts are; and what for."""
    maps = [one.shape[1:] for one in shapes(of.network, tuple(layers)).values()]
    kept = sum(Thresholds.bytes(f, len(train) * height * width) for height, width, f in maps)
    batch = sum(4 * height * width * f for height, width, f in maps) + (1 + len(train.parts)) * train.size**2
    return kept + 2 * of.batch_size * batch, f"IoU on {len(train)} crops of {train.object_class}"


def _key(of: NetworkStages, layer: str, pair: Sequence[StimulusStage]) -> str:
    return stages.key(
        __name__,
        stage="iou",
        stimuli=[stage.keys[layer] for stage in pair],
        readable=[np.flatnonzero(stage.readable()[0]).tolist() for stage in pair],
        parts=[pair[0].crops.parts, *(_pixels_digest(stage.crops) for stage in pair)],
        field=dataclasses.astuple(of.network.fields[layer]),
    )


def _pixels_digest(crops: Crops) -> str:
    """Of all that decides which pixels of the crops show parts, but for the objects' boxes."""
    digest = hashlib.sha256()
    for found in crops.objects:
        digest.update(repr([(p.name, p.box, p.mask is not None) for p in found.parts]).encode())
        for part in found.parts:
            digest.update(part.mask or b"")
    return digest.hexdigest()


class _Measuring:
    """Some layers of a network, on the crops of a class. planes: as for `part_planes`."""

    def __init__(self, of: NetworkStages, layers: tuple[str, ...], planes: int, context: Context):
        self._of, self._network, self._layers = of, of.network, layers
        self._planes, self._context = planes, context
        devices = jax.device_count()
        self._batch_size = -(-of.batch_size // devices) * devices
        self._maps = shapes(of.network, layers)
        self._cells = extractor(of.network, layers, CellReducer())
        self._counter = self._compiled_counter()

    def run(self, train: Crops, val: Crops, advance: Callable[[int], None]) -> dict[str, FilterIou]:
        """By layer; nothing is known where there is no crop of train."""
        if not len(train):
            advance(len(val))
            return {layer: self._unknown(layer, len(train.parts)) for layer in self._layers}
        with self._context.memory.held(*_need(self._of, self._layers, train)):
            thresholds = self._thresholds(train, advance)
        counted = [self._counted(crops, thresholds, advance) for crops in (train, val)]
        return {
            layer: FilterIou(thresholds[layer], *(of_split[layer] for of_split in counted))
            for layer in self._layers
        }

    def _unknown(self, layer: str, parts: int) -> FilterIou:
        filters = self._maps[layer].shape[3]
        unknown = np.full((filters, parts), np.nan, np.float32)
        return FilterIou(np.full(filters, np.nan, np.float32), unknown, unknown)

    def _thresholds(self, train: Crops, advance: Callable[[int], None]) -> dict[str, np.ndarray]:
        found = {}
        for layer, of in self._maps.items():
            _, height, width, filters = of.shape
            found[layer] = Thresholds(filters, len(train) * height * width)
        for batch, cells in self._reduced(train, lambda batch: self._cells(batch.pixels)):
            for layer, of_layer in cells.items():
                there = np.asarray(of_layer)[..., : len(batch.index)]
                found[layer].add(there.reshape(len(there), -1))
            advance(len(batch.index))
        return {layer: of.values() for layer, of in found.items()}

    def _counted(
        self, crops: Crops, thresholds: dict[str, np.ndarray], advance: Callable[[int], None]
    ) -> dict[str, np.ndarray]:
        """IoU of each layer's filters with the class's parts."""
        parts = len(crops.parts)
        both = {layer: np.zeros((len(of), 1 + parts), np.int64) for layer, of in thresholds.items()}
        shown = np.zeros(parts, np.int64)

        def begun(batch: CropBatch):
            planes = part_planes(crops, batch.index, self._batch_size, self._planes)
            of_parts = planes[:, 1 : 1 + parts].sum(axis=(0, 2, 3), dtype=np.int64)
            return of_parts, self._counter(thresholds, batch.pixels, planes)

        for batch, (of_parts, counts) in self._reduced(crops, begun):
            shown += of_parts
            for layer, of_layer in counts.items():
                both[layer] += np.asarray(of_layer).sum(axis=0, dtype=np.int64)[:, : 1 + parts]
            advance(len(batch.index))
        return {layer: FilterIou.of_counts(of_layer, shown) for layer, of_layer in both.items()}

    def _compiled_counter(self) -> Callable[[dict[str, np.ndarray], np.ndarray, np.ndarray], Any]:
        """`(thresholds, pixels, planes) -> {layer: intersections}`, by device."""
        by_crop, replicated = shardings()
        size, given = self._network.input_size, jax.device_put(self._network.params, replicated)
        across = {
            layer: upsampling(self._network.fields[layer], of.shape[1], size)
            for layer, of in self._maps.items()
        }
        counted = over_devices(intersections, split=2)

        @jax.jit
        def step(params, thresholds, pixels, planes):
            maps = activations(self._network, params, pixels, self._layers)
            return {
                layer: counted(maps[layer], planes, thresholds[layer], across[layer])
                for layer in self._layers
            }

        return lambda thresholds, *batch: step(given, thresholds, *jax.device_put(batch, by_crop))

    def _reduced(self, crops: Crops, begin: Callable[[CropBatch], Any]) -> Iterator[tuple[CropBatch, Any]]:
        """Each batch with what the device makes of it, which works on the next meanwhile."""
        if not len(crops):
            return
        waiting: collections.deque[tuple[CropBatch, Any]] = collections.deque()
        fill, threads = self._network.preprocessing.mean, self._context.threads
        for batch in batches(crops, [np.arange(len(crops))], self._batch_size, fill, threads=threads):
            waiting.append((batch, begin(batch)))
            if len(waiting) > 1:
                yield waiting.popleft()
        yield from waiting
