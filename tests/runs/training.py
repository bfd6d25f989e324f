"""Trains a narrow AlexNet on a few drawn images; as a program, it may die by SIGKILL after a step.

python -m tests.runs.training WORKDIR DIE_AFTER [OPTION=VALUE ...]; DIE_AFTER 0: never.
"""

import dataclasses
import os
import signal
import sys
from pathlib import Path

import numpy as np

from partsjax.networks.architectures import ARCHITECTURES
from partsjax.networks.layers import Conv
from partsjax.reporting.terminal import Terminal
from partsjax.runs import supervision
from partsjax.runs.execution import Execution
from partsjax.supervision.training import Recipe, Trainer

FULL = ARCHITECTURES["alexnet"]
NARROW = dataclasses.replace(
    FULL,
    layers=tuple(
        dataclasses.replace(layer, features=layer.features // 16) if isinstance(layer, Conv) else layer
        for layer in FULL.layers
    ),
)


def options(steps: int = 6, **changed) -> supervision.TrainingOptions:
    recipe = {"steps": steps, "learning_rate": 0.01}
    for name in list(changed):
        if name in {field.name for field in dataclasses.fields(Recipe)}:
            recipe[name] = changed.pop(name)
    settings = {"weights": "random", "limit": 6, "batch_size": 8, "evaluate_every": 3, **changed}
    return supervision.TrainingOptions(recipe=Recipe(**recipe), **settings)


def train(workdir: Path, die_after: int = 0, **changed) -> None:
    """Trains on `shapeparts`, the architecture narrowed; dies once `die_after` updates are done."""
    ARCHITECTURES["alexnet"] = NARROW
    step = Trainer.step

    def deadly(self, *arguments):
        found = step(self, *arguments)
        if die_after and arguments[-1] + 1 == die_after:
            os.kill(os.getpid(), signal.SIGKILL)
        return found

    Trainer.step = deadly
    try:
        supervision.train(options(**changed), Execution(workdir), Terminal(quiet=True))
    finally:
        ARCHITECTURES["alexnet"], Trainer.step = FULL, step


def parameters(workdir: Path) -> dict[str, np.ndarray]:
    from partsjax.networks.weights.checkpoints import read_checkpoint

    return read_checkpoint(workdir / "checkpoint").weights


if __name__ == "__main__":
    values = dict(argument.split("=") for argument in sys.argv[3:])
    numbers = {name: float(value) if "." in value else int(value) for name, value in values.items()}
    train(Path(sys.argv[1]), int(sys.argv[2]), **numbers)
