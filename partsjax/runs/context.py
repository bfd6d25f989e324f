"""What surrounds a computation and changes no result beyond float rounding: cache, progress, notes, clock."""

import contextlib
import dataclasses
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from partsjax.progress import Advance, Progress, silent, when_needed
from partsjax.runs.clock import Clock
from partsjax.runs.memory import Memory
from partsjax.runs.stages import Cache
from partsjax.runs.workdir import locked_folder

KEEP = ("all", "evidence", "none")
"""What stays in a cache when it has served: all; all but stimuli; nothing, once the run has finished."""


class Notes:
    """What a reader of the results has to know, a line each, in order, each once.

    heard: called with every line that is new. A step's notes are heard by those of the run around it:
    `Notes(run.notes.add)`.
    """

    def __init__(self, heard: Callable[[str], None] = lambda text: None):
        self._heard, self._texts = heard, {}

    def add(self, *texts: str) -> None:
        for text in texts:
            if text not in self._texts:
                self._texts[text] = None
                self._heard(text)

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)


@dataclasses.dataclass(frozen=True)
class Context:
    """The surroundings of one run, or of one call of the library.

    cache: of stages' results; a run has one from when its folder is its own. progress: shows how far it is.
    notes: go with the results. say: shows a line to whoever is watching, and keeps it nowhere.
    clock: of its stages.
    threads: host threads that read and warp images; with more than one, two layers are judged at once, where
    `memory` has room for both.
    batch_size: crops the network takes at once, over all devices; None: what suits network and device.
    keep: one of `KEEP`.
    memory: of the host, which what a large step holds is taken from.
    skip_bad: go on without images that cannot be read.
    allow_duplicates: go on although the same photograph is there under several names.
    fetching: the reader's options for fetching the dataset: `download`, and addresses.
    """

    cache: Cache | None = None
    progress: Progress = silent
    notes: Notes = dataclasses.field(default_factory=Notes)
    say: Callable[[str], None] = lambda text: None
    clock: Clock = dataclasses.field(default_factory=Clock)
    threads: int = dataclasses.field(default_factory=lambda: os.cpu_count() or 1)
    batch_size: int | None = None
    keep: str = "all"
    memory: Memory = dataclasses.field(default_factory=Memory)
    skip_bad: bool = False
    allow_duplicates: bool = False
    fetching: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def preparation(self) -> contextlib.AbstractContextManager[Callable[..., None]]:
        """Progress of steps that may have nothing to do; see `progress.when_needed`."""
        return when_needed(self.progress)

    def step(self, heading: str = "", cache: Cache | None = None) -> "Context":
        """Of a step of this run: notes and clock of its own, the notes heard here too.

        heading: stands before what is being done.
        """

        @contextlib.contextmanager
        def headed(totals: Mapping[str, int | None]) -> Iterator[Advance]:
            with self.progress(totals) as advance:
                yield lambda unit, by, what: advance(unit, by, f"{heading} · {what}" if heading else what)

        return dataclasses.replace(
            self,
            cache=cache or self.cache,
            progress=headed,
            notes=Notes(self.notes.add),
            clock=Clock(),
        )


@contextlib.contextmanager
def library_context(
    cache: str | os.PathLike | None = None, progress: Progress = silent, **more: Any
) -> Iterator[Context]:
    """The surroundings of a call of the library, around it.

    Args:
      cache: folder that keeps stages' results for the next call; one process uses it at a time. None: they
        lie in a temporary folder, which goes when the call ends.
      more: other fields of `Context`.

    Raises:
      InputError: the folder cannot be made, or is in use.
    """
    with contextlib.ExitStack() as stack:
        if cache is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="partsjax-")))
        else:
            folder = stack.enter_context(locked_folder(Path(cache).expanduser()))
        yield Context(Cache(folder, lambda text: None), progress, **more)
