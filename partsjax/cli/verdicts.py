"""The table of verdicts in a terminal, as many layers side by side as there is room for."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from rich import box
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from partsjax.emergence.descriptions import TEXT_PERMUTATIONS, DescribedLayer
from partsjax.emergence.iou import LayerCriteria
from partsjax.emergence.summary import LayerSummary
from partsjax.emergence.verdict import Verdict
from partsjax.errors import printable
from partsjax.reporting.report.words import BELOW, BEYOND, percent, rho
from partsjax.reporting.verdict_table import CAPTION, Cell, verdict_table

_BOXES, _PLACE = "boxes\ntrain/val", "place\nprior"
_GAP = 2  # between columns
_TEXTS_SHOWN = 5  # of those that name nothing
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


def description_lines(layers: Iterable[DescribedLayer], unmatched: Mapping[str, int]) -> Iterator[Text]:
    """Descriptions from elsewhere, a line for each layer; then how many name nothing, and what these say."""
    for of in layers:
        line = f"{printable(of.layer)}: {of.of_a_part} of {of.descriptions} descriptions name a part"
        if of.of_a_class:
            line += f", {of.of_a_class} a class alone"
        if of.of_a_part:
            line += (
                f"; {of.beyond_place} of {of.tested} pairs of filter and part are beyond place; mean AP "
                f"{percent(of.mean_ap_val)}, with texts permuted {percent(of.permuted_ap_val)} (as high in "
                f"{of.as_good:.0%} of {TEXT_PERMUTATIONS})"
            )
        yield Text(line)
    if unmatched:
        texts = [f"{text!r:.40} ({count})" for text, count in unmatched.items()]
        more = [f"{len(texts) - _TEXTS_SHOWN} more"] if len(texts) > _TEXTS_SHOWN else []
        yield Text(
            f"{sum(unmatched.values())} descriptions name no part and no class of the dataset: "
            f"{', '.join([*texts[:_TEXTS_SHOWN], *more])}"
        )


def _marked(cell: Cell) -> str:
    return f"{cell.text} {cell.marks}"


def _width(column: Iterable[str]) -> int:
    return max(map(cell_len, column)) + _GAP
