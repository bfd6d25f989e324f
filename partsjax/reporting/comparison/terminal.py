"""The comparison in the terminal: emergence by network and layer, and differences from the baseline."""

from collections.abc import Sequence

from rich import box
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from partsjax.reporting.comparison.comparison_report import ComparisonReport, Figures
from partsjax.reporting.comparison.figures import BETTER, WORSE, ap, mean_count, signed, signed_interval, sure
from partsjax.reporting.report.words import percent

_PLACE = "place prior"


def tables(content: ComparisonReport, width: int) -> list[Table]:
    """All there is to show, as many layers side by side as a terminal of `width` columns has room for."""
    longest = max(map(cell_len, (*content.networks, _PLACE)))
    room = max(1, (width - longest - 4) // 23)
    blocks = [content.layers[i : i + room] for i in range(0, len(content.layers), room)]
    shown = [networks_table(content, block) for block in blocks]
    if content.differences:
        shown += [differences_table(content, block) for block in blocks]
    return shown


def networks_table(content: ComparisonReport, layers: Sequence[str]) -> Table:
    """Rows: networks. By layer, parts beyond place, strict and by the paper's criterion, and mean AP."""
    table = Table(
        title=(
            f"Of {content.judged} parts: beyond place (strict / paper's criterion); mean AP on unseen images"
        ),
        title_justify="left",
        caption=_legend(content),
        caption_justify="left",
        box=box.SIMPLE_HEAD,
    )
    table.add_column("network", no_wrap=True)
    for layer in layers:
        table.add_column(layer, justify="right", no_wrap=True)
    for network in content.networks:
        cells = []
        for layer in layers:
            if (figures := content.figures.get((network, layer))) is None:
                cells.append("")
                continue
            cells.append(_figures(figures))
        table.add_row(network, *cells)
    place = f"– (– / {content.prior_paper})\n{percent(content.prior_ap_val)}"
    table.add_row(_PLACE, *(place for _ in layers), style="dim")
    return table


def _figures(figures: Figures) -> Text:
    beyond, strict, paper = (
        mean_count(figures.counts(what)) for what in ("beyond_place", "emerging_strict", "emerging_paper")
    )
    nominal = "\nnominal" if figures.nominal else ""
    return Text.assemble((beyond, "bold"), f" ({strict} / {paper})\n{ap(figures.mean_ap_val)}{nominal}")


def _legend(content: ComparisonReport) -> str:
    rate = content.method.false_discovery_rate
    meanings = [f"beyond place: better than the place prior on unseen images, q ≤ {rate:g} in each network"]
    if content.nominal:
        meanings.append("nominal: patches on a grid stand in for what its filters see")
    return " · ".join(meanings)


def differences_table(content: ComparisonReport, layers: Sequence[str]) -> Table:
    """Rows: all but the baseline. By layer, mean AP minus the baseline's, and parts significantly changed."""
    table = Table(
        title=(
            f"Mean AP on unseen images minus that of {content.baseline}, in points; parts "
            f"significantly better {BETTER} and worse {WORSE}"
        ),
        title_justify="left",
        box=box.SIMPLE_HEAD,
    )
    table.add_column("network", no_wrap=True)
    for layer in layers:
        table.add_column(layer, justify="right", no_wrap=True)
    for network in content.networks:
        if network == content.baseline:
            continue
        cells = []
        for layer in layers:
            if (found := content.differences.get((network, layer))) is None:
                cells.append("")
                continue
            known = found.mean
            figure = f"{signed(known.value)} {signed_interval(known)}".rstrip()
            style = {BETTER: "bold green", WORSE: "yellow"}.get(sure(known), "")
            other = content.against[network, layer]
            named = "" if other == layer else f"\nagainst {other}"
            cells.append(Text(f"{figure}\n{found.better}{BETTER} {found.worse}{WORSE}{named}", style))
        table.add_row(network, *cells)
    return table
