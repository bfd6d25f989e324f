"""One step of training: the compiled update of a module and its optimizer."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from partsjax.networks.devices import shardings
from partsjax.networks.heads import Classifier
from partsjax.networks.modules import name_of, named
from partsjax.ops.precision import in_full_precision
from partsjax.supervision.objectives import Objective
from partsjax.supervision.optimizer import two_speeds
from partsjax.supervision.recipe import Recipe
from partsjax.supervision.start import Start, trained_names


@dataclasses.dataclass(frozen=True)
class Named:
    """A filter of Flax NNX: the parameters of some names."""

    names: frozenset[str]

    def __call__(self, path: tuple, value: Any) -> bool:
        return isinstance(value, nnx.Param) and name_of(path) in self.names


class Trainer:
    """A network under training for one objective, its optimizer, and their compiled steps.

    Batches are divided over the devices of all processes, each of which gives its rows
    (`devices.own_rows`); parameters are the same on each. Results depend on the number of devices by float
    rounding alone.
    """

    def __init__(self, start: Start, objective: Objective, recipe: Recipe, seed: int):
        """Takes over the module of `start`."""
        self.start, self.objective, self.recipe = start, objective, recipe
        self.module = start.module
        self._trained = Named(trained_names(start, recipe.train_from))
        self._rows, self._replicated = shardings()
        self._place(self.module)
        self.optimizer = nnx.Optimizer(self.module, two_speeds(recipe, start.new), wrt=self._trained)
        self._place(self.optimizer)
        self._key = jax.random.key(seed)
        self._update = nnx.jit(in_full_precision(self._one_step), donate_argnums=(0, 1))
        self._outputs = nnx.jit(in_full_precision(self._forward), out_shardings=self._replicated)

    def step(self, batch: Mapping[str, np.ndarray], step: int) -> jax.Array:
        """Updates the module and the optimizer; returns the mean loss of the batch before.

        step: counted from 0; it alone decides the step's random numbers.
        """
        return self._update(self.module, self.optimizer, self._spread(batch), np.int32(step))

    def outputs(self, batch: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """What the objective's metrics need of a batch, of all its rows, on the host."""
        return jax.tree.map(np.asarray, self._outputs(self.module, self._spread(batch)))

    def state(self) -> dict[str, Any]:
        """All that training goes on from, of the module and of the optimizer, as nested dictionaries, on the
        host."""
        state = {name: nnx.to_pure_dict(nnx.state(of, nnx.Variable)) for name, of in self._parts().items()}
        return jax.tree.map(np.asarray, state)

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
        """Puts the arrays of a module or an optimizer on every device."""
        nnx.update(of, jax.device_put(nnx.state(of, nnx.Variable), self._replicated))

    def _spread(self, batch: Mapping[str, np.ndarray]) -> dict[str, jax.Array]:
        return {
            name: jax.make_array_from_process_local_data(self._rows, rows) for name, rows in batch.items()
        }

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
