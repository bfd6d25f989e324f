"""Stimuli: where each filter fires on each crop, and how strongly."""

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from partsjax.emergence.method import Method
from partsjax.errors import InputError
from partsjax.networks.activations import activations, shapes
from partsjax.networks.devices import shardings
from partsjax.networks.protocol import Network
from partsjax.ops import local_maxima

FILTERS_HELD = 2048  # whose stimuli are in memory at once, at most, and among which sets are looked for
_MAP_BYTES = 1 << 26  # of the largest activation map of a batch, on processors
_MAP_BYTES_THERE = 1 << 31  # the same on accelerators


@dataclasses.dataclass(frozen=True)
class Stimuli:
    """The strongest local maxima of one layer's F filters on N crops.

    cells: int32 [F, K, N], row * columns + column in the activation map.
    values: float32 [F, 9, K, N], the 3x3 activations around each, 0 outside the map; K
      by descending activation; all 0 where a crop has fewer than K.
    columns: width of the activation map in cells.
    """

    cells: np.ndarray
    values: np.ndarray
    columns: int

    @property
    def scores(self) -> np.ndarray:
        """float32 [F, K, N]: the stimuli's own activations; 0 where there is none."""
        return self.values[:, 4]

    def select(self, keep: np.ndarray) -> "Stimuli":
        """The stimuli of some crops, by bool mask over N."""
        if keep.all():
            return self
        return dataclasses.replace(self, cells=self.cells[..., keep], values=self.values[..., keep])


jax.tree_util.register_dataclass(Stimuli, data_fields=["cells", "values"], meta_fields=["columns"])


def concatenate(pieces: Sequence[Stimuli]) -> Stimuli:
    """Stimuli of several sets of crops as one, in order."""
    return Stimuli(
        cells=np.concatenate([p.cells for p in pieces], axis=-1),
        values=np.concatenate([p.values for p in pieces], axis=-1),
        columns=pieces[0].columns,
    )


def suitable_batch(network: Network) -> int:
    """Crops to take at once: many on an accelerator, on processors few enough for the caches.

    VGG16's forward pass takes 181 ms a crop in batches of 8 and 208 in batches of 32 (two cores),
    AlexNet's is the same from 16 to 64: what counts is the largest activation map.
    """
    maps = shapes(network, tuple(network.fields))
    largest = max(m.size * m.dtype.itemsize for m in maps.values())
    most, room = (32, _MAP_BYTES) if jax.default_backend() == "cpu" else (128, _MAP_BYTES_THERE)
    return min(most, max(4, 2 ** int(math.log2(max(1, room // largest)))))


Reducer = Callable[[jax.Array], Any]
"""What leaves the device of a layer: a function of its activation, float32 [B, H, W, F], to a pytree of
arrays whose last axis is B, traced with the network. It is a frozen dataclass; its fields are all that it
depends on, and enter the key under which its results are kept."""


@dataclasses.dataclass(frozen=True)
class StimulusReducer:
    """The reducer to `Stimuli`; fields as in `Method`.

    Where a filter's map holds NaN or infinity, all its values on that crop are NaN (`require_finite`).
    """

    stimuli: int = Method.stimuli
    stimulus_window: int = Method.stimulus_window

    def __call__(self, activation: jax.Array) -> Stimuli:
        cells, values = local_maxima.strongest(activation, self.stimuli, self.stimulus_window)
        finite = jnp.isfinite(activation).all(axis=(1, 2)).T  # [F, B]
        return Stimuli(cells, jnp.where(finite[:, None, None], values, jnp.nan), activation.shape[2])


def extractor(network: Network, layers: Sequence[str], reducer: Reducer) -> Callable:
    """The compiled step from pixels to what `reducer` makes of each layer: whole maps never leave the device.

    The batch is sharded over all devices, on a mesh axis named `data`.

    Returns:
      `pixels -> {layer: reduced}` of device arrays, for float32 [B, S, S, 3] pixels in [0, 255], B a
      multiple of the number of devices.

    Raises:
      InputError: what the network gives is not what `activations` demands.
    """
    layers = tuple(layers)
    shapes(network, layers)  # what is wrong with the network is found before its weights are moved
    by_crop, replicated = shardings()
    params = jax.device_put(network.params, replicated)

    @jax.jit
    def step(params, pixels):
        maps = activations(network, params, pixels, layers)
        return {layer: reducer(maps[layer]) for layer in layers}

    return lambda pixels: step(params, jax.device_put(pixels, by_crop))


def require_finite(network: Network, layer: str, stimuli: Stimuli, readable: np.ndarray) -> None:
    """Raises `InputError` where a map of the network held NaN or infinity.

    Args:
      stimuli: of a batch, from an `extractor`, on the host; readable: bool [N], the crops that count.
    """
    wrong = np.isnan(stimuli.scores[:, 0][:, readable])
    if wrong.any():
        filters, crops = (int(wrong.any(axis=axis).sum()) for axis in (1, 0))
        raise InputError(
            f"network {network.name}: layer {layer}: activations are NaN or infinite, in {filters} of "
            f"{len(wrong)} filters on {crops} of {wrong.shape[1]} crops of a batch; check its weights and "
            "the input it expects, and in half precision the range of its numbers"
        )
