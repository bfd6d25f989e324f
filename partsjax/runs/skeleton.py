"""The skeleton of every run: one at a time in a folder, made for one set of options, resumed, vouched for.

A question (`question.Question`) brings its options, how it is prepared and answered, and what it writes.
What all runs have in common is here: the folder's lock, the claim of its options, the stage cache,
errors in one line, and the manifest, which is written last. Nothing is printed but progress and notes;
tables and paths at the end are the commands'.

    def question(options: MyOptions) -> Question[MyResult]:
        def prepare(context):
            with context.clock("weights"):
                network = ...
            return lambda context: answer(network, options, context)

        return Question(options, __name__, options.dtype, prepare)

    result = skeleton.run(question(options), folder, context)

Stages that are kept under `context.cache` are taken from there when the same command runs again: a run that
was stopped goes on. A run inside another: `skeleton.run(question(...), folder / "inner", context.step())`.
"""

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

from partsjax.runs import manifest, workdir
from partsjax.runs.context import Context
from partsjax.runs.question import Question, R
from partsjax.runs.stages import Cache


def run(question: Question[R], folder: Path, context: Context) -> R:
    """Asks a question in a folder and writes what comes of it there, `manifest.json` last.

    Raises:
      InputError: something the user can fix, in one line; what was finished is kept.
    """
    with workdir.locked_folder(folder):
        answer = question.prepare(context)
        workdir.claim(folder, dataclasses.asdict(question.options))
        context = dataclasses.replace(context, cache=Cache(folder / "cache", context.say))
        result = answer(context)
        # A manifest vouches for the files next to it: none while they change.
        (folder / "manifest.json").unlink(missing_ok=True)
        question.write(result, folder, context)
        manifest.write(folder, question, result, context)
        if context.keep == "none":
            shutil.rmtree(folder / "cache", ignore_errors=True)
    return result


def finished(folder: Path, options: Any, but: tuple[str, ...] = ()) -> bool:
    """Whether a run with these options, `but` for some, has finished there, its files as they were."""
    if manifest.stands(folder) is None or not (folder / "options.json").exists():
        return False
    wanted = json.loads(json.dumps(dataclasses.asdict(options)))
    claimed = workdir.read_json(folder / "options.json")
    then, now = ({k: v for k, v in o.items() if k not in but} for o in (claimed, wanted))
    return then == now
