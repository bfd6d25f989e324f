"""One step of training: what is trained, how fast it learns, and the compiled update."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from partsjax.networks.architectures import ARCHITECTURES, Architecture
from partsjax.networks.assembly import weights_of
from partsjax.networks.devices import shardings
from partsjax.networks.initial import initial_weights
from partsjax.networks.protocol import Network
from partsjax.ops.precision import in_full_precision
from partsjax.supervision.objectives import Objective

SCHEDULES = ("cosine", "steps", "constant")
_LAST_SPREAD = 0.01  # standard deviation of a new layer of class scores, as R-CNN
_WARMUP = 0.05  # of all steps

Parameters = dict[str, Any]


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
    """A network before its training: its table and all parameters by name, and which of them are new."""

    architecture: Architecture
    parameters: dict[str, np.ndarray]
    new: frozenset[str]


def starting_point(network: Network, objective: Objective, classes: int, hidden: int, seed: int) -> Start:
    """The network with a head for the objective; layers it brings along keep their weights.

    classes: of the data set, background not among them. hidden: units of a new head's hidden layer, or 0.
    New layers: He initialisation from `seed`, the class scores normal with standard deviation 0.01, biases 0.
    """
    base = network.architecture
    if base.window is not None:  # trained for a sliding head: back to the table it came from
        table = ARCHITECTURES[base.name].layers
        layers = base.layers if len(base.layers) == len(table) else (*base.layers, table[-1])
        base = dataclasses.replace(base, layers=layers, head=(), window=None)
    architecture = objective.architecture(base, classes, hidden)
    parameters = initial_weights(architecture, seed)
    last = f"{architecture.head[-1].name}/kernel"
    parameters[last] *= np.float32(_LAST_SPREAD / np.sqrt(2 / parameters[last].shape[0]))
    parameters |= objective.extra_parameters(architecture, seed)
    given = {name: np.asarray(value) for name, value in weights_of(network).items()}
    kept = {
        name
        for name, value in given.items()
        if name in parameters
        and parameters[name].shape == value.shape
        and not name.startswith(f"{architecture.head[-1].name}/")
    }
    parameters |= {name: given[name] for name in kept}
    return Start(architecture, parameters, frozenset(parameters.keys() - kept))


def trained_names(start: Start, train_from: str) -> tuple[str, ...]:
    """Names of the parameters that are trained; raises KeyError where there is no such layer."""
    layers = [layer.name for layer in (*start.architecture.convolutions, *start.architecture.head)]
    first = start.architecture.head[0].name if train_from == "head" else train_from or layers[0]
    if first not in layers:
        raise KeyError(first)
    frozen = set(layers[: layers.index(first)])
    return tuple(name for name in start.parameters if name.split("/")[0] not in frozen)


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


def optimizer(recipe: Recipe, new: frozenset[str]) -> optax.GradientTransformation:
    """AdamW at two speeds: new layers learn faster, as in R-CNN.

    (Our choice. R-CNN's gradient descent with momentum overshoots with a compact head that starts afresh.)
    """

    def kernels(tree: Parameters) -> dict[str, bool]:
        return {name: name.endswith("kernel") for name in tree}

    def at(peak: float) -> optax.GradientTransformation:
        return optax.adamw(learning_rate(recipe, peak), weight_decay=recipe.weight_decay, mask=kernels)

    speeds = {"given": at(recipe.learning_rate), "new": at(recipe.new_learning_rate)}
    return optax.partition(speeds, lambda tree: {name: "new" if name in new else "given" for name in tree})


class Trainer:
    """The compiled update and the compiled outputs of one network under one objective.

    Batches are divided over all devices; parameters are the same on each. Results depend on the number of
    devices by float rounding alone.
    """

    def __init__(self, start: Start, objective: Objective, recipe: Recipe, dtype: str, seed: int):
        self.start, self.objective, self._dtype = start, objective, dtype
        self.trained_names = trained_names(start, recipe.train_from)
        self._optimizer = optimizer(recipe, start.new)
        self._key = jax.random.key(seed)
        self._rows, self._replicated = shardings()
        self._update = jax.jit(in_full_precision(self._one_step), donate_argnums=(0, 2))
        self._outputs = jax.jit(in_full_precision(self._forward))

    def begin(self) -> tuple[Parameters, Parameters, Any]:
        """(trained parameters, frozen parameters, state of the optimiser) before the first step."""
        trained = {name: self.start.parameters[name] for name in self.trained_names}
        frozen = {name: v for name, v in self.start.parameters.items() if name not in trained}
        return self.place(trained), self.place(frozen), self.place(self._optimizer.init(trained))

    def place(self, tree: Any) -> Any:
        """A tree of arrays on every device."""
        return jax.device_put(tree, self._replicated)

    def step(
        self, trained: Parameters, frozen: Parameters, state: Any, batch: Mapping[str, np.ndarray], step: int
    ) -> tuple[Parameters, Any, jax.Array]:
        """The next trained parameters and optimiser state, and the mean loss of the batch before them.

        step: counted from 0; it alone decides the step's random numbers.
        """
        return self._update(trained, frozen, state, self._spread(batch), jnp.int32(step))

    def outputs(self, parameters: Parameters, batch: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """What the objective's metrics need of a batch, on the host."""
        return jax.tree.map(np.asarray, self._outputs(parameters, self._spread(batch)))

    def _spread(self, batch: Mapping[str, np.ndarray]) -> dict[str, jax.Array]:
        return jax.device_put(dict(batch), self._rows)

    def _one_step(self, trained, frozen, state, batch, step):
        key = jax.random.fold_in(self._key, step)

        def loss(trained):
            losses = self.objective.losses(
                self.start.architecture, {**frozen, **trained}, self._normalised(batch), self._dtype, key
            )
            return losses.mean()

        value, gradients = jax.value_and_grad(loss)(trained)
        updates, state = self._optimizer.update(gradients, state, trained)
        return optax.apply_updates(trained, updates), state, value

    def _forward(self, parameters, batch):
        return self.objective.outputs(
            self.start.architecture, parameters, self._normalised(batch), self._dtype
        )

    def _normalised(self, batch):
        return {**batch, "images": self.start.architecture.preprocessing.normalise(batch["pixels"])}
