"""The table of verdicts in a terminal, as many layers side by side as there is room for."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from rich import box
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from partsjax.emergence.iou import LayerCriteria
from partsjax.emergence.summary import LayerSummary
from partsjax.emergence.verdict import Verdict
from partsjax.errors import printable
from partsjax.reporting.report.words import BELOW, BEYOND, rho
from partsjax.reporting.verdict_table import CAPTION, Cell, verdict_table

_BOXES, _PLACE = "boxes\ntrain/val", "place\nprior"
_GAP = 2  # between columns
_STYLES = {BEYOND: "bold green", BELOW: "red", "": ""}


def verdict_blocks(
    verdicts: Sequence[Verdict], summaries: Mapping[str, LayerSummary], width: int
) -> Iterator[Table | Text]:
    """What a terminal of `width` columns shows, from top to bottom: the headline last, where the eye is.

    Numbers of boxes are left out where the layers do not all fit beside them.
    """
    shown = verdict_table(verdicts, summaries)
    yield Text(f"\n{CAPTION}")
    layer_width = _width([*shown.layers, *(_marked(cell) for row in shown.rows for cell in row.cells)])
    room = width - _width(row.label for row in shown.rows) - _width(_PLACE.split())
    boxes = _width([*_BOXES.split(), *(row.boxes for row in shown.rows)])
    with_boxes = layer_width * len(shown.layers) <= room - boxes
    fit = max(1, room // layer_width)
    for first in range(0, len(shown.layers), fit):
        block = slice(first, first + fit)
        table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, _GAP - 1, 0, 0), pad_edge=False)
        table.add_column("part", overflow="fold")
        if with_boxes:
            table.add_column(_BOXES, justify="right", no_wrap=True)
        table.add_column(_PLACE, justify="right", no_wrap=True)
        for layer in shown.layers[block]:
            table.add_column(Text(layer, justify="right"), no_wrap=True)
        section = shown.rows[0].section
        for row in shown.rows:
            if row.section != section:
                table.add_section()
                section = row.section
            cells = [
                Text(_marked(cell).rjust(layer_width - _GAP), _STYLES[cell.place])
                for cell in row.cells[block]
            ]
            numbers = (row.boxes, row.place) if with_boxes else (row.place,)
            table.add_row(printable(row.label), *numbers, *cells, style="bold" if row.counts else "")
        yield Text()
        yield table
    yield Text(f"\n{shown.legend}")
    if shown.headline:
        yield Text(shown.headline, "bold")


def criteria_lines(criteria: Mapping[str, LayerCriteria]) -> Iterator[Text]:
    """Network Dissection's criterion beside ours, a line for each layer it was measured in."""
    for layer, of in criteria.items():
        low, high = rho(of.agreement.low), rho(of.agreement.high)
        yield Text(
            f"{printable(layer)}: {len(of.iou_val)} of {of.filters} filters are detectors by IoU, held out; "
            f"{len(of.serving)} serve a part beyond place, {len(of.both)} both; ranks agree by "
            f"{rho(of.agreement.value)} [{low}, {high}]"
        )


def _marked(cell: Cell) -> str:
    return f"{cell.text} {cell.marks}"


def _width(column: Iterable[str]) -> int:
    return max(map(cell_len, column)) + _GAP
