"""The table of verdicts in a terminal, in blocks of as many layers as there is room for."""

from collections.abc import Iterator, Mapping, Sequence

from rich import box
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from partsjax.emergence.summary import LayerSummary
from partsjax.emergence.verdict import Verdict
from partsjax.errors import printable
from partsjax.reporting.verdict_table import CAPTION, verdict_table

_STYLES = {"✓": "bold green", "!": "yellow", "": ""}


def verdict_blocks(
    verdicts: Sequence[Verdict], summaries: Mapping[str, LayerSummary], width: int
) -> Iterator[Table | Text]:
    """What a terminal of `width` columns shows, from top to bottom."""
    shown = verdict_table(verdicts, summaries)
    yield Text(f"\n{CAPTION}")
    longest = max(cell_len(row.label) for row in shown.rows)
    for block in _fitting(len(shown.layers), width - longest):
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
        yield table
    yield Text(shown.legend)
    if shown.headline:
        yield Text(shown.headline)


def _fitting(layers: int, width: int) -> list[slice]:
    """Layers in blocks that fit a width, names of parts taken off: 26 columns of numbers, 16 a layer."""
    room = max(1, (width - 26) // 16)
    return [slice(i, i + room) for i in range(0, layers, room)]
