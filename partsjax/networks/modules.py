"""Networks whose params are the state of a Flax NNX module of ours, and such states by name."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx

from partsjax.networks.heads import Classifier
from partsjax.networks.protocol import Network


@dataclasses.dataclass(frozen=True, repr=False)
class ModuleNetwork(Network):
    """A network whose `params` are the state of a Flax NNX module of ours, and `graph` the rest of it."""

    graph: nnx.GraphDef | None = None

    def module(self) -> Classifier:
        """The module, with this network's parameters."""
        return nnx.merge(self.graph, self.params)


def with_values(state: nnx.State, arrays: Mapping[str, Any]) -> nnx.State:
    """A module's state, which may be abstract, with values by name, `conv1/kernel`, ..."""

    def valued(path, variable):
        return variable.replace(jnp.asarray(arrays[name_of(path)], variable.dtype))

    return nnx.map_state(valued, state)


def named(state: nnx.State) -> dict[str, jax.Array]:
    """The arrays of a module's state, which may be abstract, by name: `conv1/kernel`, ..."""
    return {name_of(path): variable.get_value() for path, variable in nnx.to_flat_state(state)}


def name_of(path: tuple) -> str:
    return "/".join(map(str, path))
