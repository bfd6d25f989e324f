"""Adds simulated raters to a study that nobody has answered: to try the whole before people are paid.

  partsjax judging simulate --study=S --raters=10 --accuracy=0.8
      They answer until every item has its raters; then summarize, as with people.

Which filter is of which kind is drawn by --seed and has nothing to do with the filter; a rater's answer is
right at the rate of --accuracy. Simulated raters and people are never in one study, and every page and file
says that they are simulated: make a copy of the study's folder to try with.
"""

from pathlib import Path

from absl import flags

from partsjax.cli.flags import MOST_SEED, PATH
from partsjax.cli.subcommands import own_flags

COMPUTES = False
FLAGS = own_flags()
_STUDY = flags.DEFINE(PATH, "study", None, "Folder of the study.", flag_values=FLAGS)
_RATERS = flags.DEFINE_integer("raters", 10, "How many.", lower_bound=1, upper_bound=1000, flag_values=FLAGS)
_ACCURACY = flags.DEFINE_float(
    "accuracy", 0.8, "How often an answer is right.", lower_bound=0.0, upper_bound=1.0, flag_values=FLAGS
)
_SEED = flags.DEFINE_integer(
    "seed",
    0,
    "Of what is planted and of what raters say.",
    lower_bound=0,
    upper_bound=MOST_SEED,
    flag_values=FLAGS,
)


def main() -> None:
    import collections

    from partsjax.cli.terminal import Terminal
    from partsjax.errors import InputError
    from partsjax.judging.rehearsal import rehearse
    from partsjax.judging.store import DATABASE, Store
    from partsjax.judging.votes import SAID

    if not _STUDY.value:
        raise InputError("--study: which study is it about? give its folder, as prepare named it")
    terminal, folder = Terminal(), Path(_STUDY.value)
    with Store(folder / DATABASE) as store:
        planted = rehearse(store, _RATERS.value, _ACCURACY.value, _SEED.value)
    counts = collections.Counter(planted.values())
    shares = ", ".join(f"{kind} {counts[kind]}" for kind in SAID if counts[kind])
    terminal.show(f"{_RATERS.value} simulated raters; of {len(planted)} items were planted: {shares}")
    terminal.show(f"next: partsjax judging summarize --study={folder}")
