"""Every objective on a tiny network, with random parameters and batches."""

import jax.numpy as jnp
import numpy as np
from flax import nnx

from partsjax.networks import Architecture, Preprocessing, as_network
from partsjax.networks.heads import head_for
from partsjax.networks.initial import initial_weights
from partsjax.networks.layers import Conv, Dense, MaxPool
from partsjax.networks.modules import named
from partsjax.supervision.objectives import OBJECTIVES

SIDE, CLASSES = 32, 3
LAYERS = (
    Conv("conv1", 6, kernel=3, stride=2, pad=1),
    MaxPool(2, 2),
    Conv("conv2", 8, kernel=3, pad=1),
    MaxPool(2, 2),
)
HEADLESS = Architecture("tiny", LAYERS, (), SIDE, Preprocessing((0.0,) * 3, (1.0,) * 3), ("conv2",))
WITH_HEAD = Architecture(
    "tiny",
    LAYERS,
    (Dense("fc6", 12), Dense("fc7", 10), Dense("fc8", 7, relu=False)),
    SIDE,
    HEADLESS.preprocessing,
    ("conv2",),
)
NAMES = tuple(OBJECTIVES)


def start(name: str, base: Architecture = HEADLESS, seed: int = 0, dtype: str = "float32"):
    """The objective, and a network for it with random parameters."""
    objective = OBJECTIVES[name]
    architecture = head_for(base, name, objective.scores(CLASSES))
    weights = initial_weights(architecture, seed)
    # Biases that are zero would hide a forgotten one.
    random = np.random.default_rng(seed)
    for key in weights:
        if key.endswith("bias"):
            weights[key] = random.normal(0, 0.1, weights[key].shape).astype(np.float32)
    network = as_network(architecture, weights, dtype).module()
    objective.extend(network, seed)
    if name == "wsddn":
        network.detection.bias[...] = jnp.asarray(random.normal(0, 0.1, CLASSES), jnp.float32)
    return objective, network


def batch_for(name: str, images: int = 4, windows: int = 5, seed: int = 1) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    batch = {"images": random.standard_normal((images, SIDE, SIDE, 3)).astype(np.float32)}
    if name == "object":
        return batch | {"labels": random.integers(0, CLASSES + 1, images).astype(np.int32)}
    batch["labels"] = random.random((images, CLASSES)) < 0.4
    if name == "wsddn":
        corners = np.sort(random.random((images, windows, 2, 2)), axis=2).astype(np.float32)
        batch["windows"] = corners.reshape(images, windows, 4)
        batch["valid"] = random.random((images, windows)) < 0.7
        batch["valid"][:, 0] = True
    return batch


def activation(network, batch, layer: str = "conv2") -> np.ndarray:
    return np.asarray(network(jnp.asarray(batch["images"]), (layer,))[layer])


def parameters(network) -> dict[str, np.ndarray]:
    """By name, `conv1/kernel`, ..."""
    return {name: np.asarray(value) for name, value in named(nnx.state(network)).items()}


@nnx.jit(static_argnames=("objective",))
def _losses(network, batch, key, objective):
    return objective.losses(network, batch, key)


def losses(objective, network, batch, key=None) -> np.ndarray:
    """float32 [B]; compiled once an objective, network and size of batch."""
    return np.asarray(_losses(network, batch, key, objective))
