"""Heads of class scores: fully connected layers over a map, which slide if it is larger than they need."""

import dataclasses

import jax
import jax.numpy as jnp
from flax import nnx

from partsjax.networks.architectures import Architecture
from partsjax.networks.layers import Dense, MaxPool
from partsjax.networks.operations import WindowLinear

CLASS_SCORES = "scores"
"""The name under which the class scores, before the softmax, are asked for."""
CLASS_MAPS = "class_maps"
"""The name under which the scores at every position of the head are asked for."""
HIDDEN = 512
"""Units of the hidden layer of a compact head (our choice): 4.7 million weights on AlexNet's pool5, where
its own fully connected layers have 55 million."""
SLIDING = {"mil": "max", "cam": "mean"}
"""Objectives whose head slides over the map -> how its class maps become one score per class."""
_DROPPED = 0.5  # of the units of a hidden dense layer under dropout, as AlexNet was trained


@dataclasses.dataclass(frozen=True)
class HeadTable:
    """Fully connected layers over a map.

    Attributes:
      layers: in forward order; the last gives the class scores.
      channels: of the map.
      side: in cells, of the window that the first layer sees at once.
      pooling: "max" or "mean", how the class maps of a sliding head become one score per class.
      slides: it is made to slide; its layers then keep their positions, [B, h, w, F], also if there is one.
    """

    layers: tuple[Dense, ...]
    channels: int
    side: int
    pooling: str = "max"
    slides: bool = False

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of every weight, by name: `fc6/kernel`, `fc6/bias`, ..., in forward order."""
        shapes, inputs = {}, self.channels * self.side**2
        for layer in self.layers:
            shapes |= {
                f"{layer.name}/kernel": (inputs, layer.features),
                f"{layer.name}/bias": (layer.features,),
            }
            inputs = layer.features
        return shapes


class Classifier(nnx.Module):
    """What scores classes from a map: the fully connected part of a network, which a subclass completes.

    Its layers are `nnx.Linear` modules under their names.
    """

    def __init__(self, table: HeadTable, dtype: str, rngs: nnx.Rngs):
        self.table, self.dtype = table, dtype
        self.dropout = nnx.Dropout(_DROPPED)
        side, channels = table.side, table.channels
        for layer in table.layers:
            setattr(self, layer.name, WindowLinear(side, channels, layer.features, dtype=dtype, rngs=rngs))
            side, channels = 1, layer.features

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of every weight that can be drawn anew, by name, in forward order."""
        return self.table.shapes()

    def described(self) -> Architecture | HeadTable:
        """The table from which the module can be built again."""
        return self.table

    def layer_names(self) -> list[str]:
        """Every layer that can be asked for, in forward order."""
        return [layer.name for layer in self.table.layers]

    def with_head(self, objective: str, classes: int, hidden: int) -> "Classifier":
        """A module like this one, its parameters not yet set, whose head suits an objective (`head_for`)."""
        raise NotImplementedError

    def features(self, images: jax.Array) -> jax.Array:
        """The map that the head sees, [B, H, W, C], of normalized images [B, S, S, 3]."""
        raise NotImplementedError

    def last_activation(self, images: jax.Array) -> jax.Array:
        """The activation [B, H, W, C] of the last layer, before any pooling."""
        raise NotImplementedError

    def classify(
        self, images: jax.Array, names: tuple[str, ...] = (CLASS_SCORES,), *, dropout: jax.Array | None = None
    ) -> dict[str, jax.Array]:
        """`head` on the features of images."""
        return self.head(self.features(images), names, dropout=dropout)

    def head(
        self, features: jax.Array, names: tuple[str, ...], *, dropout: jax.Array | None = None
    ) -> dict[str, jax.Array]:
        """The fully connected part alone.

        Args:
          features: [B, H, W, C], what `features` gives, or regions pooled to the head's window.
          names: of fully connected layers, "scores" or "class_maps".
          dropout: key of the random numbers of dropout in the hidden layers; None: none.

        Returns:
          Name -> float32: "scores" [B, C], the maximum or mean of "class_maps" [B, h, w, C] over the h x w
          positions; a fully connected layer's output, after its ReLU where it has one, [B, h, w, F], or
          [B, F] where the head sees the whole map at once.

        Raises:
          ValueError: the map is smaller than what the head sees at once.
        """
        table, x, found = self.table, features.astype(self.dtype), {}
        if min(x.shape[1:3]) < table.side:
            raise ValueError(
                f"the fully connected layers need maps of {table.side}x{table.side} cells, not "
                f"{x.shape[1]}x{x.shape[2]}: larger images"
            )
        for i, layer in enumerate(table.layers):
            if {*names} <= {*found}:
                break
            x = getattr(self, layer.name)(x)
            if layer.relu:
                x = nnx.relu(x)
                if dropout is not None:
                    x = self.dropout(x, rngs=jax.random.fold_in(dropout, i))
            whole = not table.slides and x.shape[1:3] == (1, 1)
            found[layer.name] = (x[:, 0, 0] if whole else x).astype(jnp.float32)
        maps = x.astype(jnp.float32)
        found[CLASS_MAPS] = maps
        if CLASS_SCORES in names:
            found[CLASS_SCORES] = maps.mean((1, 2)) if table.pooling == "mean" else maps.max((1, 2))
        return {name: found[name] for name in names}


def head_for(architecture: Architecture, objective: str, classes: int, hidden: int = HIDDEN) -> Architecture:
    """`architecture` with a head that gives `classes` scores and suits an objective.

    Its own fully connected layers stay, all but the last, where it has them; they slide over the map of a
    larger image under "mil" and "cam" ("cam" with the mean over positions). Where it has none:

    - "object", "image", "wsddn": pool5 -> fc6 (`hidden` units, ReLU) -> scores, sliding nowhere;
    - "mil": conv5 -> at every cell fc6 (`hidden`, ReLU) -> class maps; score = maximum over cells (after
      Oquab et al. 2015, who have two hidden layers);
    - "cam": conv5 -> at every cell a linear layer -> class maps; score = mean over cells (after Zhou et al.
      2016, who put a convolution between).

    hidden: 0 leaves fc6 out: a linear layer on the features.
    """
    pooling = SLIDING.get(objective, "max")
    if architecture.head:
        head = (*architecture.head[:-1], Dense(CLASS_SCORES, classes, relu=False))
        return dataclasses.replace(architecture, head=head, pooling=pooling)
    head = compact_head(objective, classes, hidden)
    if objective not in SLIDING:
        return dataclasses.replace(architecture, head=head)
    layers = architecture.layers
    layers = layers[:-1] if isinstance(layers[-1], MaxPool) else layers
    return dataclasses.replace(architecture, layers=layers, head=head, window=1, pooling=pooling)


def compact_head(objective: str, classes: int, hidden: int = HIDDEN) -> tuple[Dense, ...]:
    """The layers of a head for a network that brings none; see `head_for`."""
    scores = Dense(CLASS_SCORES, classes, relu=False)
    return (scores,) if objective == "cam" or not hidden else (Dense("fc6", hidden), scores)
