"""Writes all answers of a study to a file that other programs, and other copies of the study, read.

CSV and JSON have a row for each answer, with its rater: the platform's participant id, by which payments and
demographics are joined, or the number of a rater who was invited. What simulated raters say is marked as such
in every row. Label Studio's JSON has a task for each item, with the answers given so far; the labeling
interface of the project is written beside it, and answers come back by import.

  partsjax judging export --study=S
      S/answers.csv
  partsjax judging export --study=S --format=label_studio
      S/label_studio.json and S/label_studio.xml
"""

from pathlib import Path

from absl import flags

from partsjax.cli.flags import PATH
from partsjax.cli.subcommands import own_flags

COMPUTES = False
FLAGS = own_flags()
_FILES = {"csv": "answers.csv", "json": "answers.json", "label_studio": "label_studio.json"}
_STUDY = flags.DEFINE(PATH, "study", None, "Folder of the study.", flag_values=FLAGS)
_FORMAT = flags.DEFINE_enum("format", "csv", list(_FILES), "What is written.", flag_values=FLAGS)
_OUTPUT = flags.DEFINE(
    PATH, "output", None, "The file. Default: one in the study's folder.", flag_values=FLAGS
)
_IMAGES_URL = flags.DEFINE_string(
    "images_url",
    "/data/local-files/?d=images/",
    "label_studio: where it finds the study's images: what comes before a file's name. Default: local files "
    "below the study's folder, as its LOCAL_FILES_DOCUMENT_ROOT.",
    flag_values=FLAGS,
)


def main() -> None:
    import json

    from partsjax.cli.terminal import Terminal
    from partsjax.errors import InputError
    from partsjax.judging import label_studio
    from partsjax.judging.exported import as_csv, as_json, exported
    from partsjax.judging.store import DATABASE, Store
    from partsjax.runs.workdir import plain_errors, written_whole

    if not _STUDY.value:
        raise InputError("--study: which study is it about? give the folder that prepare made")
    if _FORMAT.value != "label_studio" and _IMAGES_URL.present:
        raise InputError("--images_url: has no effect without --format=label_studio; leave it out")
    folder, terminal = Path(_STUDY.value), Terminal()
    path = Path(_OUTPUT.value) if _OUTPUT.value else folder / _FILES[_FORMAT.value]
    with Store(folder / DATABASE) as store:
        frame, study = exported(store), store.study()
    if _FORMAT.value == "label_studio":
        text = json.dumps(label_studio.tasks(study, frame, _IMAGES_URL.value), indent=1) + "\n"
    else:
        text = {"csv": as_csv, "json": as_json}[_FORMAT.value](frame)
    with plain_errors(path.parent), written_whole(path) as place:
        place.write_text(text, encoding="utf-8")
    terminal.show(f"{len(frame)} answers of {frame['rater'].nunique()} raters: {path}")
    if _FORMAT.value == "label_studio":
        interface = path.with_suffix(".xml")
        interface.write_text(label_studio.CONFIG, encoding="utf-8")
        terminal.show(f"labeling interface: {interface}")
