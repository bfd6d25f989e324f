"""What the raters of a study say: fractions of filters by kind, agreement, names, with a report.

  partsjax judging summarize --study=W/judging
      Prints the table; report/index.html in that folder is the page to look at.
  partsjax judging summarize --study=S --run=W --discriminativeness=D
      W: the run the study was made from, where the study lies elsewhere; D: a run of partsjax
      discriminativeness of the same network, to compare with what its class scores rest on.
  partsjax judging summarize --study=S --min_gold=0.7
      Leaves out raters who got fewer of the gold items right; figures with them stand beside.

It writes judgments.csv (every filter), fractions.csv (with intervals), names.csv, raters.csv,
associations.csv (against what is measured), summary.json and report/index.html into --study, any number of
times, also while raters still answer.
"""

from pathlib import Path

from absl import flags

from partsjax.cli.flags import PATH
from partsjax.cli.subcommands import own_flags

COMPUTES = False
FLAGS = own_flags()
_STUDY = flags.DEFINE(PATH, "study", None, "Folder of the study.", flag_values=FLAGS)
_RUN = flags.DEFINE(
    PATH,
    "run",
    None,
    "Folder of the run that the study was made from: which parts the dataset annotates, and which filters "
    "serve a part beyond place. Default: the folder around --study, if it is that run.",
    flag_values=FLAGS,
)
_DISCRIMINATIVENESS = flags.DEFINE(
    PATH,
    "discriminativeness",
    None,
    "Folder of a finished partsjax discriminativeness of the same network, for its discriminative filters.",
    flag_values=FLAGS,
)
_MIN_GOLD = flags.DEFINE_float(
    "min_gold",
    0.0,
    "Leave out raters whose share of right gold answers is lower, as 0.7. Default: nobody is left out.",
    lower_bound=0.0,
    upper_bound=1.0,
    flag_values=FLAGS,
)


def main() -> None:
    from partsjax.cli.terminal import Terminal
    from partsjax.errors import InputError
    from partsjax.reporting.judging.judging_terminal import judging_table
    from partsjax.runs.judging.judgements import judgements

    if not _STUDY.value:
        raise InputError("--study: which study is it about? give its folder, as prepare named it")
    terminal = Terminal()
    found = judgements(
        Path(_STUDY.value),
        run=_RUN.value,
        discriminativeness=_DISCRIMINATIVENESS.value,
        min_gold=_MIN_GOLD.value,
    )
    for note in found.notes:
        terminal.note(note)
    found.save(found.folder)
    found.write_report(found.folder / "report")
    terminal.show(judging_table(found.findings))
    terminal.show(f"report: {found.folder}/report/index.html")
    terminal.show(f"results: {found.folder}/{', '.join(found.outputs)}")
