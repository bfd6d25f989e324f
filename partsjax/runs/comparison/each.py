"""What is done to each network of a comparison: it is trained if asked for, and measured."""

import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from partsjax.runs import emergence, skeleton, stages, supervision, workdir
from partsjax.runs.comparison.members import Member
from partsjax.runs.comparison.options import ComparisonOptions
from partsjax.runs.context import Context
from partsjax.runs.emergence import Emergence
from partsjax.runs.inputs import network_of
from partsjax.runs.options import Options
from partsjax.runs.supervision import TrainingOptions

Train = Callable[[TrainingOptions, Path, Context], Any]
"""Trains in a folder and leaves `checkpoint/` and, last, `manifest.json` there."""


def train_in(options: TrainingOptions, folder: Path, context: Context) -> None:
    skeleton.run(supervision.supervision_question(options, folder), folder, context)


@dataclasses.dataclass(frozen=True)
class Each:
    """Where the networks of a comparison are trained and measured, and how.

    folder: the comparison's; each network has its own in `networks/` and `emergence/` there, an ordinary run.
    pages: whether it has its own report, too.
    """

    options: ComparisonOptions
    folder: Path
    pages: bool
    train: Train

    def measured(self, member: Member, heading: str, context: Context) -> Emergence:
        """Of one network. Finished runs are taken as they are; stimuli, gigabytes of them, are dropped."""
        weights = member.weights or self._trained(member, heading, context)
        place, options = self.place(member), self.options.measuring_of(member, weights)
        if not self._stands(place, options):
            context.say(f"{heading}: emergence")
            with context.clock("emergence"):
                question = emergence.emergence_question(options, report=self.pages)
                skeleton.run(question, place, context.step(heading))
        _note(place, context)
        for stimuli in (place / "cache").glob("stimuli*"):  # those of nulls, too
            shutil.rmtree(stimuli, ignore_errors=True)
        return emergence.read(place)

    def place(self, member: Member) -> Path:
        return self.folder / "emergence" / member.folder

    def training(self, member: Member) -> Path:
        return self.folder / "networks" / member.folder

    def page(self, member: Member) -> dict[str, str]:
        """By run, the address of the network's own report, seen from the comparison's."""
        made = (self.place(member) / "report" / "index.html").exists()
        run = f"emergence/{member.folder}"
        return {run: f"../{run}/report/index.html"} if made else {}

    def _trained(self, member: Member, heading: str, context: Context) -> str:
        """The checkpoint of a network that is trained here."""
        place, options = self.training(member), self.options.training_of(member)
        if not skeleton.finished(place, options):
            context.say(f"{heading}: training")
            with context.clock("training"):
                self.train(options, place, context.step(heading))
        elif workdir.read_json(place / "manifest.json").get("code_version") != stages.key(
            supervision.TRAINING_CODE
        ):
            context.notes.add(
                f"{member.folder} was trained by other versions of this package or its libraries, or on "
                f"another kind of device: delete networks/{member.folder} to train it anew"
            )
        _note(place, context)
        return str(place / "checkpoint")

    def _stands(self, place: Path, options: Options) -> bool:
        """Whether the very same network was measured there, by the same code."""
        # The folder may have been moved, and its checkpoints with it: their digest says what they are.
        if not skeleton.finished(place, options, but=("weights",)):
            return False
        if self.pages and not (place / "report").exists():
            return False
        found = workdir.read_json(place / "manifest.json")
        same_code = found.get("code_version") == stages.key(emergence.EMERGENCE_CODE)
        return same_code and found.get("network_digest") == network_of(options, Context()).digest


def _note(place: Path, context: Context) -> None:
    """Repeats the notes of a finished run, also of one that was finished before."""
    context.notes.add(*workdir.read_json(place / "manifest.json").get("notes", ()))
