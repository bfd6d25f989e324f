"""How a run is carried out, as against what it computes; for runs that do not take a Context yet."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from partsjax.reporting.terminal import Terminal
from partsjax.runs.context import Context, Notes


@dataclasses.dataclass(frozen=True)
class Execution:
    """Changes no result beyond float rounding.

    workdir: folder of results and finished stages.
    batch_size: crops the network takes at once, over all devices; None: what suits network and device.
    threads: host threads that read and warp images; with more than one, two layers are judged at once.
    skip_bad: go on without images that cannot be read.
    allow_duplicates: go on although the same photograph is there under several names.
    fetching: what the data set's reader is told of fetching: `download`, and addresses.
    """

    workdir: Path
    batch_size: int | None = None
    threads: int = 2
    skip_bad: bool = False
    allow_duplicates: bool = False
    fetching: Mapping[str, Any] = dataclasses.field(default_factory=dict)


def context_of(terminal: Terminal, execution: Execution) -> Context:
    return Context(
        progress=terminal.progress,
        notes=Notes(terminal.note),
        say=terminal.say,
        threads=execution.threads,
        batch_size=execution.batch_size,
        skip_bad=execution.skip_bad,
        allow_duplicates=execution.allow_duplicates,
        fetching=execution.fetching,
    )
