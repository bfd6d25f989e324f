"""Which filters, and which parts, does a class score rest on? And are they the ones that emerge?

On the crops of each class in unseen images, ablates every filter of a layer and blacks out every part, one
at a time, and measures how much the score of the right class drops. A filter is discriminative for a class
if the drop is over two standard deviations above the mean of the layer's filters; a part if the drop is
significantly larger than for boxes of its size elsewhere in the object, which leave the part alone. Then it
asks how many of these filters detect a part beyond place, compared with chance, and whether the parts that
matter are those with detectors.

  partsjax supervision --supervision=object --workdir=W
  partsjax discriminativeness --weights=W/checkpoint
      A network needs scores for the classes of the data: train one first.
  partsjax discriminativeness --net=efficientnet_lite0 --classes=dog,cat
      or take a classifier of ImageNet's classes as it is.
  partsjax discriminativeness --weights=W/checkpoint --emergence=E
      E: the folder of partsjax emergence with the same weights and data. Without it emergence is
      measured first.

If the run is stopped, the same command resumes it. It writes report/index.html (look at it first),
filters.csv (what each filter is worth to each class), parts.csv (what each part is worth), summary.json and
manifest.json into --workdir.
"""

from absl import flags

from partsjax.cli import flags as shared
from partsjax.runs.options import Options

_LAYER = flags.DEFINE_string(
    "layer", "", "The layer whose filters are taken out. Default: the last convolution."
)
_EMERGENCE = flags.DEFINE(
    shared.PATH,
    "emergence",
    None,
    "Folder of a finished partsjax emergence of the same network, layer and data. Default: emergence is "
    "measured in that layer, into --workdir/emergence.",
)
_DEVIATIONS = flags.DEFINE_float(
    "deviations", 2.0, "Standard deviations over the layer's mean from which a filter is discriminative."
)
_AFTER_SOFTMAX = flags.DEFINE_bool(
    "after_softmax", False, "Call filters discriminative by the drop of the probability, not of the score."
)
_BLACKOUTS = flags.DEFINE_integer(
    "blackouts",
    None,
    "At most this many crops per part are blacked out, spread evenly over those that show it; each takes "
    "nine forward passes. Default: all.",
    lower_bound=1,
)
_CLASS_MAP = flags.DEFINE(
    shared.PATH,
    "class_map",
    None,
    "JSON file, {class of the data: [classes of the network, ...]}: its score is their log-sum-exp. "
    "ImageNet's go by synset (n02085620) or first name. Default: VOC's and COCO's classes are known among "
    "ImageNet's.",
)
flags.adopt_module_key_flags(shared)


def main() -> None:
    from partsjax.cli.asking import ask
    from partsjax.errors import InputError
    from partsjax.networks.class_map import read_class_map
    from partsjax.reporting.discriminative.table import discriminative_table
    from partsjax.runs import discriminativeness

    options = shared.job_options()
    if options["layers"]:
        raise InputError(
            "--layers: one layer per run; give it as --layer, or leave it out for the last convolution"
        )
    asked = discriminativeness.DiscriminativenessOptions(
        job=Options(**options, nulls=(), all_searches=False),
        layer=_LAYER.value,
        emergence=_EMERGENCE.value or "",
        deviations=_DEVIATIONS.value,
        after_softmax=_AFTER_SOFTMAX.value,
        blackouts=_BLACKOUTS.value,
        class_map=read_class_map(_CLASS_MAP.value) if _CLASS_MAP.value else {},
    )
    ask(
        "discriminativeness",
        asked,
        lambda folder: discriminativeness.discriminativeness_question(asked, folder),
        lambda found, width: [discriminative_table(found.findings)],
    )
