"""One convolutional network for every layer table, as a Flax NNX module."""

import dataclasses

import jax
import jax.numpy as jnp
from flax import nnx

from partsjax.networks.architectures import ARCHITECTURES, Architecture
from partsjax.networks.heads import CLASS_MAPS, CLASS_SCORES, Classifier, HeadTable, head_for
from partsjax.networks.layers import Conv, Layer, MaxPool
from partsjax.networks.operations import convolution, max_pool, normalise


class ConvNet(Classifier):
    """A network built from a layer table.

    Its convolutions are `nnx.Conv`, its fully connected layers `nnx.Linear` modules, under the names of the
    table; kernels HWIO (I being the channels of one group) and [in, out]. Parameters are float32, whatever
    the `dtype` of the computation.
    """

    def __init__(self, architecture: Architecture, *, dtype: str = "float32", rngs: nnx.Rngs):
        """Parameters are drawn as Flax does by default; `as_network` gives them their values."""
        self.architecture = architecture
        channels = 3
        for layer in architecture.convolutions:
            setattr(self, layer.name, convolution(layer, channels, dtype, rngs))
            channels = layer.features
        super().__init__(head_table(architecture), dtype, rngs)

    def __call__(self, images: jax.Array, layers: tuple[str, ...]) -> dict[str, jax.Array]:
        """Activations of `layers`, computed no further than the deepest of them.

        Args:
          images: float32 [B, S, S, 3], RGB, normalized by the architecture's preprocessing. S may
            differ from the architecture's input size; the head then slides over the larger map.
          layers: names of convolutions, of fully connected layers, "scores" or "class_maps".

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
            found |= self.head(x, tuple(of_head))
        return {name: found[name] for name in layers}

    def shapes(self) -> dict[str, tuple[int, ...]]:
        kernels = {layer.name: getattr(self, layer.name) for layer in self.architecture.convolutions}
        return {
            f"{name}/{kind}": getattr(layer, kind).shape
            for name, layer in kernels.items()
            for kind in ("kernel", "bias")
        } | super().shapes()

    def described(self) -> Architecture:
        return self.architecture

    def layer_names(self) -> list[str]:
        return [*(layer.name for layer in self.architecture.convolutions), *super().layer_names()]

    def with_head(self, objective: str, classes: int, hidden: int) -> "ConvNet":
        base = self.architecture
        if base.window is not None:  # trained for a sliding head: back to the table it came from
            table = ARCHITECTURES[base.name].layers
            layers = base.layers if len(base.layers) == len(table) else (*base.layers, table[-1])
            base = dataclasses.replace(base, layers=layers, head=(), window=None)
        architecture = head_for(base, objective, classes, hidden)
        return ConvNet(architecture, dtype=self.dtype, rngs=nnx.Rngs(0))

    def features(self, images: jax.Array) -> jax.Array:
        return self._from(0, images)

    def last_activation(self, images: jax.Array) -> jax.Array:
        last = self.architecture.convolutions[-1].name
        return self(images, (last,))[last]

    def after(self, layer: str, activation: jax.Array) -> jax.Array:
        """Class scores [B, C], float32, from the activation [B, H, W, F] of a convolution, after its ReLU."""
        names = [getattr(step, "name", None) for step in self.architecture.layers]
        return self.head(self._from(names.index(layer) + 1, activation), (CLASS_SCORES,))[CLASS_SCORES]

    def _from(self, place: int, x: jax.Array) -> jax.Array:
        """What the layers from a place of the table on make of a map."""
        x = x.astype(self.dtype)
        for layer in self.architecture.layers[place:]:
            x = self._step(layer, x)
        return x

    def _step(self, layer: Layer, x: jax.Array) -> jax.Array:
        if isinstance(layer, Conv):
            return nnx.relu(getattr(self, layer.name)(x))
        return max_pool(x, layer) if isinstance(layer, MaxPool) else normalise(x, layer)

    def _convolutions(self) -> set[str]:
        return {layer.name for layer in self.architecture.convolutions}


def head_table(architecture: Architecture) -> HeadTable:
    """The fully connected part of `architecture`."""
    return HeadTable(
        layers=architecture.head,
        channels=architecture.convolutions[-1].features,
        side=architecture.head_side,
        pooling=architecture.pooling,
        slides=architecture.window is not None,
    )


def askable(architecture: Architecture) -> tuple[str, ...]:
    """Every name that a forward pass can be asked for, in forward order."""
    names = [layer.name for layer in (*architecture.convolutions, *architecture.head)]
    return tuple(dict.fromkeys([*names, CLASS_MAPS, CLASS_SCORES] if architecture.head else names))
