"""One convolutional network for every layer table."""

from collections.abc import Mapping

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from partsjax.networks.architectures import Architecture
from partsjax.networks.layers import Conv, MaxPool
from partsjax.networks.operations import convolve, max_pool, normalise

SCORES = "scores"
"""The name under which the class scores, before the softmax, are asked for."""


class Affine(nnx.Module):
    """The kernel and the bias of one layer, float32."""

    def __init__(self, kernel: np.ndarray, bias: np.ndarray):
        self.kernel = nnx.Param(jnp.asarray(kernel, jnp.float32))
        self.bias = nnx.Param(jnp.asarray(bias, jnp.float32))


class ConvNet(nnx.Module):
    """A network built from a layer table.

    The weights are `<layer name>.kernel`, HWIO for a convolution (I being the channels of one
    group) and [in, out] for a fully connected layer, and `<layer name>.bias`; float32 whatever
    the `dtype` of the computation.
    """

    def __init__(
        self, architecture: Architecture, weights: Mapping[str, np.ndarray], *, dtype: str = "float32"
    ):
        """`weights`: name (`conv1/kernel`) -> array, the names and shapes of `weight_shapes`."""
        self.architecture = architecture
        self.dtype = dtype
        for layer in (*architecture.convolutions, *architecture.head):
            setattr(self, layer.name, Affine(weights[f"{layer.name}/kernel"], weights[f"{layer.name}/bias"]))

    def __call__(self, images: jax.Array, layers: tuple[str, ...]) -> dict[str, jax.Array]:
        """Activations of `layers`, computed no further than the deepest of them.

        Args:
          images: float32 [B, S, S, 3], RGB, normalised by the architecture's preprocessing. S may
            differ from the architecture's input size unless the scores are asked for.
          layers: names of convolutions, of fully connected layers, or "scores" (the last fully
            connected layer under its other name).

        Returns:
          Name -> a convolution's activation [B, H, W, F] or a fully connected layer's [B, F],
          after its ReLU where it has one; float32.

        Raises:
          ValueError: a name that this network does not have, or an image of the wrong size for
            the fully connected layers.
        """
        missing = sorted(set(layers) - set(askable(self.architecture)))
        if missing:
            raise ValueError(f"{self.architecture.name} has no layer {', '.join(missing)}")
        wanted = {self._own_name(name) for name in layers}
        found: dict[str, jax.Array] = {}
        x = images.astype(self.dtype)
        for layer in self.architecture.layers:
            if len(found) == len(wanted):
                break
            if isinstance(layer, Conv):
                kernel, bias = self._affine(layer.name)
                x = nnx.relu(convolve(x, kernel, layer) + bias)
                if layer.name in wanted:
                    found[layer.name] = x.astype(jnp.float32)
            else:
                x = max_pool(x, layer) if isinstance(layer, MaxPool) else normalise(x, layer)
        if len(found) < len(wanted):
            self._check_side(images.shape)
            x = x.reshape(x.shape[0], -1)
            for layer in self.architecture.head:
                kernel, bias = self._affine(layer.name)
                x = x @ kernel + bias
                x = nnx.relu(x) if layer.relu else x
                if layer.name in wanted:
                    found[layer.name] = x.astype(jnp.float32)
                if len(found) == len(wanted):
                    break
        return {name: found[self._own_name(name)] for name in layers}

    def _affine(self, name: str) -> tuple[jax.Array, jax.Array]:
        layer = getattr(self, name)
        return layer.kernel.astype(self.dtype), layer.bias.astype(self.dtype)

    def _own_name(self, name: str) -> str:
        return self.architecture.head[-1].name if name == SCORES else name

    def _check_side(self, shape: tuple[int, ...]) -> None:
        side = self.architecture.input_size
        if shape[1:3] != (side, side):
            raise ValueError(
                f"the fully connected layers of {self.architecture.name} need images of "
                f"{side}x{side} pixels, not {shape[1]}x{shape[2]}"
            )


def askable(architecture: Architecture) -> tuple[str, ...]:
    """Every name that a forward pass can be asked for, in forward order."""
    names = tuple(layer.name for layer in (*architecture.convolutions, *architecture.head))
    return (*names, SCORES) if architecture.head else names
