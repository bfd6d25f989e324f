"""What every objective is to the training loop."""

from collections.abc import Mapping
from typing import Any, Protocol

import jax
import numpy as np

from partsjax.networks import Architecture

Batch = Mapping[str, jax.Array]
"""Examples of one step: "images" float32 [B, S, S, 3], normalised, and what the objective asks for beside."""
Parameters = Mapping[str, jax.Array]
"""Name -> float32 array: the weights of the architecture and the objective's own."""


class Objective(Protocol):
    """A loss with the head it needs and the figures it is judged by.

    Attributes:
      name: as on the command line.
      headline: the metric that says most.
    """

    name: str
    headline: str

    def architecture(self, base: Architecture, classes: int, hidden: int) -> Architecture:
        """`base` with the head that scores `classes` classes (background, if any, not among them).

        hidden: units of the hidden layer of a new head; 0 for none.
        """

    def extra_parameters(self, architecture: Architecture, seed: int) -> dict[str, np.ndarray]:
        """First values of the parameters, float32, that the training has beside the network's weights."""

    def losses(
        self,
        architecture: Architecture,
        parameters: Parameters,
        batch: Batch,
        dtype: str,
        key: jax.Array | None,
    ) -> jax.Array:
        """Loss of every example, float32 [B].

        `dtype` is of the computation up to the scores; losses are taken in float32. `key` draws the
        dropout; None: no dropout.
        """

    def outputs(
        self, architecture: Architecture, parameters: Parameters, batch: Batch, dtype: str
    ) -> dict[str, jax.Array]:
        """What validation keeps of every example: arrays whose first axis is B."""

    def metrics(self, outputs: Mapping[str, np.ndarray], truth: Any) -> dict[str, float]:
        """Figures over all of a split's examples, their `outputs` laid end to end.

        `truth` is int [N], the labels, for object windows and a `Truth` for images.
        """

    def baselines(self, train: Any, truth: Any) -> dict[str, float]:
        """The same figures without looking at an image, from what the train split's truth says."""
