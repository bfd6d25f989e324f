"""Which parts have detectors among a network's filters, and is it more than chance?

Crops every object, runs the network, fits for each (filter, part) a regression from where and how the
filter fires to the part's box, and measures average precision at IoU 0.4, on train and on unseen images.
Then looks for the best set of filters for every part, and compares it with the place prior, which reads the
object's box and no pixel, and with nulls: the same search where it cannot know parts.

  partsjax emergence --net=alexnet
      ImageNet weights on shapeparts, drawn on the fly: works at once.
  partsjax emergence --net=vgg16 --dataset=coco_parts --data_dir=DIR --classes=horse,dog
      Photographs with part boxes, in COCO JSON.

If the run is stopped, the same command resumes it. It writes report/index.html (look at it first), parts.csv
(the verdict on each part), combinations.csv (the sets found), filters.parquet (every filter x part),
summary.json and manifest.json into --workdir.
"""

from absl import flags

from partsjax.cli import flags as shared
from partsjax.cli import half_flag, null_flags
from partsjax.data.frames import FRAMES
from partsjax.emergence.combination import RANKINGS, SEARCHES, Search
from partsjax.emergence.method import SIGNS, Method
from partsjax.emergence.nulls import DEFAULT_NULLS
from partsjax.runs.options import Options

_METHOD = {
    "stimuli": "Local maxima kept per filter and crop.",
    "stimulus_window": "Side, in cells, of a local maximum's neighborhood (odd).",
    "nms_iou": "Overlap above which a weaker detection is dropped.",
    "correct_iou": "Overlap with a part's box from which a detection is correct.",
    "ridge": "Ridge of the regression, relative to its trace.",
    "min_pairs": "Pairs of local maximum and part box that a regression needs; with fewer the AP is 0.",
    "emergence_ap": "AP over which a part emerges.",
    "false_discovery_rate": "A part is beyond place up to this q-value.",
    "min_val_boxes": "Parts with fewer boxes on unseen images are listed, and not counted.",
    "min_part_size": "Parts with a side under this many crop pixels are neither right nor wrong to find.",
    "sign": "Stimuli are local maxima above 0: positive, of the activation; both, of its negative too, as "
    "filters F + f of a layer of F filters, which is then called conv5_both.",
}


def _define_sign(name: str, default: str, text: str) -> None:
    flags.DEFINE_enum(name, default, SIGNS, text)


for _name, _help in _METHOD.items():
    _default = getattr(Method, _name)
    _define = {int: flags.DEFINE_integer, float: flags.DEFINE_float, str: _define_sign}[type(_default)]
    _define(_name, _default, _help)
_COMBINATION = flags.DEFINE_enum(
    "combination",
    "ga",
    SEARCHES,
    "How verdicts look for a part's set of filters: the paper's genetic algorithm, or adding the filter that "
    "raises train AP most.",
)
_SCORE = flags.DEFINE_enum(
    "score",
    "activation",
    RANKINGS,
    "What a set's detections are ranked by: the activation, or that turned into train precision filter by "
    "filter.",
)
_UNION_NMS = flags.DEFINE_bool(
    "union_nms", False, "Drop a set's detections that overlap a stronger member's."
)
_ALL_SEARCHES = flags.DEFINE_bool(
    "all_searches",
    False,
    "Also look for sets with the other --combination and --score; combinations.csv has what each found.",
)
_READOUTS = flags.DEFINE_bool(
    "readouts",
    False,
    "Also fit linear readouts of all filters of each layer: is a part there that no filter detects? Two more "
    "passes of the network over train, one over val, shared with --iou.",
)
_OWN_EVIDENCE = flags.DEFINE_bool(
    "own_evidence",
    False,
    "Also show the network crops in which all but a part, or the part, is blacked out: do filters see the "
    "part, or what is around it? The network runs twice more for every part that a held-out crop shows.",
)
_SANITY = flags.DEFINE_bool(
    "sanity",
    False,
    "Also take every held-out score with wrong labels, half of a part's boxes missing, or as many added: a "
    "score that does not fall is blind to that.",
)
_WEIGHTS_SEED = flags.DEFINE_integer(
    "weights_seed",
    None,
    "Seed of random weights alone, so that several such networks are measured on the same images. Default: "
    "--seed.",
    lower_bound=0,
    upper_bound=shared.MOST_SEED,
)
_IOU = flags.DEFINE_bool(
    "iou",
    False,
    "Also measure Network Dissection's criterion: IoU of the pixels on which a filter is active with those "
    "of a part. Takes the same passes of the network as --readouts.",
)
_FRAME = flags.DEFINE_enum(
    "frame",
    "object",
    FRAMES,
    "What the network is shown: every object in a crop of its own, or whole images squashed to its input, as "
    "Network Dissection does.",
)
_DESCRIPTIONS = flags.DEFINE(
    shared.PATH,
    "descriptions",
    None,
    "CSV file of layer, unit and text: what someone else says of filters, to be held against the truth in "
    "descriptions.csv.",
)
flags.adopt_module_key_flags(shared)
flags.adopt_module_key_flags(half_flag)
flags.adopt_module_key_flags(null_flags)


def main() -> None:
    from partsjax.cli.asking import ask
    from partsjax.cli.verdicts import criteria_lines, description_lines, verdict_blocks
    from partsjax.runs import emergence

    values = flags.FLAGS
    shown = shared.job_options()
    if shown["weights"] != "random":
        shared.refuse_idle(["weights_seed"], "where weights are given")
    options = Options(
        method=Method(**{name: values[name].value for name in _METHOD}),
        search=Search(values.combination, values.score, values.union_nms),
        **null_flags.null_options(DEFAULT_NULLS),
        all_searches=values.all_searches,
        weights_seed=_WEIGHTS_SEED.value,
        half=half_flag.half_asked(),
        frame=_FRAME.value,
        iou=_IOU.value,
        readouts=_READOUTS.value,
        own_evidence=_OWN_EVIDENCE.value,
        sanity=_SANITY.value,
        descriptions=_DESCRIPTIONS.value,
        **shown,
    )
    ask(
        "emergence",
        options,
        lambda folder: emergence.emergence_question(options),
        lambda found, width: (
            *criteria_lines(found.criteria),
            *(
                description_lines(found.described.by_layer, found.described.unmatched)
                if found.described
                else ()
            ),
            *verdict_blocks(found.verdicts, found.summary, width),
        ),
    )
