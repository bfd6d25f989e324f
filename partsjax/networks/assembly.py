"""From a table and its weights to the network that the pipeline sees."""

import hashlib

import jax
import numpy as np
from flax import nnx

from partsjax.networks.architectures import Architecture
from partsjax.networks.initial import initial_weights
from partsjax.networks.layers import receptive_fields
from partsjax.networks.model import ConvNet
from partsjax.networks.protocol import Network


def as_network(
    architecture: Architecture,
    weights: dict[str, np.ndarray],
    dtype: str = "float32",
    classes: tuple[str, ...] = (),
    notes: tuple[str, ...] = (),
) -> Network:
    """The network of `architecture` and `weights` as the pipeline sees it.

    Args:
      weights: exactly the names and shapes of `weight_shapes`, float32.
      dtype: of the computation, "float32" or "bfloat16"; weights are kept, and activations
        returned, in float32 either way.
      classes: names of the class scores, where they are known.
      notes: what was assumed about the weights, a line each.

    Its `params` are the module's state; besides the layers of `fields` it can be asked for
    fully connected layers, "class_maps" and "scores" where the architecture has a head.
    """
    graph, state = nnx.split(ConvNet(architecture, weights, dtype=dtype))

    def apply(params, images, layers):
        return nnx.merge(graph, params)(images, tuple(layers))

    def after(params, layer, activation):
        return nnx.merge(graph, params).after(layer, activation)

    return Network(
        name=architecture.name,
        params=state,
        apply=apply,
        fields=receptive_fields(architecture.layers),
        input_size=architecture.input_size,
        preprocessing=architecture.preprocessing,
        default_layers=architecture.default_layers,
        digest=weights_digest(f"{architecture!r} {dtype}", weights),
        classes=tuple(classes),
        after=after if architecture.head else None,
        architecture=architecture,
        untrained=lambda seed: random_network(architecture, seed, dtype),
        notes=tuple(notes),
    )


def random_network(architecture: Architecture, seed: int, dtype: str = "float32") -> Network:
    """The convolutions of `architecture`, in its order and for its input, with He initialisation."""
    table = architecture.headless()
    return as_network(table, initial_weights(table, seed), dtype)


def weights_of(network: Network) -> dict[str, jax.Array]:
    """The weights of a network of ours by name, `conv1/kernel`, ..., as `as_network` took them."""
    table = network.architecture
    return {
        f"{layer.name}/{kind}": network.params[layer.name][kind][...]
        for layer in (*table.convolutions, *table.head)
        for kind in ("kernel", "bias")
    }


def weights_digest(description: str, weights: dict[str, np.ndarray]) -> str:
    """SHA-256 over a description and every weight's name, type, shape and values; hexadecimal."""
    digest = hashlib.sha256(description.encode())
    for name in sorted(weights):
        value = np.ascontiguousarray(weights[name])
        digest.update(f"{name} {value.dtype.str} {value.shape}".encode())
        digest.update(value.view(np.uint8).data if value.ndim else value.tobytes())
    return digest.hexdigest()
