"""Any network under a head of ours, as a Flax NNX module."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from partsjax.networks.activations import applied, shapes
from partsjax.networks.continuation import continuation
from partsjax.networks.heads import CLASS_SCORES, SLIDING, Classifier, HeadTable, compact_head
from partsjax.networks.layers import MaxPool
from partsjax.networks.make import network_digest
from partsjax.networks.modules import ModuleNetwork
from partsjax.networks.operations import max_pool
from partsjax.networks.protocol import Network

_WIDEST = 7  # cells a side of what a compact head sees at once, as in VGG16


@dataclasses.dataclass(frozen=True, eq=False)
class _Base:
    """What a network is besides its arrays; a constant of the module, compared by identity."""

    network: Network
    tree: Any


class Headed(Classifier):
    """A network up to its last layer, and a compact head on top of it.

    The leaves of the network's params are the variables `backbone/0`, `backbone/1`, ...: an `nnx.Param` where
    training may change them, as it may all floats but those that a state of Flax NNX keeps as something else
    than an `nnx.Param` (such as the statistics of batch normalization). Under a head that sees the whole map
    at once, a map of more than 7 cells a side is pooled by maxima first (our choice: our own networks pool
    their last convolution, too).
    """

    def __init__(self, network: Network, table: HeadTable, *, rngs: nnx.Rngs):
        self.base = _Base(dataclasses.replace(network, params=None), jax.tree.structure(network.params))
        self.backbone = nnx.List(_variables(network.params))
        self.last = list(network.fields)[-1]
        self.pool = 1 if table.slides else _last_map(network).shape[1] // table.side
        super().__init__(table, "float32", rngs)

    def __call__(self, images: jax.Array, layers: tuple[str, ...]) -> dict[str, jax.Array]:
        """Activations of layers of the network, [B, H, H, F], and what `head` gives for the other names."""
        network = self.base.network
        of_head = tuple(name for name in layers if name not in network.fields)
        wanted = {*layers} - {*of_head} | ({self.last} if of_head else set())
        found = self._activations(images, tuple(name for name in network.fields if name in wanted))
        if of_head:
            found |= self.head(self._pooled(found[self.last]), of_head)
        return {name: found[name] for name in layers}

    def described(self) -> HeadTable:
        return self.table

    def layer_names(self) -> list[str]:
        return [*self.base.network.fields, *super().layer_names()]

    def with_head(self, objective: str, classes: int, hidden: int) -> "Headed":
        network = self.network()
        _, side, _, channels = _last_map(network).shape
        slides = objective in SLIDING
        table = HeadTable(
            layers=compact_head(objective, classes, hidden),
            channels=channels,
            side=1 if slides else cells_seen(side),
            pooling=SLIDING.get(objective, "max"),
            slides=slides,
        )
        return Headed(network, table, rngs=nnx.Rngs(0))

    def network(self) -> Network:
        """The network without the head."""
        arrays = [variable[...] for variable in self.backbone]
        return dataclasses.replace(self.base.network, params=jax.tree.unflatten(self.base.tree, arrays))

    def features(self, images: jax.Array) -> jax.Array:
        return self._pooled(self.last_activation(images))

    def last_activation(self, images: jax.Array) -> jax.Array:
        return self._activations(images, (self.last,))[self.last]

    def after(self, layer: str, activation: jax.Array) -> jax.Array:
        """Class scores [B, C], float32, from the activation [B, H, H, F] of a layer.

        Raises `InputError` where the last layer does not follow from it alone.
        """
        if layer != self.last:
            activation = continuation(self.network(), layer, self.last, activation)
        return self.head(self._pooled(activation), (CLASS_SCORES,))[CLASS_SCORES]

    def _activations(self, images: jax.Array, layers: tuple[str, ...]) -> dict[str, jax.Array]:
        network = self.network()
        return applied(network.name, network.apply, network.params, images, layers)

    def _pooled(self, activation: jax.Array) -> jax.Array:
        return max_pool(activation, MaxPool(self.pool, self.pool)) if self.pool > 1 else activation


def classifier_of(network: Network) -> Classifier:
    """The module of a network that has one; of any other a `Headed` whose head has no layers yet."""
    if isinstance(network, ModuleNetwork):
        return network.module()
    return Headed(network, HeadTable((), _last_map(network).shape[3], side=1, slides=True), rngs=nnx.Rngs(0))


def headed_network(module: Headed, classes: Sequence[str]) -> ModuleNetwork:
    """The network of a module as the pipeline sees it: the one under the head, with class scores.

    Its untrained one is that of the network under the head, without a head.
    """
    graph, state = nnx.split(module)
    base = {field.name: getattr(module.base.network, field.name) for field in dataclasses.fields(Network)}

    def apply(params, images, layers):
        return nnx.merge(graph, params)(images, tuple(layers))

    def after(params, layer, activation):
        return nnx.merge(graph, params).after(layer, activation)

    own = {"params": state, "apply": apply, "after": after, "classes": tuple(classes), "graph": graph}
    own["permuted"] = None  # of the weights before training
    network = ModuleNetwork(**base | own)
    return dataclasses.replace(network, digest=network_digest(network))


def cells_seen(side: int) -> int:
    """What is left of a map's side, at most 7 cells, after the least pooling by maxima that does it."""
    return side // -(-side // _WIDEST)


def _last_map(network: Network) -> jax.ShapeDtypeStruct:
    last = list(network.fields)[-1]
    return shapes(network, (last,))[last]


def _variables(params: Any) -> list[nnx.Variable]:
    leaves = jax.tree.leaves(params, is_leaf=lambda leaf: isinstance(leaf, nnx.Variable))
    return [variable for leaf in leaves for variable in _variables_of(leaf)]


def _variables_of(leaf: Any) -> list[nnx.Variable]:
    ours = not isinstance(leaf, nnx.Variable) or isinstance(leaf, nnx.Param)
    arrays = [jnp.asarray(array) for array in jax.tree.leaves(leaf)]
    return [
        (nnx.Param if ours and jnp.issubdtype(array.dtype, np.inexact) else nnx.Variable)(array)
        for array in arrays
    ]
