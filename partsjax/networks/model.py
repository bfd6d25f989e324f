"""One convolutional network for every layer table."""

from collections.abc import Mapping

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from partsjax.networks.architectures import Architecture
from partsjax.networks.layers import Conv, Layer, MaxPool
from partsjax.networks.operations import convolve, convolve_dense, max_pool, normalise

CLASS_SCORES = "scores"
"""The name under which the class scores, before the softmax, are asked for."""
CLASS_MAPS = "class_maps"
"""The name under which the scores at every position of the head are asked for."""
_KEPT = 0.5  # of the units of a hidden dense layer under dropout, as AlexNet was trained


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

    def __call__(
        self, images: jax.Array, layers: tuple[str, ...], *, dropout: jax.Array | None = None
    ) -> dict[str, jax.Array]:
        """Activations of `layers`, computed no further than the deepest of them.

        Args:
          images: float32 [B, S, S, 3], RGB, normalised by the architecture's preprocessing. S may
            differ from the architecture's input size; the head then slides over the larger map.
          layers: names of convolutions, of fully connected layers, "scores" or "class_maps".
          dropout: key of the random numbers of dropout in the hidden fully connected layers; None: none.

        Returns:
          Name -> a convolution's activation [B, H, W, F], or what `head` says; float32.

        Raises:
          ValueError: a name that this network does not have, or an image too small for the fully
            connected layers.
        """
        missing = sorted(set(layers) - set(askable(self.architecture)))
        if missing:
            raise ValueError(f"{self.architecture.name} has no layer {', '.join(missing)}")
        of_head = [name for name in layers if name not in self._convolutions()]
        found: dict[str, jax.Array] = {}
        x = images.astype(self.dtype)
        for layer in self.architecture.layers:
            if len(found) == len(set(layers)):
                break
            x = self._step(layer, x)
            if isinstance(layer, Conv) and layer.name in layers:
                found[layer.name] = x.astype(jnp.float32)
        if of_head:
            found |= self.head(x, tuple(of_head), dropout=dropout)
        return {name: found[name] for name in layers}

    def after(self, layer: str, activation: jax.Array) -> jax.Array:
        """Class scores [B, C], float32, from the activation [B, H, W, F] of a convolution, after its ReLU."""
        table = self.architecture.layers
        place = [step.name if isinstance(step, Conv) else None for step in table].index(layer)
        x = activation.astype(self.dtype)
        for step in table[place + 1 :]:
            x = self._step(step, x)
        return self.head(x, (CLASS_SCORES,))[CLASS_SCORES]

    def head(
        self, features: jax.Array, names: tuple[str, ...], *, dropout: jax.Array | None = None
    ) -> dict[str, jax.Array]:
        """The fully connected part alone.

        Args:
          features: [B, H, W, C], what the last layer of the table puts out, or regions pooled to its size.
          names: of fully connected layers, "scores" or "class_maps".
          dropout: as in `__call__`.

        Returns:
          Name -> float32: "scores" [B, C], the maximum or mean of "class_maps" [B, h, w, C] over the h x w
          positions; a fully connected layer's output, after its ReLU where it has one, [B, h, w, F], or
          [B, F] where the head sees the whole map at once.

        Raises:
          ValueError: the map is smaller than what the head sees at once.
        """
        architecture, x, found = self.architecture, features.astype(self.dtype), {}
        self._check_side(x.shape)
        for i, layer in enumerate(architecture.head):
            if {*names} <= {*found}:
                break
            kernel, bias = self._affine(layer.name)
            x = convolve_dense(x, kernel, architecture.head_side if i == 0 else 1) + bias
            if layer.relu:
                x = nnx.relu(x)
                if dropout is not None:
                    kept = jax.random.bernoulli(jax.random.fold_in(dropout, i), _KEPT, x.shape)
                    x = jnp.where(kept, x / _KEPT, 0)
            whole = architecture.window is None and x.shape[1:3] == (1, 1)
            found[layer.name] = (x[:, 0, 0] if whole else x).astype(jnp.float32)
        maps = x.astype(jnp.float32)
        found[CLASS_MAPS] = maps
        if CLASS_SCORES in names:
            found[CLASS_SCORES] = maps.mean((1, 2)) if architecture.pooling == "mean" else maps.max((1, 2))
        return {name: found[name] for name in names}

    def _step(self, layer: Layer, x: jax.Array) -> jax.Array:
        if isinstance(layer, Conv):
            kernel, bias = self._affine(layer.name)
            return nnx.relu(convolve(x, kernel, layer) + bias)
        return max_pool(x, layer) if isinstance(layer, MaxPool) else normalise(x, layer)

    def _affine(self, name: str) -> tuple[jax.Array, jax.Array]:
        layer = getattr(self, name)
        return layer.kernel.astype(self.dtype), layer.bias.astype(self.dtype)

    def _convolutions(self) -> set[str]:
        return {layer.name for layer in self.architecture.convolutions}

    def _check_side(self, shape: tuple[int, ...]) -> None:
        side = self.architecture.head_side
        if min(shape[1:3]) < side:
            raise ValueError(
                f"the fully connected layers of {self.architecture.name} need maps of {side}x{side} cells, "
                f"not {shape[1]}x{shape[2]}: larger images"
            )


def askable(architecture: Architecture) -> tuple[str, ...]:
    """Every name that a forward pass can be asked for, in forward order."""
    names = [layer.name for layer in (*architecture.convolutions, *architecture.head)]
    return tuple(dict.fromkeys([*names, CLASS_MAPS, CLASS_SCORES] if architecture.head else names))
