"""A network shown a class's crops, batch by batch: which of them excite each filter most."""

import collections
import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jax
import numpy as np

from partsjax.data.crops import Crops
from partsjax.data.pipeline import CropBatch, batches
from partsjax.emergence.stimuli import Reducer, extractor, suitable_batch
from partsjax.judging.choosing import TopCrops, top_crops
from partsjax.networks.protocol import Network
from partsjax.runs.context import Context
from partsjax.runs.judging.source import ClassCrops

Unit = tuple[str, str]  # layer and class


@dataclasses.dataclass(frozen=True)
class Reduced:
    """A batch of one split's crops, and what became of it.

    crops: of the split; first: how many crops of the class come before them.
    reduced: by layer, on the host; the last axis is the batch.
    """

    crops: Crops
    first: int
    batch: CropBatch
    reduced: Mapping[str, np.ndarray]


class Shower:
    """Shows a network's layers crops; what leaves the device is what a reducer makes of each activation."""

    def __init__(self, network: Network, layers: tuple[str, ...], reducer: Reducer, context: Context):
        devices = jax.device_count()
        self._batch_size = -(-(context.batch_size or suitable_batch(network)) // devices) * devices
        self._extract = extractor(network, layers, reducer)
        self._fill, self._context = network.preprocessing.mean, context

    def show(self, of_class: ClassCrops, wanted: np.ndarray) -> Iterator[Reduced]:
        """wanted: bool, which of the class's crops, counted over both splits, are shown."""
        first = 0
        for crops in of_class.pairs:
            numbers = np.flatnonzero(wanted[first : first + len(crops)])
            waiting: collections.deque[Callable[[], Reduced]] = collections.deque()  # the device is one ahead
            for batch in batches(
                crops,
                [numbers] if len(numbers) else [],
                self._batch_size,
                self._fill,
                threads=self._context.threads,
                skip_bad=self._context.skip_bad,
            ):
                waiting.append(_received(crops, first, batch, self._extract(batch.pixels)))
                if len(waiting) > 1:
                    yield waiting.popleft()()
            while waiting:
                yield waiting.popleft()()
            first += len(crops)


def _received(crops: Crops, first: int, batch: CropBatch, found: Mapping[str, Any]) -> Callable[[], Reduced]:
    return lambda: Reduced(
        crops, first, batch, {layer: np.asarray(values) for layer, values in found.items()}
    )


@dataclasses.dataclass(frozen=True)
class _Highest:
    """The reducer to each filter's highest activation: [F, B]."""

    def __call__(self, activation: jax.Array) -> jax.Array:
        return activation.max(axis=(1, 2)).T


def all_top_crops(
    network: Network, crops: Mapping[str, ClassCrops], filters: Mapping[Unit, np.ndarray], context: Context
) -> dict[Unit, TopCrops]:
    """Of each layer and class the top crops of some filters, int [F]; crops are counted over both splits."""
    layers = tuple(dict.fromkeys(layer for layer, _ in filters))
    shower, found = Shower(network, layers, _Highest(), context), {}
    with context.progress({"crops": sum(len(of.images) for of in crops.values())}) as advance:
        for name, of_class in crops.items():
            count = len(of_class.images)
            highest = {layer: np.zeros((len(filters[layer, name]), count), np.float32) for layer in layers}
            for seen in shower.show(of_class, np.ones(count, bool)):
                readable = np.flatnonzero(seen.batch.readable)
                for layer, values in seen.reduced.items():
                    of_those = values[np.ix_(filters[layer, name], readable)]
                    highest[layer][:, seen.first + seen.batch.index[readable]] = of_those
                advance("crops", len(seen.batch.index), f"{name} {seen.crops.split}: network")
            image = np.array(of_class.images)
            found |= {(layer, name): top_crops(of, image) for layer, of in highest.items()}
    return {unit: found[unit] for unit in filters}
