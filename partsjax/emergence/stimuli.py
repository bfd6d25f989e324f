"""Stimuli: where each filter fires on each crop, and how strongly."""

import dataclasses
import functools
import math
from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
import numpy as np

from partsjax.emergence.method import Method
from partsjax.networks.devices import shardings
from partsjax.networks.protocol import Network
from partsjax.ops import peaks

_MAP_BYTES = 1 << 26  # of the largest activation map of a batch, on processors


@dataclasses.dataclass(frozen=True)
class Stimuli:
    """The strongest local maxima of one layer's F filters on N crops.

    cells: int32 [F, K, N], row * columns + column in the activation map.
    values: float32 [F, 9, K, N], the 3x3 activations around each, 0 outside the map; K in order
      of falling activation; all 0 where a crop has fewer than K.
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
    if jax.default_backend() != "cpu":
        return 128
    size = network.input_size
    image = jax.ShapeDtypeStruct((1, size, size, 3), jnp.float32)
    layers = tuple(network.fields)
    maps = jax.eval_shape(lambda p, x: network.apply(p, x, layers), network.params, image)
    largest = max(m.size * m.dtype.itemsize for m in maps.values())
    return min(32, max(4, 2 ** int(math.log2(max(1, _MAP_BYTES // largest)))))


def extractor(network: Network, layers: Sequence[str], method: Method) -> Callable:
    """The compiled step from pixels to stimuli: only they leave the device, never whole maps.

    The batch is sharded over all devices, on a mesh axis named `data`.

    Returns:
      `pixels -> {layer: Stimuli}` of device arrays, for float32 [B, S, S, 3] pixels in [0, 255], B a
      multiple of the number of devices.
    """
    by_crop, everywhere = shardings()
    params = jax.device_put(network.params, everywhere)
    mean, std = (np.array(v, np.float32) for v in (network.preprocessing.mean, network.preprocessing.std))

    @jax.jit
    def step(params, pixels):
        activations = network.apply(params, (pixels - mean) / std, tuple(layers))
        return {
            layer: peaks.strongest(activations[layer].astype(jnp.float32), method.stimuli, method.peak_window)
            for layer in layers
        }

    @functools.cache
    def columns(shape) -> dict[str, int]:
        outputs = jax.eval_shape(lambda p, x: network.apply(p, x, tuple(layers)), params, shape)
        return {layer: outputs[layer].shape[2] for layer in layers}

    def extract(pixels):
        width = columns(jax.ShapeDtypeStruct(pixels.shape, jnp.float32))
        found = step(params, jax.device_put(pixels, by_crop))
        return {layer: Stimuli(*found[layer], width[layer]) for layer in layers}

    return extract
