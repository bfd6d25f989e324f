"""What a run says in the terminal: notes, progress with rate and ETA, the table of best filters."""

import contextlib
import math
from collections.abc import Callable, Iterator, Mapping, Sequence

from rich import box
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from partsjax.emergence.selection import EMERGES, RARE, BestFilter, LayerSummary


class _Rate(ProgressColumn):
    """Units finished per second."""

    def render(self, task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:.1f}/s", style="dim")


def _columns() -> tuple[ProgressColumn, ...]:
    return (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[unit]}"),
        _Rate(),
        TextColumn("left:"),
        TimeRemainingColumn(),
    )


class Terminal:
    """Where a run reports to a person. Progress and notes go to stderr, the tables to stdout."""

    def __init__(self, quiet: bool = False):
        self._out = Console(highlight=False, quiet=quiet)
        self._err = Console(stderr=True, highlight=False, quiet=quiet)

    def note(self, text: str) -> None:
        self._err.print(text, markup=False)

    @contextlib.contextmanager
    def progress(self, total: int, unit: str) -> Iterator[Callable[[int, str], None]]:
        """A bar with rate and ETA; yields `advance(by, what is being done)`."""
        with Progress(*_columns(), console=self._err) as bar:
            task = bar.add_task("", total=total, unit=unit)
            yield lambda by, what: bar.update(task, advance=by, description=what)

    @contextlib.contextmanager
    def preparation(self) -> Iterator[Callable[[int, int, str], None]]:
        """A bar that shows only once there is something to prepare; yields `(done, total, what)`."""
        with contextlib.ExitStack() as shown:
            bars = {}

            def update(done: int, total: int, what: str) -> None:
                if not bars:
                    bar = shown.enter_context(Progress(*_columns(), console=self._err))
                    bars["bar"], bars["task"] = bar, bar.add_task("", unit="images")
                bars["bar"].update(bars["task"], completed=done, total=total, description=what)

            yield update

    def best_filters(self, rows: Sequence[BestFilter], summaries: Mapping[str, LayerSummary]) -> None:
        """Per part its best filter in each layer, `filter  train → held-out AP`, then layer sums."""
        layers = list(summaries)
        parts = list(dict.fromkeys((row.object_class, row.part) for row in rows))
        by_place = {(row.object_class, row.part, row.layer): row for row in rows}
        blocks = _fitting(layers, self._out.width)
        self._out.print("\nBest single filter by part: filter, AP on train → on unseen images, in percent")
        for block in blocks:
            table = Table(
                box=box.SIMPLE_HEAD,
            )
            table.add_column("part", no_wrap=True)
            table.add_column("boxes\ntrain/val", justify="right", no_wrap=True)
            for layer in block:
                table.add_column(layer, justify="right", no_wrap=True)
            previous = None
            for object_class, part in parts:
                if previous not in (None, object_class):
                    table.add_section()
                previous = object_class
                first = by_place[object_class, part, layers[0]]
                table.add_row(
                    f"{object_class}:{part}{'*' if first.rare else ''}",
                    f"{first.num_train}/{first.num_val}",
                    *(_cell(by_place[object_class, part, layer]) for layer in block),
                )
            table.add_section()
            table.add_row("mean", "", *(_mean(summaries[layer]) for layer in block))
            table.add_row(
                f"parts over {EMERGES:.0%}",
                f"of {summaries[layers[0]].parts}",
                *(_over_30(summaries[layer]) for layer in block),
            )
            self._out.print(table)
        self._out.print(
            f"bold: over {EMERGES:.0%} on unseen images · *: under {RARE} boxes there, not counted"
        )

    def done(self, folder, seconds: Mapping[str, float]) -> None:
        spent = " · ".join(f"{name} {value:.1f} s" for name, value in seconds.items())
        self._err.print(f"{spent} · total {sum(seconds.values()):.1f} s", style="dim", soft_wrap=True)
        self._out.print(f"results: {folder}/filters.parquet, parts.csv, summary.json", soft_wrap=True)


def _fitting(layers: list[str], width: int) -> list[list[str]]:
    """Layers in blocks that fit the terminal's width."""
    room = max(1, (width - 38) // 19)
    return [layers[i : i + room] for i in range(0, len(layers), room)]


def _percent(fraction: float | None) -> str:
    return "–" if fraction is None or math.isnan(fraction) else f"{100 * fraction:.1f}"


def _cell(row: BestFilter) -> Text:
    if row.filter is None:
        return Text("–")
    which = row.filter if row.ap_train > 0 else "–"  # of filters that all find nothing none is best
    text = Text(f"{which:>4}  {_percent(row.ap_train):>4} → {_percent(row.ap_val):>4}")
    if row.ap_val > EMERGES and not row.rare:
        text.stylize("bold")
    return text


def _mean(layer: LayerSummary) -> str:
    return f"{_percent(layer.best_filter_mean_ap_train)} → {_percent(layer.best_filter_mean_ap_val)}"


def _over_30(layer: LayerSummary) -> str:
    return f"{layer.best_filter_over_30_train} → {layer.best_filter_over_30_val}"
