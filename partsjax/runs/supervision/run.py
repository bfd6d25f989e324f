"""A training run: a network, a data set, an objective, for so many steps; it resumes exactly."""

import collections
import dataclasses
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np

from partsjax.errors import InputError, nearest
from partsjax.networks import load_network
from partsjax.networks.heads import HIDDEN
from partsjax.networks.modules import ModuleNetwork
from partsjax.networks.weights.checkpoints import manager
from partsjax.networks.weights.normalisation import WeightOptions
from partsjax.reporting.terminal import Terminal
from partsjax.reporting.training_table import training_table
from partsjax.runs import manifest, stages, workdir
from partsjax.runs.clock import Clock
from partsjax.runs.deciding import deciding
from partsjax.runs.execution import Execution, context_of
from partsjax.runs.inputs import dataset_of
from partsjax.runs.supervision.checkpoints import Checkpoints, Origin, SavedTraining
from partsjax.runs.supervision.data import TrainingData
from partsjax.runs.supervision.log import TrainingLog
from partsjax.supervision.objectives import OBJECTIVES
from partsjax.supervision.training import Recipe, Start, Trainer, starting_point, trained_names

_FETCH = 10  # steps between looks at the loss: each look waits for the device
OUTPUTS = ("metrics.csv",)


@dataclasses.dataclass(frozen=True)
class TrainingOptions:
    """What decides a trained network; as on the command line.

    supervision: one of OBJECTIVES. hidden: units of a new head's hidden layer, 0 for none. balance: each
      example first draws its class.
    windows: where windows come from, "jittered" or "selective" for object, "random" or "selective" for wsddn;
      "" is the first of them. num_windows: per image, for wsddn.
    image_size: side of whole images in pixels, None for the network's.
    evaluate_every: steps between validations, each with a checkpoint. val_limit: at most this many objects or
      images are validated on, evenly spread.
    """

    net: str = "alexnet"
    weights: str = "imagenet"
    supervision: str = "object"
    dataset: str = "shapeparts"
    data_dir: str | None = None
    classes: tuple[str, ...] = ("all",)
    limit: int | None = None
    seed: int = 0
    dtype: str = "float32"
    file: WeightOptions = dataclasses.field(default_factory=WeightOptions)
    reader: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    batch_size: int = 32
    recipe: Recipe = dataclasses.field(default_factory=lambda: Recipe(steps=400))
    hidden: int = HIDDEN
    balance: bool = True
    windows: str = ""
    num_windows: int = 128
    image_size: int | None = None
    evaluate_every: int = 100
    val_limit: int | None = 500

    def __post_init__(self):
        if self.supervision not in OBJECTIVES:
            asked = self.supervision
            raise InputError(f"--supervision={asked}: no such objective; {nearest(asked, OBJECTIVES)}")
        if self.supervision == "wsddn" and not self.hidden:
            raise InputError("--hidden=0: wsddn's two streams need a hidden layer; leave --hidden out")


def train(options: TrainingOptions, execution: Execution, terminal: Terminal) -> None:
    """Trains in its folder, from its newest checkpoint where there is one.

    Writes `checkpoint/`, `metrics.csv`, `tensorboard/` and, last, `manifest.json`. The same options on the
    same devices end with the same parameters, however often the run was stopped.

    Raises:
      InputError: something the user can fix, in one line; the last checkpoint is kept. A loss that is not
        finite is one of them.
    """
    clock = Clock()
    with workdir.locked_folder(execution.workdir) as folder, terminal.noting():
        with clock("annotations"):
            dataset = dataset_of(options, context_of(terminal, execution))
        with clock("weights"):
            start, network_digest = _start(options, list(dataset.parts), terminal)
        with workdir.plain_errors(folder):
            with clock("images"):
                data = TrainingData(dataset, options, execution, start.network, terminal)
            workdir.claim(folder, deciding(options))
            objective = OBJECTIVES[options.supervision]
            trainer = Trainer(start, objective, options.recipe, options.seed)
            with manager(folder / "checkpoint") as steps:
                origin = Origin(network_digest, data.digest(), stages.key(__name__))
                checkpoints = Checkpoints(steps, trainer, _score_names(options, dataset), origin)
                stopped = checkpoints.restore()
                if stopped is not None:
                    _check_origin(folder, stopped, origin, terminal)
                run = _Run(trainer, data, checkpoints, options)
                log = TrainingLog(folder, stopped and stopped.step, stopped.rows if stopped else ())
                try:
                    run.to_the_end(stopped, log, clock, terminal)
                    log.save()
                finally:
                    log.close()
            baselines = objective.baselines(data.train_truth, data.val_truth)
            _write_manifest(folder, options, data, clock, log, baselines, terminal.noted)
            terminal.show(training_table(objective.headline, log.course("val"), baselines))
            terminal.spent(clock.seconds)
            terminal.show(f"network: --net={options.net} --weights={folder}/checkpoint")


def _start(options: TrainingOptions, classes: list[str], terminal: Terminal) -> tuple[Start, str]:
    """What is trained, and the digest of the network it is made from."""
    devices = jax.device_count()
    if options.batch_size % devices:
        raise InputError(
            f"--batch_size={options.batch_size}: must be a multiple of the {devices} devices; "
            f"try {math.ceil(options.batch_size / devices) * devices}"
        )
    network = load_network(
        options.net, options.weights, seed=options.seed, dtype=options.dtype, **options.file.asdict()
    )
    terminal.note(*network.notes)
    if not isinstance(network, ModuleNetwork):
        raise InputError(
            f"--net={options.net}: only networks of ours can be trained here; train yours where it is "
            "written, and measure it with --net"
        )
    objective = OBJECTIVES[options.supervision]
    start = starting_point(network, objective, len(classes), options.hidden, options.seed)
    trained_names(start, options.recipe.train_from)
    return start, network.digest


def _score_names(options: TrainingOptions, dataset) -> tuple[str, ...]:
    return (*dataset.parts, *(("background",) if options.supervision == "object" else ()))


def _check_origin(folder: Path, stopped: SavedTraining, now: Origin, terminal: Terminal) -> None:
    """Another input is refused; other code goes on and says so, as training takes hours."""
    then, step = stopped.origin, stopped.step
    for same, other in (
        (then.network == now.network, "started from other weights"),
        (then.data == now.data, "saw other images or annotations"),
    ):
        if not same:
            raise InputError(
                f"{folder}: its checkpoint of step {step} {other}; choose another --workdir, or delete it"
            )
    if then.code != now.code:
        terminal.note(
            f"trained up to step {step} by other versions of this package or its libraries, or on another "
            f"kind of device: delete {folder} to train it anew"
        )


class _Run:
    """The loop, from wherever the newest checkpoint stands."""

    def __init__(self, trainer: Trainer, data, checkpoints: Checkpoints, options: TrainingOptions):
        self.trainer, self.data, self.checkpoints, self.options = trainer, data, checkpoints, options

    def to_the_end(self, stopped: SavedTraining | None, log: TrainingLog, clock, terminal: Terminal) -> None:
        steps, newest = self.options.recipe.steps, stopped and stopped.step
        with terminal.progress({"steps": steps}) as advance:
            what = self.options.supervision
            advance("steps", newest or 0, what)
            if newest is None:
                with clock("validation"):
                    advance("steps", 0, "validation")
                    self._validate(0, log)
            losses: collections.deque = collections.deque()
            for step, batch in enumerate(self.data.training(newest or 0, steps), newest or 0):
                with clock("training"):
                    losses.append((step + 1, self.trainer.step(batch, step)))
                    last = step + 1 == steps or (step + 1) % self.options.evaluate_every == 0
                    if last or len(losses) == _FETCH:
                        self._record(losses, log)
                        advance("steps", 0, f"{what}, loss {log.rows[-1].value:.3f}")
                advance("steps", 1, f"{what}, loss {log.rows[-1].value:.3f}" if log.rows else what)
                if last:
                    with clock("validation"):
                        self._validate(step + 1, log)

    def _record(self, losses: collections.deque, log: TrainingLog) -> None:
        """Takes the losses in; stops where one is not finite, before anything is saved of it."""
        while losses:
            step, loss = losses.popleft()
            if not math.isfinite(float(loss)):
                self._stop(f"the loss of step {step} is {float(loss)}", log)
            log.add(step, "train", {"loss": float(loss)})

    def _stop(self, why: str, log: TrainingLog) -> None:
        log.save()
        raise InputError(
            f"{why}; the checkpoint of step {self.checkpoints.newest} is kept: take a lower --learning_rate "
            "or --new_learning_rate, and another --workdir"
        )

    def _validate(self, step: int, log: TrainingLog) -> None:
        """Figures on validation examples, then a checkpoint: a figure is never newer than what it is of."""
        broken = self.trainer.broken()
        if broken:
            self._stop(f"{broken[0]} is not finite after step {step}", log)
        outputs = [
            {name: value[:count] for name, value in self.trainer.outputs(batch).items()}
            for batch, count in self.data.validation()
        ]
        whole = {name: np.concatenate([found[name] for found in outputs]) for name in outputs[0]}
        log.add(step, "val", self.trainer.objective.metrics(whole, self.data.val_truth))
        log.save()
        self.checkpoints.save(step, log.rows)


def _write_manifest(folder, options, data, clock, log: TrainingLog, baselines, notes) -> None:
    manifest.write_manifest(
        folder,
        __name__,
        options,
        options.dtype,
        clock,
        notes,
        data.skipped,
        OUTPUTS,
        metrics=log.course("val"),
        baselines=baselines,
        examples={"train": len(data.train), "val": len(data.val)},
    )
