"""Training as a question that a run asks: from options to the files of a run."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from partsjax.errors import InputError
from partsjax.networks.pytorch import is_torch
from partsjax.networks.weights.normalisation import WeightOptions
from partsjax.runs.context import Context
from partsjax.runs.inputs import dataset_of, network_of
from partsjax.runs.question import Question
from partsjax.runs.supervision.asked import TrainingRequest
from partsjax.runs.supervision.log import summary_writer
from partsjax.runs.supervision.result import Trained
from partsjax.runs.supervision.training import TRAINING_CODE, Training
from partsjax.supervision.recipe import Recipe


@dataclasses.dataclass(frozen=True)
class TrainingOptions:
    """What decides a trained network; as on the command line.

    The last four are as in `TrainingRequest`; half: of the train images, as for `data.halves.half`.
    """

    net: str = "alexnet"
    weights: str = "imagenet"
    dataset: str = "shapeparts"
    data_dir: str | None = None
    classes: tuple[str, ...] = ("all",)
    dtype: str = "float32"
    file: WeightOptions = dataclasses.field(default_factory=WeightOptions)
    reader: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    half: int | None = None
    supervision: str = "object"
    recipe: Recipe = dataclasses.field(default_factory=Recipe)
    limit: int | None = None
    seed: int = 0

    def __post_init__(self):
        self.asked()

    def asked(self) -> TrainingRequest:
        """Raises `InputError` for what cannot be meant."""
        return TrainingRequest(self.supervision, self.recipe, self.limit, self.seed)


def require_trainable(net: str) -> None:
    """Raises `InputError` for a PyTorch module by name: which of its layers carries a head is not said."""
    if is_torch(net):
        raise InputError(
            f"--net={net}: commands do not train PyTorch modules; train it in PyTorch and give its state "
            "dict as --weights=FILE, or in a notebook pj.train(pj.from_torch(...), ...)"
        )


def supervision_question(options: TrainingOptions, folder: Path) -> Question[Trained]:
    """What does the network that the options name learn? Checkpoints are kept in `folder`, the run's.

    The same options on the same devices end with the same parameters, however often the run was stopped.
    """

    require_trainable(options.net)

    def prepare(context: Context):
        summary_writer()
        dataset = dataset_of(options, context)
        network = network_of(options, context)
        return Training(network, dataset, options.asked(), context, folder).run

    return Question(options, TRAINING_CODE, options.dtype, prepare)
