"""What emerges in a network depending on what it was trained for, or on its kind: trains, measures and
compares several.

Networks (--networks) are measured one after another on the same images, and compared with --baseline, with
intervals on the differences:
  random    random weights                    image    trained here on whole images with labels
  imagenet  as installed with this package    mil, cam, wsddn  on image labels, and localizing
  object    trained here on object windows    scratch  as --supervision says, from random weights
Add others by their weights, as scenes=places365 or mine=FILE, or as a network of another kind, as
deep=vgg16@imagenet or own=package.module:function. --layers=conv5,deep:conv5_3 names layers of a single
network; a layer that the baseline does not have is compared with the baseline's last.

  partsjax comparison --networks=random,imagenet,object --steps=100 --limit=100 --workdir=W
      A first look, on shapeparts, drawn on the fly.
  partsjax comparison --config=configs/supervision_levels.py --data_dir=DIR --workdir=W
      The published comparison, on photographs with part boxes, in COCO JSON.
  partsjax comparison --config=configs/comparison_architectures.py --data_dir=DIR --workdir=W
      Networks of different kinds by depth, each with its own nulls.
  ... --seeds=0,1,2
      Random, trained and scratch networks once per seed; intervals over seeds too.

If the run is stopped, the same command resumes it. It writes report/index.html (look at it first),
comparison.csv (every network by layer), pairs.csv (every two networks), differences.csv,
part_differences.csv, summary.json and manifest.json into --workdir; trained networks into networks/, each
network's own run into emergence/.
"""

from absl import flags

from partsjax.cli import flags as shared
from partsjax.cli import null_flags, training_flags
from partsjax.errors import InputError

_NETWORKS = flags.DEFINE_list(
    "networks",
    ["random", "imagenet", "object", "image", "mil", "cam", "scratch"],
    "Networks, in the order of the tables; or NAME=WEIGHTS for others, as scenes=places365 or "
    "mine=FILE, NAME=NET@WEIGHTS for another kind of network, as for --net and --weights.",
)
_BASELINE = flags.DEFINE_string("baseline", "imagenet", "The network that the others are compared with.")
_SEEDS = flags.DEFINE_list("seeds", ["0"], "Seeds of random, trained and scratch networks, as 0,1,2.")
_TRAIN_ON = flags.DEFINE_enum(
    "train_on",
    "half",
    ["half", "all"],
    "half: networks are trained on one half of the train images, and regressors, sets and priors of all "
    "networks are fitted on the other, for a network overfits to what it was trained on. all: both on all.",
)
_SCRATCH_STEPS = flags.DEFINE_integer(
    "scratch_steps", None, "Updates of scratch. Default: as many as --steps.", lower_bound=1
)
_EMERGENCE_LIMIT = flags.DEFINE_integer(
    "emergence_limit",
    None,
    "At most this many objects per class and split when emergence is measured; training sees all. Default: "
    "as --limit, which holds for both.",
    lower_bound=1,
)
_PAGES = flags.DEFINE_bool("pages", False, "Also write every network's own report, with its pictures.")
_OF_TRAINING = (
    "weights", "supervision", "steps", "scratch_steps", "train_from", "hidden", "learning_rate",
    "new_learning_rate", "schedule", "weight_decay", "balance", "windows", "num_windows", "image_size",
    "evaluate_every", "val_limit", "train_on",
)  # fmt: skip
flags.adopt_module_key_flags(shared)
flags.adopt_module_key_flags(null_flags)
flags.adopt_module_key_flags(training_flags)


def main() -> None:
    from partsjax.cli.asking import ask
    from partsjax.reporting.comparison.terminal import tables
    from partsjax.runs.comparison import ComparisonOptions, comparison_question
    from partsjax.runs.options import Options

    shown = shared.job_options()
    shown["limit"] = _EMERGENCE_LIMIT.value or shown["limit"]
    options = ComparisonOptions(
        networks=tuple(_NETWORKS.value),
        measuring=Options(all_searches=False, **null_flags.null_options(()), **shown),
        training=training_flags.training_options(),
        seeds=tuple(map(_seed, _SEEDS.value)),
        baseline=_BASELINE.value,
        train_on=_TRAIN_ON.value,
        scratch_steps=_SCRATCH_STEPS.value,
    )
    _refuse_idle(options)
    ask(
        "comparison",
        options,
        lambda folder: comparison_question(options, folder, pages=_PAGES.value),
        lambda found, width: tables(found.content, width),
    )


def _seed(text: str) -> int:
    if not text.isdecimal() or int(text) > shared.MOST_SEED:
        raise InputError(
            f"--seeds: {text!r} is not a whole number from 0 to {shared.MOST_SEED}; give them as 0,1,2"
        )
    return int(text)


def _refuse_idle(options) -> None:
    """Refuses flags of the command line that change nothing for these networks."""
    from partsjax.runs.comparison.members import SCRATCH, members

    every = members(options.networks, options.seeds, options.measuring.net)
    trained = [member for member in every if member.trained]
    if all(member.seed is None for member in every):
        shared.refuse_idle(["seeds"], "where no network has one: those given have their weights")
    if not trained:
        shared.refuse_idle(_OF_TRAINING, "where no network is trained")
        if _EMERGENCE_LIMIT.value:
            shared.refuse_idle(["limit"], "with --emergence_limit where no network is trained")
    names = {member.name for member in trained}
    if SCRATCH not in names:
        shared.refuse_idle(["supervision", "scratch_steps"], "without scratch among --networks")
    if names == {SCRATCH}:
        shared.refuse_idle(["weights", "train_from", "learning_rate"], "on scratch alone: all of it is new")
    training = [options.training_of(member) for member in trained]
    if not any(one.recipe.windows for one in training):
        shared.refuse_idle(["windows"], "on these networks: none learns from such windows")
    training_flags.refuse_idle_training_flags({one.supervision for one in training})
