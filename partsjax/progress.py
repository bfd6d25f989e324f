"""How far along a computation is: bars, or nothing."""

import contextlib
import importlib.util
from collections.abc import Callable, Iterator, Mapping

from rich import progress as rich_progress
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    ProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

Advance = Callable[[str, int, str], None]
"""`(unit, by, what is being done)`."""

Progress = Callable[[Mapping[str, int | None]], contextlib.AbstractContextManager[Advance]]
"""`progress({unit: how many, None for unknown})` is entered around some work and yields its `advance`."""

UnitProgress = Callable[[int, int, str, str], None]
"""Called with (done, total, what, unit) as something is prepared."""


@contextlib.contextmanager
def silent(totals: Mapping[str, int | None]) -> Iterator[Advance]:
    """Progress that is not shown."""
    yield lambda unit, by, what: None


@contextlib.contextmanager
def when_needed(progress: Progress) -> Iterator[Callable[..., None]]:
    """Progress that shows only once there is something to do; yields `(done, total, what, unit="images")`."""
    with contextlib.ExitStack() as shown:
        bar: tuple[int, str, Advance] | None = None
        before = 0

        def update(done: int, total: int, what: str, unit: str = "images") -> None:
            nonlocal bar, before
            if bar is None or bar[:2] != (total, what):  # the first, or the next of several steps
                shown.pop_all().close()
                bar, before = (total, what, shown.enter_context(progress({unit: total}))), 0
            bar[2](unit, done - before, what)
            before = done

        yield update


class _Rate(ProgressColumn):
    """Units finished per second."""

    def render(self, task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:.1f}/s", style="dim")


def bars(console: Console | None = None) -> Progress:
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
        with rich_progress.Progress(*columns, console=console) as bar:
            tasks = {unit: bar.add_task("", total=total, unit=unit) for unit, total in totals.items()}
            yield lambda unit, by, what: bar.update(tasks[unit], advance=by, description=what)

    return progress
