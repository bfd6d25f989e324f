"""From a table and its weights to the network that the pipeline sees."""

import hashlib

import numpy as np
from flax import nnx

from partsjax.networks.architectures import Architecture
from partsjax.networks.layers import receptive_fields
from partsjax.networks.model import ConvNet
from partsjax.networks.protocol import Network


def as_network(architecture: Architecture, weights: dict[str, np.ndarray], dtype: str = "float32") -> Network:
    """The network of `architecture` and `weights` as the pipeline sees it.

    Args:
      weights: exactly the names and shapes of `weight_shapes`, float32.
      dtype: of the computation, "float32" or "bfloat16"; weights are kept, and activations
        returned, in float32 either way.

    Its `params` are the module's state; besides the layers of `fields` it can be asked for
    fully connected layers and "scores" where the architecture has a head.
    """
    graph, state = nnx.split(ConvNet(architecture, weights, dtype=dtype))

    def apply(params, images, layers):
        return nnx.merge(graph, params)(images, tuple(layers))

    return Network(
        name=architecture.name,
        params=state,
        apply=apply,
        fields=receptive_fields(architecture.layers),
        input_size=architecture.input_size,
        preprocessing=architecture.preprocessing,
        default_layers=architecture.default_layers,
        digest=weights_digest(f"{architecture!r} {dtype}", weights),
    )


def weights_digest(description: str, weights: dict[str, np.ndarray]) -> str:
    """SHA-256 over a description and every weight's name, type, shape and values; hexadecimal."""
    digest = hashlib.sha256(description.encode())
    for name in sorted(weights):
        value = np.ascontiguousarray(weights[name])
        digest.update(f"{name} {value.dtype.str} {value.shape}".encode())
        digest.update(value.view(np.uint8).data if value.ndim else value.tobytes())
    return digest.hexdigest()
