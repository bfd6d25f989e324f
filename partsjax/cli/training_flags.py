"""Flags of how a network is trained, shared by supervision and comparison."""

import dataclasses

from absl import flags

from partsjax.cli import flags as shared
from partsjax.supervision.objectives import OBJECTIVES
from partsjax.supervision.recipe import SCHEDULES, Recipe

_DEFAULT = Recipe()
flags.DEFINE_enum("supervision", "object", list(OBJECTIVES), "What the network learns from; see above.")
flags.DEFINE_integer("steps", _DEFAULT.steps, "Updates of the parameters.", lower_bound=1)
flags.DEFINE_string(
    "train_from",
    "",
    "First layer that is trained, as conv5; the layers before it stay fixed. head: the head alone. "
    "Default: all are trained.",
)
flags.DEFINE_integer(
    "hidden",
    _DEFAULT.hidden,
    "Units of the hidden layer where the weights have no fully connected layers. 0: none, scores are linear "
    "in the features (with --train_from=head: a linear probe).",
    lower_bound=0,
)
flags.DEFINE_float(
    "learning_rate", _DEFAULT.learning_rate, "Peak learning rate of layers whose weights were given.", 0.0
)
flags.DEFINE_float(
    "new_learning_rate", _DEFAULT.new_learning_rate, "Peak learning rate of layers that start at random.", 0.0
)
flags.DEFINE_enum("schedule", _DEFAULT.schedule, SCHEDULES, "How the learning rates decay.")
flags.DEFINE_float("weight_decay", _DEFAULT.weight_decay, "Weight decay, of kernels only.", 0.0)
flags.DEFINE_bool("balance", _DEFAULT.balance, "Draw the class of an example first, then the example.")
flags.DEFINE_enum(
    "windows",
    None,
    ["jittered", "random", "selective"],
    "Source of windows: jittered around objects (object's default; the background random), random "
    "(wsddn's default), or selective search, which needs opencv-contrib-python-headless.",
)
flags.DEFINE_integer("num_windows", _DEFAULT.num_windows, "Windows per image, for wsddn.", lower_bound=2)
flags.DEFINE_integer(
    "image_size", None, "Side of whole images, in pixels. Default: the network's input.", lower_bound=32
)
flags.DEFINE_integer(
    "evaluate_every",
    _DEFAULT.evaluate_every,
    "Steps between validations; each writes a checkpoint.",
    lower_bound=1,
)
flags.DEFINE_integer(
    "val_limit",
    _DEFAULT.val_limit,
    "Validate on at most this many objects or images, evenly spread.",
    lower_bound=1,
)
flags.adopt_module_key_flags(shared)


def refuse_idle_training_flags(objectives: set[str]) -> None:
    """Refuses flags of the command line that no training under these objectives looks at."""
    if objectives <= {"object"}:
        shared.refuse_idle(["image_size"], "on windows, which are warped to the network's input")
    if "wsddn" not in objectives:
        shared.refuse_idle(["num_windows"], "without wsddn")


def training_options():
    """What the flags say of a training: `TrainingOptions`."""
    from partsjax.runs.supervision import TrainingOptions

    given = {field.name: flags.FLAGS[field.name].value for field in dataclasses.fields(Recipe)}
    recipe = dataclasses.replace(_DEFAULT, **{name: v for name, v in given.items() if v is not None})
    options = shared.job_options()
    del options["layers"]
    return TrainingOptions(recipe=recipe, supervision=flags.FLAGS.supervision, **options)
