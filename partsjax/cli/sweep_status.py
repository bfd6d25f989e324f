"""What has become of every run of a sweep: a table, and a line for each run that needs a look."""

import collections
import time
from collections.abc import Iterable, Iterator

from rich import box
from rich.table import Table
from rich.text import Text

from partsjax.runs.sweep.states import BLOCKED, DONE, FAILED, LOST, RUNNING, State, SweepFolder

_STYLES = {DONE: "green", RUNNING: "bold", FAILED: "bold red", LOST: "yellow", BLOCKED: "dim"}


def status_table(states: Iterable[State]) -> Table:
    """A row for each run: what it is, whose and since when, or what it waits for."""
    counts = collections.Counter(state.what for state in states)
    table = Table(
        title=", ".join(f"{number} {what}" for what, number in counts.items()),
        title_justify="left",
        box=box.SIMPLE_HEAD,
    )
    table.add_column("run", no_wrap=True)
    table.add_column("is", no_wrap=True)
    table.add_column("worker", overflow="fold")
    table.add_column("started", no_wrap=True)
    for state in states:
        started = time.strftime("%m-%d %H:%M", time.localtime(state.since)) if state.since else ""
        what = Text(state.what, _STYLES.get(state.what, ""))
        table.add_row(state.run.place, what, state.worker or state.reason, started)
    return table


def lines(folder: SweepFolder, states: Iterable[State]) -> Iterator[str]:
    """Why runs have failed or count as lost, and their logs."""
    for state in states:
        if state.what in (FAILED, LOST):
            yield f"{state.run.place} {state.what}: {state.reason} (log: {folder.log(state.run)})"
