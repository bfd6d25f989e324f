"""Two passes of a network over the crops of a class, shared by all that needs both; no map is kept.

The first is over train, and something is found of it. The second is over train and val, with what was found.
"""

import collections
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import jax
import numpy as np

from partsjax.data.crops import Crops
from partsjax.data.pipeline import batches
from partsjax.emergence.iou import intersections, part_planes, upsampling
from partsjax.networks.activations import activations
from partsjax.networks.devices import over_devices, shardings
from partsjax.runs.context import Context
from partsjax.runs.network_stages import NetworkStages

Maps = Mapping[str, jax.ShapeDtypeStruct]  # of layers, as `activations.shapes` gives them
_IN_FLIGHT = 1  # batches the device works on while the host adds up


class ActivePixels(NamedTuple):
    """What a batch adds to the IoU of F filters with P parts.

    within: int64 [F, 1 + P], pixels on which each filter is active: all, and those that show each part.
    shown: int64 [P], pixels that show each part.
    """

    within: np.ndarray
    shown: np.ndarray


class LayerPasses(Protocol):
    """What is made of one layer's maps of a class's crops. Called in this order; nothing given is kept."""

    layer: str

    def first(self, index: np.ndarray, activation: np.ndarray) -> None:
        """Of train. index: int [B], which crops; activation: float32 [F, H, W, B], a view of [B, H, W, F]."""

    def fit(self) -> np.ndarray | None:
        """After the first pass: what the second is to be of. None: of maps again; float32 [F], the activation
        from which each filter is active: of `ActivePixels`."""

    def second(self, split: int, made: "np.ndarray | ActivePixels") -> None:
        """Of train (0), then of val (1); made: as `fit` asked for."""

    def result(self) -> Any:
        """After the second pass."""


class MapPasses:
    """Passes of one network; compiled once for each choice of layers, whatever the class."""

    def __init__(self, of: NetworkStages, maps: Maps, context: Context):
        self._network, self._threads = of.network, context.threads
        devices = jax.device_count()
        self._batch_size = -(-of.batch_size // devices) * devices
        self._planes = 1 + max(len(train.crops.parts) for train, _ in of.by_class.values())
        self._step = self._compiled(maps)

    def run(
        self,
        those: Sequence[LayerPasses],
        train: Crops,
        val: Crops,
        advance: Callable[[int], None],
    ) -> list[Any]:
        """The results of each; advance: crops done, of those of train twice and those of val."""
        for index, maps, _ in self._over(train, [one.layer for one in those], {}):
            for one in those:
                one.first(index, maps[one.layer])
            advance(len(index))
        found = [one.fit() for one in those]
        counted = {one.layer: of for one, of in zip(those, found, strict=True) if of is not None}
        mapped = [one.layer for one, of in zip(those, found, strict=True) if of is None]
        for split, crops in enumerate((train, val)):
            for index, maps, active in self._over(crops, mapped, counted):
                for one, of in zip(those, found, strict=True):
                    one.second(split, maps[one.layer] if of is None else active[one.layer])
                advance(len(index))
        return [one.result() for one in those]

    def _over(
        self, crops: Crops, mapped: Sequence[str], counted: Mapping[str, np.ndarray]
    ) -> Iterator[tuple[np.ndarray, dict[str, np.ndarray], dict[str, ActivePixels]]]:
        """By batch: which crops, the maps of some layers, and of others where their filters are active.

        counted: by layer, the activation from which they are.
        """
        waiting, mapped = collections.deque(), tuple(dict.fromkeys(mapped))

        def received():
            index, shown, (maps, within) = waiting.popleft()
            active = {
                layer: ActivePixels(
                    np.asarray(of).sum(axis=0, dtype=np.int64)[:, : 1 + len(crops.parts)], shown
                )
                for layer, of in within.items()
            }
            there = {layer: np.asarray(of)[: len(index)] for layer, of in maps.items()}
            return index, {layer: of.transpose(3, 1, 2, 0) for layer, of in there.items()}, active

        shards = [np.arange(len(crops))] if len(crops) else []
        fill = self._network.preprocessing.mean
        for batch in batches(crops, shards, self._batch_size, fill, threads=self._threads):
            planes = shown = None
            if counted:
                planes = part_planes(crops, batch.index, self._batch_size, self._planes)
                shown = planes[:, 1 : 1 + len(crops.parts)].sum(axis=(0, 2, 3), dtype=np.int64)
            waiting.append((batch.index, shown, self._step(mapped, counted, batch.pixels, planes)))
            if len(waiting) > _IN_FLIGHT:
                yield received()
        while waiting:
            yield received()

    def _compiled(self, maps: Maps) -> Callable:
        """`(mapped, counted, pixels, planes) -> ({layer: maps}, {layer: intersections by device})`."""
        by_crop, replicated = shardings()
        network, params = self._network, jax.device_put(self._network.params, replicated)
        across = {
            layer: upsampling(network.fields[layer], of.shape[1], network.input_size)
            for layer, of in maps.items()
        }
        intersected = over_devices(intersections, split=2)

        def step(mapped, params, thresholds, pixels, planes):
            found = activations(network, params, pixels, tuple(dict.fromkeys((*mapped, *thresholds))))
            return (
                {layer: found[layer] for layer in mapped},
                {
                    layer: intersected(found[layer], planes, of, across[layer])
                    for layer, of in thresholds.items()
                },
            )

        compiled = jax.jit(step, static_argnums=0)
        return lambda mapped, counted, *batch: compiled(
            mapped, params, dict(counted), *jax.device_put(batch, by_crop)
        )
