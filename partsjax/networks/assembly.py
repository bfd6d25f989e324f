"""From a table and its weights to the network that the pipeline sees."""

import functools
import hashlib

import numpy as np
from flax import nnx

from partsjax.networks.architectures import Architecture
from partsjax.networks.geometry import receptive_fields
from partsjax.networks.initial import initial_weights
from partsjax.networks.model import ConvNet
from partsjax.networks.modules import ModuleNetwork, with_values
from partsjax.networks.protocol import Network, ReceptiveField


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
    graph, abstract, fields = _split(architecture, dtype)
    state = with_values(abstract, weights)

    def apply(params, images, layers):
        return nnx.merge(graph, params)(images, tuple(layers))

    def after(params, layer, activation):
        return nnx.merge(graph, params).after(layer, activation)

    return ModuleNetwork(
        name=architecture.name,
        params=state,
        apply=apply,
        fields=fields,
        input_size=architecture.input_size,
        preprocessing=architecture.preprocessing,
        default_layers=architecture.default_layers,
        digest=weights_digest(f"{architecture!r} {dtype}", weights),
        classes=tuple(classes),
        after=after if architecture.head else None,
        untrained=lambda seed: random_network(architecture, seed, dtype),
        notes=tuple(notes),
        graph=graph,
    )


def random_network(architecture: Architecture, seed: int, dtype: str = "float32") -> Network:
    """The convolutions of `architecture`, in its order and for its input, with He initialization."""
    table = architecture.headless()
    return as_network(table, initial_weights(table, seed), dtype)


@functools.cache
def _split(
    architecture: Architecture, dtype: str
) -> tuple[nnx.GraphDef, nnx.State, dict[str, ReceptiveField]]:
    """The module of `architecture`, split, and its fields; its state is abstract: nothing is drawn."""
    graph, state = nnx.split(nnx.eval_shape(lambda: ConvNet(architecture, dtype=dtype, rngs=nnx.Rngs(0))))

    def apply(params, images, layers):
        return nnx.merge(graph, params)(images, layers)

    names = [layer.name for layer in architecture.convolutions]
    fields, _ = receptive_fields(architecture.name, apply, state, names, architecture.input_size)
    return graph, state, fields


def weights_digest(description: str, weights: dict[str, np.ndarray]) -> str:
    """SHA-256 over a description and every weight's name, type, shape and values; hexadecimal."""
    digest = hashlib.sha256(description.encode())
    for name in sorted(weights):
        value = np.ascontiguousarray(weights[name])
        digest.update(f"{name} {value.dtype.str} {value.shape}".encode())
        digest.update(value.view(np.uint8).data if value.ndim else value.tobytes())
    return digest.hexdigest()
