"""What a run says in the terminal: notes, progress with rate and ETA, the table of verdicts."""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from partsjax.emergence.summary import LayerSummary
from partsjax.emergence.verdict import Verdict
from partsjax.errors import printable
from partsjax.progress import bars
from partsjax.reporting.verdict_table import CAPTION, verdict_table

_STYLES = {"✓": "bold green", "!": "yellow", "": ""}


class _Console(Console):
    """Shows text as it is: names may look like markup or emoji codes, and hold anything."""

    def __init__(self, **options):
        super().__init__(highlight=False, markup=False, emoji=False, **options)

    def on_broken_pipe(self) -> None:
        """Nobody reads progress and notes any more: without them. Of results, the caller is to know."""
        if not self.stderr:
            raise  # what rich is handling
        self.quiet = True


class Terminal:
    """Where a run reports to a person. Progress and notes go to stderr, the tables to stdout."""

    def __init__(self, quiet: bool = False):
        self._out = _Console(quiet=quiet)
        self._err = _Console(stderr=True, quiet=quiet)
        self._noted: list[list[str]] = []  # of the runs that are under way, each inside the one before

    @property
    def width(self) -> int:
        """In columns."""
        return self._out.width

    def say(self, text: str) -> None:
        """One line, however long."""
        self._err.print(printable(text), soft_wrap=True)

    @contextlib.contextmanager
    def noting(self) -> Iterator[None]:
        """Around a run: collects its notes, those of the runs inside it too."""
        self._noted.append([])
        try:
            yield
        finally:
            self._noted.pop()

    def note(self, *texts: str) -> None:
        """Says what a reader of the results has to know, each line once a run, and keeps it for them."""
        for text in texts:
            if not any(text in noted for noted in self._noted):
                self.say(f"note: {text}")
            for noted in self._noted:
                if text not in noted:
                    noted.append(text)

    @property
    def noted(self) -> tuple[str, ...]:
        """The notes of the run so far, in order, each once."""
        return tuple(self._noted[-1])

    @contextlib.contextmanager
    def progress(self, totals: Mapping[str, int]) -> Iterator[Callable[[str, int, str], None]]:
        """A bar with rate and ETA for each unit; yields `advance(unit, by, what is being done)`."""
        with bars(self._err)(totals) as advance:
            yield advance

    def verdicts(self, verdicts: Sequence[Verdict], summaries: Mapping[str, LayerSummary]) -> None:
        """The table of verdicts, in blocks of as many layers as the terminal has room for."""
        shown = verdict_table(verdicts, summaries)
        self._out.print(f"\n{CAPTION}")
        longest = max(cell_len(row.label) for row in shown.rows)
        for block in _fitting(len(shown.layers), self._out.width - longest):
            table = Table(box=box.SIMPLE_HEAD)
            table.add_column("part", overflow="fold")
            table.add_column("boxes\ntrain/val", justify="right", no_wrap=True)
            table.add_column("place\nalone", justify="right", no_wrap=True, style="bold")
            for layer in shown.layers[block]:
                table.add_column(layer, justify="right", no_wrap=True)
            section = shown.rows[0].section
            for row in shown.rows:
                if row.section != section:
                    table.add_section()
                    section = row.section
                cells = (Text(f"{c.text} {c.mark or ' '}", _STYLES[c.mark]) for c in row.cells[block])
                table.add_row(printable(row.label), row.boxes, row.place, *cells)
            self._out.print(table)
        self._out.print(shown.legend)
        if shown.headline:
            self._out.print(shown.headline)

    def show(self, table) -> None:
        """A table, or a line of text, on stdout."""
        self._out.print(table, soft_wrap=isinstance(table, str))

    def spent(self, seconds: Mapping[str, float]) -> None:
        spent = " · ".join(f"{name} {value:.1f} s" for name, value in seconds.items())
        self._err.print(f"{spent} · total {sum(seconds.values()):.1f} s", style="dim", soft_wrap=True)

    def done(self, folder, seconds: Mapping[str, float]) -> None:
        self.spent(seconds)
        self._out.print(f"report: {folder}/report/index.html", soft_wrap=True)
        self._out.print(
            f"results: {folder}/parts.csv, combinations.csv, filters.parquet, summary.json", soft_wrap=True
        )


def _fitting(layers: int, width: int) -> list[slice]:
    """Layers in blocks that fit a width, names of parts taken off: 26 columns of numbers, 16 a layer."""
    room = max(1, (width - 26) // 16)
    return [slice(i, i + room) for i in range(0, layers, room)]
