"""What has become of every unit of a sweep, as a table."""

import collections
import time

from rich import box
from rich.table import Table
from rich.text import Text

from partsjax.runs.sweep.states import BLOCKED, DONE, FAILED, LOST, RUNNING, State, SweepFolder

_STYLES = {DONE: "green", RUNNING: "bold", FAILED: "bold red", LOST: "yellow", BLOCKED: "dim"}


def status_table(folder: SweepFolder, states: list[State]) -> Table:
    """A row for each unit: what it is, whose and since when, and where it failed why, and its log."""
    counts = collections.Counter(state.what for state in states)
    table = Table(
        title=", ".join(f"{number} {what}" for what, number in counts.items()),
        title_justify="left",
        box=box.SIMPLE_HEAD,
    )
    table.add_column("unit", no_wrap=True)
    table.add_column("is", no_wrap=True)
    table.add_column("worker", no_wrap=True)
    table.add_column("since", no_wrap=True)
    table.add_column("", overflow="fold", ratio=1)
    for state in states:
        since = time.strftime("%m-%d %H:%M", time.localtime(state.since)) if state.since else ""
        about = f"{state.reason}\n{folder.log(state.unit)}" if state.what == FAILED else state.reason
        what = Text(state.what, _STYLES.get(state.what, ""))
        table.add_row(state.unit.place, what, state.worker, since, about)
    return table
