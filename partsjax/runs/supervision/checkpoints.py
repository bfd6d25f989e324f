"""Checkpoints of a training run: enough to go on as if it had never stopped."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np

from partsjax.errors import InputError
from partsjax.networks.weights.checkpoints import ABOUT, WEIGHTS, check_seal, description, sealed
from partsjax.runs.supervision.log import Row
from partsjax.supervision.training import Parameters, Trainer

_TRAINING, _OPTIMIZER = "training", "optimizer"
_EXTRA = "extra"  # parameters that are no part of the network: wsddn's detection stream
_RUN = "run"  # the figures so far, and what the training depends on


@dataclasses.dataclass(frozen=True)
class Origin:
    """What a training depends on besides its options.

    network: digest of what it starts from; data: of images and annotations; code: key of what computes it.
    """

    network: str
    data: str
    code: str


@dataclasses.dataclass(frozen=True)
class SavedTraining:
    """Where a run stands: parameters and optimiser state as `Trainer.begin` gives them, and its figures."""

    step: int
    trained: Parameters
    frozen: Parameters
    state: Any
    rows: tuple[Row, ...]
    origin: Origin


class Checkpoints:
    """A run's `checkpoint/`, of which the newest finished step is kept.

    A step is written to the end before training goes on, and is not there before. What is not kept follows
    from the step: the data's order and all random numbers are functions of (seed, step).
    """

    def __init__(self, steps, trainer: Trainer, classes: tuple[str, ...], origin: Origin):
        """steps: orbax's manager of the folder, from `checkpoints.manager`."""
        self._steps, self._trainer, self._classes, self._origin = steps, trainer, classes, origin

    @property
    def newest(self) -> int | None:
        return self._steps.latest_step()

    def save(self, step: int, parameters: Parameters, state: Any, rows: Sequence[Row]) -> None:
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
        run = {
            "origin": dataclasses.asdict(self._origin),
            "rows": [list(dataclasses.astuple(row)) for row in rows],
        }
        self._steps.save(
            step,
            args=ocp.args.Composite(
                **{
                    WEIGHTS: ocp.args.StandardSave(weights),
                    ABOUT: ocp.args.JsonSave(sealed(about, weights)),
                    _TRAINING: ocp.args.StandardSave(training),
                    _RUN: ocp.args.JsonSave(sealed(run, _flat(training))),
                }
            ),
        )

    def restore(self) -> SavedTraining | None:
        """The newest step; None where there is none.

        Raises:
          InputError: it is damaged.
        """
        step = self.newest
        if step is None:
            return None
        try:
            return self._restored(step)
        except Exception as error:  # whatever orbax and tensorstore raise on damaged files
            folder = Path(self._steps.directory)
            raise InputError(
                f"{folder / str(step)}: a damaged checkpoint ({' '.join(str(error).split())[:160]}); delete "
                f"{folder.parent} to train anew"
            ) from error

    def _restored(self, step: int) -> SavedTraining:
        import orbax.checkpoint as ocp

        arrays = {name: ocp.args.StandardRestore() for name in (WEIGHTS, _TRAINING)}
        texts = {name: ocp.args.JsonRestore() for name in (ABOUT, _RUN)}
        found = self._steps.restore(step, args=ocp.args.Composite(**arrays, **texts))
        check_seal(found[ABOUT], found[WEIGHTS])
        check_seal(found[_RUN], _flat(found[_TRAINING]))
        values = {**found[WEIGHTS], **found[_TRAINING][_EXTRA]}
        trained, frozen, state = self._trainer.begin()
        optimizer = found[_TRAINING][_OPTIMIZER]
        leaves, tree = jax.tree.flatten(state)
        state = jax.tree.unflatten(tree, [optimizer[str(i)] for i in range(len(leaves))])
        place = self._trainer.place
        return SavedTraining(
            step,
            place({name: values[name] for name in trained}),
            place({name: values[name] for name in frozen}),
            place(state),
            tuple(Row(*row) for row in found[_RUN]["rows"]),
            Origin(**found[_RUN]["origin"]),
        )


def _flat(training: dict[str, dict[str, Any]]) -> dict[str, np.ndarray]:
    return {f"{kind}/{name}": np.asarray(v) for kind, of in training.items() for name, v in of.items()}
