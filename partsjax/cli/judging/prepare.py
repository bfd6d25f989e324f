"""Makes a study of a finished run's filters: items with pictures, in one folder.

An item is one filter and one object class: the ten crops of the class, from different images of both splits,
on which the filter fires most strongly, with the activated region brought out. With them come gold items,
whose answer is known, and items to practice on. Network, weights and images are those of the run, which has
to be able to read them still.

  partsjax judging prepare --run=W --layers=conv5 --classes=horse,dog
      Every filter of conv5 and each class, into W/judging.
  partsjax judging prepare --run=W --layers=conv5 --sample=100 --study=S
      100 pairs of class and filter, at random and as many of each class, into S.

The same flags make the same study again, to the byte; where it is there already, with answers or without,
nothing is done.
"""

from pathlib import Path

from absl import flags

from partsjax.cli.flags import MOST_SEED, PATH
from partsjax.cli.subcommands import own_flags

FLAGS = own_flags()
_RUN = flags.DEFINE(PATH, "run", None, "Folder of a finished run of partsjax emergence.", flag_values=FLAGS)
_STUDY = flags.DEFINE(
    PATH, "study", None, "Folder of the study. Default: judging in the run's folder.", flag_values=FLAGS
)
_LAYERS = flags.DEFINE_list(
    "layers", [], "Some of the run's layers, as conv4,conv5. Default: all.", flag_values=FLAGS
)
_CLASSES = flags.DEFINE_list(
    "classes", [], "Some of the run's object classes, as horse,dog. Default: all.", flag_values=FLAGS
)
_FILTERS = flags.DEFINE_string(
    "filters", "", "Filters of each layer, as 0,5-9. Default: all.", flag_values=FLAGS
)
_SAMPLE = flags.DEFINE_integer(
    "sample",
    None,
    "So many pairs of class and filter in all, at random, evenly over layers and classes. Default: all.",
    lower_bound=1,
    flag_values=FLAGS,
)
_RATERS = flags.DEFINE_integer(
    "raters", 3, "Raters that each item is to have.", lower_bound=1, flag_values=FLAGS
)
_BATCH = flags.DEFINE_integer(
    "batch",
    20,
    "Items that a rater does in one go, some seven minutes; one in ten is gold, one in ten is repeated.",
    lower_bound=5,
    upper_bound=1000,
    flag_values=FLAGS,
)
_SEED = flags.DEFINE_integer(
    "seed",
    0,
    "Seed of the sample, of gold items, and of the order in which items are shown.",
    lower_bound=0,
    upper_bound=MOST_SEED,
    flag_values=FLAGS,
)
_DATA_DIR = flags.DEFINE(
    PATH,
    "data_dir",
    None,
    "Where the run's images are now. Default: where the run read them.",
    flag_values=FLAGS,
)
_WEIGHTS = flags.DEFINE(
    PATH,
    "weights",
    None,
    "Where the run's weights are now. Default: where the run read them.",
    flag_values=FLAGS,
)


def networks() -> list[str]:
    """What is loaded, as --net names it."""
    from partsjax.runs.judging import finished_run

    return [finished_run(_folder()).options.net]


def main() -> None:
    from partsjax.cli.terminal import Terminal
    from partsjax.runs.context import Context, Notes
    from partsjax.runs.judging import StudyRequest, finished_run, prepare_study

    asked = StudyRequest(
        tuple(_LAYERS.value),
        tuple(_CLASSES.value),
        _FILTERS.value,
        _SAMPLE.value,
        _RATERS.value,
        _BATCH.value,
        _SEED.value,
    )
    terminal = Terminal()
    context = Context(progress=terminal.progress, notes=Notes(terminal.note), say=terminal.say)
    run = finished_run(_folder(), _DATA_DIR.value, _WEIGHTS.value)
    folder = Path(_STUDY.value) if _STUDY.value else run.folder / "judging"
    prepared = prepare_study(run, folder, asked, context)
    for line in _said(prepared):
        terminal.show(line)


def _folder() -> Path:
    from partsjax.errors import InputError

    if not _RUN.value:
        raise InputError("--run: which run is it about? give the folder of a finished partsjax emergence")
    return Path(_RUN.value)


def _said(prepared) -> list[str]:
    """What the study is, and what comes next."""
    study = prepared.study
    of_filters = sum(item.purpose == "filter" for item in study.items)
    gold = sum(item.purpose == "gold" for item in study.items)
    fresh = study.batch_size * (1 - study.gold_share - study.repeat_share)
    batches = -(-of_filters * study.raters_per_item // fresh)
    lines = [] if prepared.new else [f"{prepared.folder}: the same study is there already; nothing to do"]
    lines.append(
        f"{of_filters} items of filters, {gold} gold items; with {study.raters_per_item} raters an item "
        f"that is {batches:.0f} batches of {study.batch_size}"
    )
    if study.silent:
        lines.append(
            f"{len(study.silent)} filters fire on under five images of their class: they have no item, and "
            "count as no part in the fractions of all filters"
        )
    return [*lines, f"next: partsjax judging serve --study={prepared.folder}"]
