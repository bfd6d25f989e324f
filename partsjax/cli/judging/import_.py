"""Brings answers into a study that were given elsewhere: to another copy of it, or in Label Studio.

Files are those of export, CSV or JSON, or what Label Studio exports as JSON of the tasks that export made.
All answers are brought in or, where something is wrong, none; those that are there already are not brought in
twice. A participant of a platform is the same rater here and there; a rater who was invited to another copy,
or a user of Label Studio, is a rater of their own.

  partsjax judging import --study=S --answers=FILE.csv
"""

from pathlib import Path

from absl import flags

from partsjax.cli.flags import PATH
from partsjax.cli.subcommands import own_flags

COMPUTES = False
FLAGS = own_flags()
_STUDY = flags.DEFINE(PATH, "study", None, "Folder of the study.", flag_values=FLAGS)
_ANSWERS = flags.DEFINE(PATH, "answers", None, "The file with answers.", flag_values=FLAGS)


def main() -> None:
    from partsjax.cli.terminal import Terminal
    from partsjax.errors import InputError
    from partsjax.judging.importing import answers_in, import_answers
    from partsjax.judging.store import DATABASE, Store

    for flag, what in ((_STUDY, "the folder that prepare made"), (_ANSWERS, "a file of export")):
        if not flag.value:
            raise InputError(f"--{flag.name}: is needed; give {what}")
    with Store(Path(_STUDY.value) / DATABASE) as store:
        found = import_answers(store, answers_in(Path(_ANSWERS.value), store.study().digest))
    Terminal().show(
        f"{found.new} answers of {found.raters} raters brought in; {found.known} were there already"
    )
