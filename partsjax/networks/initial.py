"""The weights a network needs, and their values before any training."""

import math
from collections.abc import Mapping

import numpy as np

from partsjax.networks.architectures import Architecture
from partsjax.networks.model import head_table


def weight_shapes(architecture: Architecture) -> dict[str, tuple[int, ...]]:
    """Shape of every weight, by name: `conv1/kernel`, `conv1/bias`, ..., in forward order."""
    shapes: dict[str, tuple[int, ...]] = {}
    channels = 3
    for layer in architecture.convolutions:
        shapes[f"{layer.name}/kernel"] = (
            layer.kernel,
            layer.kernel,
            channels // layer.groups,
            layer.features,
        )
        shapes[f"{layer.name}/bias"] = (layer.features,)
        channels = layer.features
    return shapes | head_table(architecture).shapes()


def initial_weights(architecture: Architecture, seed: int) -> dict[str, np.ndarray]:
    """He initialization of all weights of `architecture`; see `he_weights`."""
    return he_weights(weight_shapes(architecture), seed)


def he_weights(shapes: Mapping[str, tuple[int, ...]], seed: int) -> dict[str, np.ndarray]:
    """He initialization: kernels normal with variance 2 / fan-in, biases zero; float32.

    Drawn by NumPy from `seed`, one stream a layer, so that the weights are the same on every
    device and a network without its head has the same convolutions as one with it. (He et al.
    2015, equation 10; that the untrained control uses it is our choice.)
    """
    weights = {}
    for index, (name, shape) in enumerate(shapes.items()):
        if name.endswith("bias"):
            weights[name] = np.zeros(shape, np.float32)
        else:
            draws = np.random.default_rng((seed, index)).standard_normal(shape, np.float32)
            weights[name] = draws * np.float32(math.sqrt(2 / math.prod(shape[:-1])))
    return weights
