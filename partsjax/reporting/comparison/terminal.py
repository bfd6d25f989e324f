"""The comparison in the terminal: emergence by network and layer, and differences from the baseline."""

from collections.abc import Sequence

from rich import box
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from partsjax.emergence.compare import Difference
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
    compared = [layer for layer in content.layers if any(layer == other for _, other in content.differences)]
    blocks = [compared[i : i + room] for i in range(0, len(compared), room)]
    shown += [differences_table(content, block) for block in blocks]
    return [*shown, pairs_table(content)] if content.of_other_names else shown


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
        if not {*layers} & {*content.layers_of(network)}:
            continue
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
    lines = [f" ({strict} / {paper})", ap(figures.mean_ap_val)]
    lines += [f"{name} {mean_count(figures.null_counts(name, 'beyond_place'))}" for name in figures.nulls]
    lines += ["nominal"] if figures.nominal else []
    return Text.assemble((beyond, "bold"), "\n".join(lines))


def _legend(content: ComparisonReport) -> str:
    rate = content.method.false_discovery_rate
    meanings = [f"beyond place: better than the place prior on unseen images, q ≤ {rate:g} in each network"]
    if content.nulls:
        meanings.append(f"{', '.join(content.nulls)}: beyond place in that null, mean over its seeds")
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
        if network == content.baseline or not {*layers} & {*content.layers_of(network)}:
            continue
        cells = []
        for layer in layers:
            if (found := content.differences.get((network, layer))) is None:
                cells.append("")
                continue
            other = content.against[network, layer]
            cells.append(_difference(found, "" if other == layer else f"\nagainst {other}"))
        table.add_row(network, *cells)
    return table


def pairs_table(content: ComparisonReport) -> Table:
    """Rows: every two networks. Columns: their last layers, and their best."""
    table = Table(
        title=(
            "Network minus network, in the last layer of each and in that with the highest AP on train, in "
            "points"
        ),
        title_justify="left",
        box=box.SIMPLE_HEAD,
    )
    table.add_column("networks")
    cells: dict[tuple[str, str], dict[str, Text]] = {}
    for pair in content.pairs:
        layers = f"\n{pair.layer} against {pair.other_layer}"
        of_pair = cells.setdefault((pair.network, pair.other), {})
        of_pair[pair.which] = _difference(pair.difference, layers)
    for which in ("last", "best"):
        table.add_column(which, justify="right", no_wrap=True)
    for (network, other), of_pair in cells.items():
        table.add_row(f"{network} minus {other}", of_pair.get("last", ""), of_pair.get("best", ""))
    return table


def _difference(found: Difference, layers: str) -> Text:
    """The difference of mean AP, its interval and the parts significantly changed, in its color."""
    known = found.mean
    figure = f"{signed(known.value)} {signed_interval(known)}".rstrip()
    style = {BETTER: "bold green", WORSE: "yellow"}.get(sure(known), "")
    return Text(f"{figure}\n{found.better}{BETTER} {found.worse}{WORSE}{layers}", style)
