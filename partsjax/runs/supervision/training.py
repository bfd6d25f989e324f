"""Training a network for a number of steps; resumed exactly where a folder keeps it."""

import collections
import contextlib
import dataclasses
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from partsjax.data.dataset import Dataset
from partsjax.errors import InputError
from partsjax.networks import hosts
from partsjax.networks.devices import require_equal_shares
from partsjax.networks.protocol import Network
from partsjax.networks.trained import trained_network
from partsjax.networks.weights.checkpoints import Checkpoint, CheckpointFacts, flat_arrays, manager
from partsjax.progress import bars, silent
from partsjax.runs import stages, workdir
from partsjax.runs.context import Context
from partsjax.runs.supervision.asked import TrainingRequest
from partsjax.runs.supervision.checkpoints import Checkpoints, Origin, SavedTraining
from partsjax.runs.supervision.data import TrainingData
from partsjax.runs.supervision.log import TrainingLog
from partsjax.runs.supervision.result import Trained
from partsjax.supervision.recipe import Recipe
from partsjax.supervision.start import starting_point, trained_names
from partsjax.supervision.training import Trainer

TRAINING_CODE = __name__
_FETCH = 10  # steps between looks at the loss: each look waits for the device


def train(  # noqa: PLR0913 (options of a public call, by keyword)
    network: Network,
    dataset: Dataset,
    *,
    supervision: str = "object",
    recipe: Recipe = Recipe(),  # noqa: B008  (frozen)
    limit: int | None = None,
    seed: int = 0,
    folder: str | Path | None = None,
    progress: bool = True,
) -> Trained:
    """Trains any network under one kind of supervision.

    Its last layer is given a head for the dataset's classes: a network of ours keeps its own fully
    connected layers where it has them, any other gets a compact head (`heads.head_for`). `network` itself
    is not changed.

    Args:
      network: any, from `load_network` or `make_network`; its last layer carries the head.
      dataset: its objects' classes are what is learned.
      supervision: what it learns from: "object" (windows around objects and background, as R-CNN), "image"
        (image-level labels), "mil" or "cam" (the same labels, by the maximum or the mean over positions),
        "wsddn" (the same labels, by windows weighed against each other).
      recipe: how fast what learns, from how much.
      limit: about as many objects per class and split at most.
      seed: of new layers, of the order of examples and of what is drawn for them.
      folder: keeps `checkpoint/`, `metrics.csv` and `tensorboard/`; the same call goes on from there. Of
        several processes (`jax.distributed`), which train together, the first alone looks at it.
      progress: whether a bar shows how far it is.

    Returns:
      A `Trained`: its `network` is ready to be measured and has class scores, its `metrics` are a pandas
      frame of the loss and of validation's figures, its `baselines` what those are without looking at an
      image; `save(folder)` keeps all of them.

    Raises:
      InputError: something that can be fixed, in one line; a loss that is not finite is one of them.
    """
    asked = TrainingRequest(supervision, recipe, limit, seed)
    place = None if folder is None or not hosts.is_first() else Path(folder).expanduser()
    with contextlib.nullcontext() if place is None else workdir.locked_folder(place):
        context = Context(progress=bars() if progress else silent)
        context.notes.add(*network.notes, *dataset.notes)
        training = Training(network, dataset, asked, context, place)
        if place is not None:
            workdir.claim(place, dataclasses.asdict(asked))
        trained = training.run(context)
        if place is not None:
            trained.save(place)
    return trained


class Training:
    """One training, from wherever its folder's newest checkpoint stands."""

    def __init__(
        self,
        network: Network,
        dataset: Dataset,
        asked: TrainingRequest,
        context: Context,
        folder: Path | None,
    ):
        """Looks at all that may be wrong with what is asked, before the first step.

        folder: the run's; None: nothing is kept, as in processes other than the first.
        """
        self.asked, self.recipe, self._folder = asked, asked.recipe, folder
        require_equal_shares(self.recipe.batch_size)
        classes = list(dataset.parts)
        self._names = asked.score_names(classes)
        with context.clock("weights"):
            self._start = starting_point(
                network, asked.objective, len(classes), self.recipe.hidden, asked.seed
            )
            trained_names(self._start, self.recipe.train_from)
        with context.clock("images"):
            windows = None if folder is None else folder / "cache" / "windows"
            self._data = TrainingData(dataset, network, asked, context, windows)

    def run(self, context: Context) -> Trained:
        """All processes come to the same; files are those of the process that has the folder."""
        self._require_same()
        trainer = Trainer(self._start, self.asked.objective, self.recipe, self.asked.seed)
        with self._checkpoints(trainer) as checkpoints:
            stopped = hosts.from_first(lambda: None if checkpoints is None else checkpoints.read())
            if stopped is not None:
                self._check_origin(stopped, context)
                trainer.restore(stopped.state)
            step, rows = (stopped.step, stopped.rows) if stopped else (None, ())
            log = TrainingLog(self._folder, step, rows)
            try:
                _Loop(trainer, self._data, checkpoints, log, context).run(step)
                log.save()
            finally:
                log.close()
        return self._trained(trainer, log, context)

    def _trained(self, trainer: Trainer, log: TrainingLog, context: Context) -> Trained:
        data, network = self._data, self._start.network
        checkpoint = Checkpoint(self._about(self.recipe.steps), flat_arrays(trainer.state()["module"]))
        return Trained(
            network=trained_network(network, checkpoint, network.name),
            rows=tuple(log.rows),
            baselines=self.asked.objective.baselines(data.train_truth, data.val_truth),
            headline=self.asked.objective.headline,
            examples={"train": len(data.train), "val": len(data.val)},
            notes=tuple(context.notes),
            skipped=tuple(data.skipped),
            checkpoint=checkpoint,
        )

    def _about(self, step: int) -> CheckpointFacts:
        start = self._start
        return CheckpointFacts(
            start.network.name, start.module.described(), self._names, self.asked.supervision, step
        )

    @contextlib.contextmanager
    def _checkpoints(self, trainer: Trainer) -> Iterator[Checkpoints | None]:
        if self._folder is None:
            yield None
            return
        with manager(self._folder / "checkpoint") as steps:
            yield Checkpoints(steps, trainer, self._about, self._origin())

    def _origin(self) -> Origin:
        return Origin(self._start.network.digest, self._data.digest(), stages.key(TRAINING_CODE))

    def _require_same(self) -> None:
        """Refuses processes that would train something else than the first."""
        origin = self._origin()
        hosts.require_same(
            {
                "has other options": repr(self.asked),
                "starts from other weights": origin.network,
                "sees other images or annotations": origin.data,
                "has other versions of this package or its libraries, or another kind of device": origin.code,
            }
        )

    def _check_origin(self, stopped: SavedTraining, context: Context) -> None:
        """Other input is refused; other code continues with a note, as training takes hours."""
        then, now, step = stopped.origin, self._origin(), stopped.step
        for same, other in (
            (then.network == now.network, "started from other weights"),
            (then.data == now.data, "saw other images or annotations"),
        ):
            if not same:
                raise InputError(
                    f"{self._folder}: its checkpoint of step {step} {other}; choose another --workdir, or "
                    "delete it"
                )
        if then.code != now.code:
            context.notes.add(
                f"trained up to step {step} by other versions of this package or its libraries, or on "
                f"another kind of device: delete {self._folder} to train it anew"
            )


class _Loop:
    """Updates, validations and checkpoints, one after another."""

    def __init__(
        self,
        trainer: Trainer,
        data: TrainingData,
        checkpoints: Checkpoints | None,
        log: TrainingLog,
        context: Context,
    ):
        self.trainer, self.data, self.checkpoints, self.log = trainer, data, checkpoints, log
        self.context = context

    def run(self, newest: int | None) -> None:
        """newest: steps that were done before; None: not even the first validation."""
        recipe, clock, log = self.trainer.recipe, self.context.clock, self.log
        what, done = self.trainer.objective.name, newest or 0
        with self.context.progress({"steps": recipe.steps}) as advance:
            advance("steps", done, what)
            if newest is None:
                with clock("validation"):
                    advance("steps", 0, "validation")
                    self._validate(0)
            losses: collections.deque = collections.deque()
            for step, batch in enumerate(self.data.training(done, recipe.steps), done):
                with clock("training"):
                    losses.append((step + 1, self.trainer.step(batch, step)))
                    last = step + 1 == recipe.steps or (step + 1) % recipe.evaluate_every == 0
                    if last or len(losses) == _FETCH:
                        self._record(losses)
                        advance("steps", 0, f"{what}, loss {log.rows[-1].value:.3f}")
                advance("steps", 1, f"{what}, loss {log.rows[-1].value:.3f}" if log.rows else what)
                if last:
                    with clock("validation"):
                        self._validate(step + 1)

    def _record(self, losses: collections.deque) -> None:
        """Takes the losses in; stops where one is not finite, before anything is saved of it."""
        while losses:
            step, loss = losses.popleft()
            if not math.isfinite(float(loss)):
                self._stop(f"the loss of step {step} is {float(loss)}")
            self.log.add(step, "train", {"loss": float(loss)})

    def _stop(self, why: str) -> None:
        self.log.save()
        if self.checkpoints is None:
            raise InputError(f"{why}: take a lower learning_rate or new_learning_rate")
        raise InputError(
            f"{why}; the checkpoint of step {self.checkpoints.newest} is kept: take a lower --learning_rate "
            "or --new_learning_rate, and another --workdir"
        )

    def _validate(self, step: int) -> None:
        """Figures on validation examples, then a checkpoint."""
        broken = self.trainer.broken()
        if broken:
            self._stop(f"{broken[0]} is not finite after step {step}")
        outputs = [
            {name: value[:count] for name, value in self.trainer.outputs(batch).items()}
            for batch, count in self.data.validation()
        ]
        whole = {name: np.concatenate([found[name] for found in outputs]) for name in outputs[0]}
        self.log.add(step, "val", self.trainer.objective.metrics(whole, self.data.val_truth))
        self.log.save()
        if self.checkpoints is not None:
            self.checkpoints.save(step, self.log.rows)
