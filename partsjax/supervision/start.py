"""A network before its training: with a head for the objective, and which of its parameters are trained."""

import dataclasses

import jax
import numpy as np
from flax import nnx
from jax.interpreters.partial_eval import dce_jaxpr

from partsjax.errors import InputError, nearest
from partsjax.networks.headed import classifier_of
from partsjax.networks.heads import Classifier
from partsjax.networks.initial import he_weights
from partsjax.networks.modules import named, with_values
from partsjax.networks.protocol import Network
from partsjax.supervision.objectives import Objective

_LAST_SPREAD = 0.01  # standard deviation of a new layer of class scores, as R-CNN


@dataclasses.dataclass(frozen=True)
class Start:
    """A network before its training.

    network: as it was given. module: the same with a head for the objective. new: names of the parameters
      that start from random values.
    """

    network: Network
    module: Classifier
    new: frozenset[str]


def starting_point(network: Network, objective: Objective, classes: int, hidden: int, seed: int) -> Start:
    """The network with a head for the objective; layers it brings along keep their weights.

    classes: of the dataset, background not among them. hidden: units of a new head's hidden layer, or 0.
    New layers: He initialization from `seed`, the class scores normal with standard deviation 0.01, biases 0.
    """
    base = classifier_of(network)
    module = nnx.eval_shape(lambda: base.with_head(objective.name, objective.scores(classes), hidden))
    graph, abstract = nnx.split(module)
    parameters = he_weights(module.shapes(), seed)
    last = module.table.layers[-1].name
    kernel = f"{last}/kernel"
    parameters[kernel] *= np.float32(_LAST_SPREAD / np.sqrt(2 / parameters[kernel].shape[0]))
    wanted = {name: variable.shape for name, variable in named(abstract).items()}
    kept = {
        # A copy: training gives its arrays away to the next step's.
        name: np.array(value)
        for name, value in named(nnx.state(base)).items()
        if wanted.get(name) == value.shape and not name.startswith(f"{last}/")
    }
    module = nnx.merge(graph, with_values(abstract, parameters | kept))
    objective.extend(module, seed)
    return Start(network, module, frozenset(named(nnx.state(module)).keys() - kept.keys()))


def trained_names(start: Start, train_from: str) -> frozenset[str]:
    """Names of the parameters that are trained: all that no layer before `train_from` rests on.

    Raises `InputError` where there is no such layer.
    """
    layers = start.module.layer_names()
    first = start.module.table.layers[0].name if train_from == "head" else train_from or layers[0]
    if first not in layers:
        raise InputError(f"--train_from: no layer {first!r}; {nearest(first, [*layers, 'head'])}")
    names = frozenset(named(nnx.state(start.module, nnx.Param)))
    if first in start.network.fields and names <= start.new:
        raise InputError(
            f"network {start.network.name}: it has no weights in its params that could be trained; train a "
            "head alone (--train_from=head), or the network elsewhere"
        )
    before = layers[: layers.index(first)]
    return names - used(start.module, before[-1], start.network.input_size) if before else names


def used(module: Classifier, layer: str, size: int) -> frozenset[str]:
    """Names of the parameters that a layer's activation depends on."""
    graph, state = nnx.split(module)
    arrays, images = named(state), jax.ShapeDtypeStruct((1, size, size, 3), np.float32)
    names = sorted(arrays)

    def activation(values, images):
        return nnx.merge(graph, with_values(state, dict(zip(names, values, strict=True))))(images, (layer,))

    program = jax.make_jaxpr(activation)([arrays[name] for name in names], images)
    _, needed = dce_jaxpr(program.jaxpr, [True])
    return frozenset(name for name, of in zip(names, needed, strict=False) if of)
