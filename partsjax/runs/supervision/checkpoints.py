"""Checkpoints of a training run: enough to go on as if it had never stopped."""

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np

from partsjax.errors import InputError
from partsjax.networks.weights.checkpoints import (
    ABOUT,
    WEIGHTS,
    CheckpointFacts,
    check_format,
    check_seal,
    flat_arrays,
    sealed,
    stored_arrays,
    written,
)
from partsjax.runs.supervision.log import MetricRow
from partsjax.supervision.training import Trainer

_TRAINING = "training"  # the optimiser's state
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
    """Where a run stands, its figures, and what its trainer goes on from (`Trainer.restore`)."""

    step: int
    rows: tuple[MetricRow, ...]
    origin: Origin
    state: dict[str, Any]


class Checkpoints:
    """A run's `checkpoint/`, of which the newest finished step is kept.

    A step is written to the end before training goes on, and is not there before. What is not kept follows
    from the step: the data's order and all random numbers are functions of (seed, step).
    """

    def __init__(self, steps, trainer: Trainer, about: Callable[[int], CheckpointFacts], origin: Origin):
        """steps: orbax's manager of the folder, from `checkpoints.manager`; about: what to say, by step."""
        self._steps, self._trainer, self._about, self._origin = steps, trainer, about, origin

    @property
    def newest(self) -> int | None:
        return self._steps.latest_step()

    def save(self, step: int, rows: Sequence[MetricRow]) -> None:
        import orbax.checkpoint as ocp

        state = self._trainer.state()
        run = {
            "origin": dataclasses.asdict(self._origin),
            "rows": [list(dataclasses.astuple(row)) for row in rows],
        }
        self._steps.save(
            step,
            args=ocp.args.Composite(
                **{
                    WEIGHTS: ocp.args.StandardSave(state["module"]),
                    ABOUT: ocp.args.JsonSave(written(self._about(step), flat_arrays(state["module"]))),
                    _TRAINING: ocp.args.StandardSave(state["optimizer"]),
                    _RUN: ocp.args.JsonSave(sealed(run, flat_arrays(state["optimizer"]))),
                }
            ),
        )

    def read(self) -> SavedTraining | None:
        """Where the newest step left the training; None where there is none.

        Raises:
          InputError: it is damaged.
        """
        step = self.newest
        if step is None:
            return None
        folder = Path(self._steps.directory)
        if not (folder / str(step) / _TRAINING).is_dir():
            raise InputError(
                f"{folder / str(step)}: a checkpoint that holds a network alone, from which no training goes "
                "on; give it as --weights, and another folder"
            )
        try:
            return self._read(step)
        except InputError:
            raise
        except Exception as error:  # whatever orbax and tensorstore raise on damaged files
            raise InputError(
                f"{folder / str(step)}: a damaged checkpoint ({' '.join(str(error).split())[:160]}); delete "
                f"{folder.parent} to train anew"
            ) from error

    def _read(self, step: int) -> SavedTraining:
        import orbax.checkpoint as ocp

        arrays = {name: stored_arrays() for name in (WEIGHTS, _TRAINING)}
        texts = {name: ocp.args.JsonRestore() for name in (ABOUT, _RUN)}
        found = self._steps.restore(step, args=ocp.args.Composite(**arrays, **texts))
        check_format(Path(self._steps.directory) / str(step), found[ABOUT])
        check_seal(found[ABOUT], flat_arrays(found[WEIGHTS]))
        check_seal(found[_RUN], flat_arrays(found[_TRAINING]))
        run, state = found[_RUN], {"module": found[WEIGHTS], "optimizer": found[_TRAINING]}
        rows = tuple(MetricRow(*row) for row in run["rows"])
        return SavedTraining(step, rows, Origin(**run["origin"]), jax.tree.map(np.asarray, state))
