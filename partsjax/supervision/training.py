"""One step of training: what is trained, how fast it learns, and the compiled update."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from jax.interpreters.partial_eval import dce_jaxpr

from partsjax.errors import InputError, nearest
from partsjax.networks.devices import shardings
from partsjax.networks.heads import Classifier
from partsjax.networks.initial import he_weights
from partsjax.networks.modules import name_of, named, with_values
from partsjax.networks.protocol import Network
from partsjax.ops.precision import in_full_precision
from partsjax.supervision.objectives import Objective

SCHEDULES = ("cosine", "steps", "constant")
_LAST_SPREAD = 0.01  # standard deviation of a new layer of class scores, as R-CNN
_WARMUP = 0.05  # of all steps


@dataclasses.dataclass(frozen=True)
class Recipe:
    """How fast what learns.

    train_from: the first layer trained, in forward order; those before it stay as they are. "" trains
      all, "head" the head alone.
    learning_rate: of layers whose weights were given; new_learning_rate: of those that start afresh.
    schedule: "cosine" to zero, "steps" (a tenth after each third), "constant"; all rise linearly over the
      first twentieth.
    weight_decay: of kernels, not of biases; a step takes off this share times its learning rate.
    """

    steps: int
    train_from: str = ""
    learning_rate: float = 2e-4
    new_learning_rate: float = 5e-4
    schedule: str = "cosine"
    weight_decay: float = 0.01


@dataclasses.dataclass(frozen=True)
class Start:
    """A network before its training.

    network: as it was given. module: the same with a head for the objective. new: names of the parameters
      that start afresh.
    """

    network: Network
    module: Classifier
    new: frozenset[str]


def starting_point(network: Network, objective: Objective, classes: int, hidden: int, seed: int) -> Start:
    """The network with a head for the objective; layers it brings along keep their weights.

    classes: of the data set, background not among them. hidden: units of a new head's hidden layer, or 0.
    New layers: He initialisation from `seed`, the class scores normal with standard deviation 0.01, biases 0.
    """
    base = network.module()
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


def learning_rate(recipe: Recipe, peak: float) -> optax.Schedule:
    """The schedule of `recipe` with highest value `peak`."""
    warmup = max(1, round(_WARMUP * recipe.steps))
    rise = optax.linear_schedule(peak / warmup, peak, warmup)
    rest = max(1, recipe.steps - warmup)
    if recipe.schedule == "cosine":
        then = optax.cosine_decay_schedule(peak, rest)
    elif recipe.schedule == "steps":
        then = optax.piecewise_constant_schedule(peak, {rest // 3: 0.1, 2 * rest // 3: 0.1})
    else:
        then = optax.constant_schedule(peak)
    return optax.join_schedules([rise, then], [warmup])


def two_speeds(recipe: Recipe, new: frozenset[str]) -> optax.GradientTransformation:
    """AdamW at two speeds: new layers learn faster, as in R-CNN.

    (Our choice. R-CNN's gradient descent with momentum overshoots with a compact head that starts afresh.)
    """

    def kernels(tree):
        return jax.tree.map(lambda value: value.ndim > 1, tree)

    def speeds(tree):
        return nnx.map_state(lambda path, value: "new" if name_of(path) in new else "given", tree)

    def at(peak: float) -> optax.GradientTransformation:
        return optax.adamw(learning_rate(recipe, peak), weight_decay=recipe.weight_decay, mask=kernels)

    return optax.partition({"given": at(recipe.learning_rate), "new": at(recipe.new_learning_rate)}, speeds)


@dataclasses.dataclass(frozen=True)
class Named:
    """A filter of Flax NNX: the parameters of some names."""

    names: frozenset[str]

    def __call__(self, path: tuple, value: Any) -> bool:
        return isinstance(value, nnx.Param) and name_of(path) in self.names


class Trainer:
    """A network under training for one objective, its optimiser, and their compiled steps.

    Batches are divided over all devices; parameters are the same on each. Results depend on the number of
    devices by float rounding alone.
    """

    def __init__(self, start: Start, objective: Objective, recipe: Recipe, seed: int):
        """Takes over the module of `start`."""
        self.start, self.objective, self.module = start, objective, start.module
        self._trained = Named(trained_names(start, recipe.train_from))
        self._rows, self._replicated = shardings()
        self._place(self.module)
        self.optimizer = nnx.Optimizer(self.module, two_speeds(recipe, start.new), wrt=self._trained)
        self._place(self.optimizer)
        self._key = jax.random.key(seed)
        self._update = nnx.jit(in_full_precision(self._one_step), donate_argnums=(0, 1))
        self._outputs = nnx.jit(in_full_precision(self._forward))

    def step(self, batch: Mapping[str, np.ndarray], step: int) -> jax.Array:
        """Updates the module and the optimiser; returns the mean loss of the batch before.

        step: counted from 0; it alone decides the step's random numbers.
        """
        return self._update(self.module, self.optimizer, self._spread(batch), jnp.int32(step))

    def outputs(self, batch: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """What the objective's metrics need of a batch, on the host."""
        return jax.tree.map(np.asarray, self._outputs(self.module, self._spread(batch)))

    def state(self) -> dict[str, Any]:
        """All that training goes on from, of the module and of the optimiser, as nested dictionaries."""
        return {name: nnx.to_pure_dict(nnx.state(of, nnx.Variable)) for name, of in self._parts().items()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Goes on from what `state` gave."""
        for name, of in self._parts().items():
            values = nnx.state(of, nnx.Variable)
            nnx.replace_by_pure_dict(values, nnx.restore_int_paths(state[name]))
            nnx.update(of, values)
            self._place(of)

    def broken(self) -> list[str]:
        """Names of trained parameters that are not finite."""
        trained = named(nnx.state(self.module, self._trained))
        return [name for name, value in trained.items() if not bool(jnp.isfinite(value).all())]

    def _parts(self) -> dict[str, Any]:
        return {"module": self.module, "optimizer": self.optimizer}

    def _place(self, of: Any) -> None:
        """Puts the arrays of a module or an optimiser on every device."""
        nnx.update(of, jax.device_put(nnx.state(of, nnx.Variable), self._replicated))

    def _spread(self, batch: Mapping[str, np.ndarray]) -> dict[str, jax.Array]:
        return jax.device_put(dict(batch), self._rows)

    def _one_step(self, module: Classifier, optimizer: nnx.Optimizer, batch, step):
        key = jax.random.fold_in(self._key, step)

        def loss(module):
            return self.objective.losses(module, self._normalised(batch), key).mean()

        value, gradients = nnx.value_and_grad(loss, argnums=nnx.DiffState(0, self._trained))(module)
        optimizer.update(module, gradients)
        return value

    def _forward(self, module: Classifier, batch):
        return self.objective.outputs(module, self._normalised(batch))

    def _normalised(self, batch):
        return {**batch, "images": self.start.network.preprocessing.normalise(batch["pixels"])}
