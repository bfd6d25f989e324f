"""Checkpoints of a training run: enough to go on as if it had never stopped."""

from typing import Any

import jax
import numpy as np

from partsjax.networks.weights.checkpoints import ABOUT, WEIGHTS, description
from partsjax.supervision.training import Parameters, Trainer

_TRAINING, _OPTIMIZER = "training", "optimizer"
_EXTRA = "extra"  # parameters that are no part of the network: wsddn's detection stream


class Checkpoints:
    """A run's `checkpoint/`, of which the newest finished step is kept.

    A step is written to the end before training goes on, and is not there before. What is not kept follows
    from the step: the data's order and all random numbers are functions of (seed, step).
    """

    def __init__(self, steps, trainer: Trainer, classes: tuple[str, ...]):
        """steps: orbax's manager of the folder, from `checkpoints.manager`."""
        self._steps, self._trainer, self._classes = steps, trainer, classes

    @property
    def newest(self) -> int | None:
        return self._steps.latest_step()

    def save(self, step: int, parameters: Parameters, state: Any) -> None:
        import orbax.checkpoint as ocp

        start = self._trainer.start
        values = {name: np.asarray(value) for name, value in parameters.items()}
        layers = {layer.name for layer in (*start.architecture.convolutions, *start.architecture.head)}
        weights = {name: value for name, value in values.items() if name.split("/")[0] in layers}
        extra = {name: value for name, value in values.items() if name not in weights}
        training = {
            _OPTIMIZER: {str(i): np.asarray(leaf) for i, leaf in enumerate(jax.tree.leaves(state))},
            _EXTRA: extra or {"none": np.zeros(1)},  # orbax refuses an empty tree
        }
        about = description(start.architecture, self._classes, self._trainer.objective.name, step)
        self._steps.save(
            step,
            args=ocp.args.Composite(
                **{
                    WEIGHTS: ocp.args.StandardSave(weights),
                    ABOUT: ocp.args.JsonSave(about),
                    _TRAINING: ocp.args.StandardSave(training),
                }
            ),
        )

    def restore(self) -> tuple[Parameters, Parameters, Any]:
        """(trained, frozen, optimiser state) of the newest step, as `Trainer.begin` gives them."""
        import orbax.checkpoint as ocp

        wanted = {name: ocp.args.StandardRestore() for name in (WEIGHTS, _TRAINING)}
        found = self._steps.restore(self.newest, args=ocp.args.Composite(**wanted))
        values = {**found[WEIGHTS], **found[_TRAINING][_EXTRA]}
        trained, frozen, state = self._trainer.begin()
        optimizer = found[_TRAINING][_OPTIMIZER]
        leaves, tree = jax.tree.flatten(state)
        state = jax.tree.unflatten(tree, [optimizer[str(i)] for i in range(len(leaves))])
        place = self._trainer.place
        return (
            place({name: values[name] for name in trained}),
            place({name: values[name] for name in frozen}),
            place(state),
        )
