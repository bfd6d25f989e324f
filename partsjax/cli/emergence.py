"""Which parts have detectors among a network's filters, and is it more than chance?

Crops every object, runs the network, fits for each (filter, part) a regression from where and how the
filter fires to the part's box, and measures average precision at IoU 0.4, on train and on unseen images.
Then looks for the best set of filters for every part, and holds it against place alone (fixed boxes, the same
in every crop), untrained weights and shuffled parts.

  partsjax emergence --net=alexnet
      ImageNet weights on shapeparts, drawn on the fly: works at once.
  partsjax emergence --net=vgg16 --dataset=coco_parts --data_dir=DIR --classes=horse,dog
      Photographs with part boxes, in COCO JSON.

Killed half-way, the same command goes on. It writes report/index.html (look at it first), parts.csv (the
verdict on each part), combinations.csv (the sets all searches found), filters.parquet (every filter x part),
summary.json and manifest.json into --workdir.
"""

from absl import flags

from partsjax.cli import flags as shared
from partsjax.emergence.combination import RANKINGS, SEARCHES, Search
from partsjax.emergence.method import Method
from partsjax.emergence.nulls import NULLS
from partsjax.runs.options import Options

_DEFAULT = Method()
_STIMULI = flags.DEFINE_integer(
    "stimuli", _DEFAULT.stimuli, "Local maxima kept per filter and crop.", lower_bound=1
)
_PEAK_WINDOW = flags.DEFINE_integer(
    "stimulus_window",
    _DEFAULT.stimulus_window,
    "Side, in cells, of a local maximum's neighbourhood (odd).",
    lower_bound=1,
)
_NMS_IOU = flags.DEFINE_float(
    "nms_iou", _DEFAULT.nms_iou, "Overlap above which a weaker detection is dropped.", 0.0, 1.0
)
_RIDGE = flags.DEFINE_float("ridge", _DEFAULT.ridge, "Ridge of the regression, relative to its trace.", 0.0)
_MIN_PART_SIZE = flags.DEFINE_float(
    "min_part_size",
    _DEFAULT.min_part_size,
    "Parts with a side under this many crop pixels are neither right nor wrong to find.",
    0.0,
)
_COMBINATION = flags.DEFINE_enum(
    "combination",
    "ga",
    SEARCHES,
    "How verdicts look for a part's set of filters: the paper's genetic algorithm, or adding the filter that "
    "raises train AP most. Both are in combinations.csv.",
)
_SCORE = flags.DEFINE_enum(
    "score",
    "activation",
    RANKINGS,
    "What a set's detections are ranked by: the activation, or that turned into train precision filter by "
    "filter. Both are in combinations.csv.",
)
_UNION_NMS = flags.DEFINE_bool(
    "union_nms", False, "Drop a set's detections that overlap a stronger member's."
)
_NULLS = flags.DEFINE_list(
    "nulls",
    list(NULLS),
    "Runs that cannot know parts, to hold verdicts against: random (the network untrained) and shuffled "
    "(parts permuted among crops). --nulls= leaves them out.",
)
flags.adopt_module_key_flags(shared)
flags.register_validator("stimulus_window", lambda v: v % 2 == 1, "must be odd")


def main() -> None:
    from partsjax.reporting.terminal import Terminal
    from partsjax.runs import emergence, skeleton
    from partsjax.runs.execution import context_of

    values = flags.FLAGS
    method = Method(
        stimuli=values.stimuli,
        stimulus_window=values.stimulus_window,
        nms_iou=values.nms_iou,
        ridge=values.ridge,
        min_part_size=values.min_part_size,
    )
    search = Search(values.combination, values.score, values.union_nms)
    shared.check_names("nulls", values.nulls)
    nulls = tuple(null for null in values.nulls if null)
    options = Options(method=method, search=search, nulls=nulls, **shared.job_options())
    terminal, execution = Terminal(), shared.execution("emergence", options)
    context = context_of(terminal, execution)
    found = skeleton.run(emergence.question(options), execution.workdir, context)
    terminal.verdicts(found.verdicts, found.summary)
    for problem in found.skipped:
        terminal.say(f"skipped: {problem}")
    terminal.done(execution.workdir, context.clock.seconds)
