"""Trains a narrow AlexNet on a few drawn images; in a process of its own, it may die after a step."""

import dataclasses
import functools
import os
import signal
from pathlib import Path
from unittest import mock

import numpy as np

from partsjax.data import shapeparts
from partsjax.networks.architectures import ARCHITECTURES
from partsjax.networks.layers import Conv
from partsjax.runs import skeleton, supervision
from partsjax.runs.context import Context
from partsjax.supervision.recipe import Recipe
from partsjax.supervision.training import Trainer
from tests import processes

FULL = ARCHITECTURES["alexnet"]
NARROW = dataclasses.replace(
    FULL,
    layers=tuple(
        dataclasses.replace(layer, features=layer.features // 16) if isinstance(layer, Conv) else layer
        for layer in FULL.layers
    ),
)


def options(**changed) -> supervision.TrainingOptions:
    names = {field.name for field in dataclasses.fields(Recipe)}
    recipe = {"steps": 6, "learning_rate": 0.01, "batch_size": 8, "evaluate_every": 3}
    recipe |= {name: value for name, value in changed.items() if name in names}
    others = {name: value for name, value in changed.items() if name not in names}
    return supervision.TrainingOptions(recipe=Recipe(**recipe), **{"weights": "random", "limit": 6} | others)


def asked(options: supervision.TrainingOptions, workdir: Path, **surroundings) -> supervision.Trained:
    """One run, in its folder; surroundings: of its `Context`."""
    return skeleton.run(supervision.supervision_question(options, workdir), workdir, Context(**surroundings))


def train(workdir: Path, die_after: int = 0, **changed) -> None:
    """Trains on a few images of `shapeparts`, the architecture narrowed; dies after that many updates."""
    step = Trainer.step

    def deadly(self, *arguments):
        found = step(self, *arguments)
        if die_after and arguments[-1] + 1 == die_after:
            os.kill(os.getpid(), signal.SIGKILL)
        return found

    few = functools.partial(shapeparts.read_shapeparts, per_class=6)
    with (
        mock.patch.dict(ARCHITECTURES, alexnet=NARROW),
        mock.patch.object(shapeparts, "read_shapeparts", few),
        mock.patch.object(Trainer, "step", deadly),
    ):
        asked(options(**changed), workdir)


def parameters(workdir: Path) -> dict[str, np.ndarray]:
    from partsjax.networks.weights.checkpoints import read_checkpoint

    return read_checkpoint(workdir / "checkpoint").weights


def apart(workdir: Path, die_after: int = 0, devices: int = 1, **changed) -> None:
    """The same in a process of its own, which has to die where it is told to."""
    job = functools.partial(train, workdir, die_after, **changed)
    assert processes.start(job, devices=devices)[0] == (-signal.SIGKILL if die_after else 0)
