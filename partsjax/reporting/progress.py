"""Bars that show how far a computation is."""

import contextlib
import importlib.util
from collections.abc import Callable, Iterator, Mapping

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text


class _Rate(ProgressColumn):
    """Units finished per second."""

    def render(self, task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:.1f}/s", style="dim")


def bars(console: Console | None = None):
    """A bar with rate and time left for each unit, on a console; on stderr where none is given.

    In a notebook they need ipywidgets; without it they are shown once, when they are full.
    """
    if console is None:
        widgets = importlib.util.find_spec("ipywidgets") is not None
        console = Console(stderr=True, force_jupyter=None if widgets else False)

    @contextlib.contextmanager
    def progress(totals: Mapping[str, int | None]) -> Iterator[Callable[[str, int, str], None]]:
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[unit]}", markup=False),
            _Rate(),
            TextColumn("left:"),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=console) as bar:
            tasks = {unit: bar.add_task("", total=total, unit=unit) for unit, total in totals.items()}
            yield lambda unit, by, what: bar.update(tasks[unit], advance=by, description=what)

    return progress
