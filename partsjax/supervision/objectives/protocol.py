"""What every objective is to the training loop."""

from collections.abc import Mapping
from typing import Any, Protocol

import jax
import numpy as np

from partsjax.networks.heads import Classifier

Batch = Mapping[str, jax.Array]
"""Examples of one step: "images" float32 [B, S, S, 3], normalized, and what else the objective asks for."""


class Objective(Protocol):
    """A loss with the head it needs and the figures it is judged by.

    Attributes:
      name: as on the command line.
      headline: the metric that says most.
    """

    name: str
    headline: str

    def scores(self, classes: int) -> int:
        """How many scores it needs for this many classes: one more with a background."""

    def extend(self, network: Classifier, seed: int) -> None:
        """Adds to a network the further layers that training needs."""

    def losses(self, network: Classifier, batch: Batch, key: jax.Array | None) -> jax.Array:
        """Loss of every example, float32 [B]. `key` draws the dropout; None: no dropout."""

    def outputs(self, network: Classifier, batch: Batch) -> dict[str, jax.Array]:
        """What validation keeps of every example: arrays whose first axis is B."""

    def metrics(self, outputs: Mapping[str, np.ndarray], truth: Any) -> dict[str, float]:
        """Figures over all of a split's examples, their `outputs` laid end to end.

        `truth` is int [N], the labels, for object windows and a `Truth` for images.
        """

    def baselines(self, train: Any, truth: Any) -> dict[str, float]:
        """The same figures without looking at an image, from what the train split's truth says."""
