"""What a study found, for the terminal."""

import html
from collections.abc import Sequence

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from partsjax.judging.findings import Judgments, StudyFindings
from partsjax.judging.fractions import ANOTHER, SILENT, Fraction
from partsjax.judging.items import NONE
from partsjax.judging.planning import Plan
from partsjax.reporting.judging.judging_tables import by_raters, whole_layers
from partsjax.reporting.judging.judging_words import (
    KIND_WORDS,
    MODEL,
    SIMULATED,
    class_words,
    in_percent,
    sentences,
)
from partsjax.reporting.report.words import NOT_KNOWN

_COLUMNS = ("kind", "filters", "by majority", MODEL)
_BY_CLASS = ("part", ANOTHER, NONE, SILENT)


def judging_table(found: StudyFindings) -> Group:
    """Fractions by kind, classes below each other, and what else there is in sentences."""
    shown = [Text(SIMULATED, "bold")] if found.simulated else []
    for raters, of in by_raters(found):
        if raters == "kept":
            left_out = len(found.every.raters) - len(of.raters)
            shown.append(Text(f"Without {left_out} raters of a gold score under {found.min_gold:g}", "bold"))
        shown += [part for layer, _ in whole_layers(of.fractions) for part in _of_layer(of, layer)]
    return Group(*shown, Text("\n".join(line for line in sentences(found) if line != SIMULATED)))


def _of_layer(of: Judgments, layer: str) -> list:
    fractions = dict(whole_layers(of.fractions))[layer]
    by_kind = _table(_COLUMNS)
    for f in fractions:
        by_kind.add_row(*_cells(f))
    shown = [
        Text.assemble("\n", (layer, "bold"), ", of filters with a judgment, with 95% intervals"),
        by_kind,
    ]
    classes = list(dict.fromkeys(f.object_class for f in of.fractions if f.layer == layer))
    if len(classes) > 1:
        by_class = _table(("class", *(KIND_WORDS[kind] for kind in _BY_CLASS)))
        for name in classes:
            row = {f.kind: f.majority for f in of.fractions if (f.layer, f.object_class) == (layer, name)}
            by_class.add_row(
                class_words(name), *(in_percent(row[kind]).replace(" [", "\n[") for kind in _BY_CLASS)
            )
        shown.append(by_class)
    return shown


def plans_table(plans: Sequence[Plan]) -> Table:
    """A row per plan; the cheapest is bold."""
    table = _table(
        (
            "raters\nan item",
            "raters",
            "items",
            "width",
            "items\na rater",
            "hours\na rater",
            "hours\nin all",
            "cost",
        )
    )
    possible = [plan for plan in plans if plan.items]
    cheapest = min(possible, key=lambda plan: plan.cost, default=None)
    for plan in plans:
        figures = (plan.screens, plan.hours / plan.raters, plan.hours, plan.cost)
        digits = (0, 1, 1, 0)
        table.add_row(
            str(plan.per_item),
            str(plan.raters),
            str(plan.items or NOT_KNOWN),
            f"{plan.width:.3f}",
            *(f"{x:.{d}f}" if plan.items else NOT_KNOWN for x, d in zip(figures, digits, strict=True)),
            style="bold" if plan is cheapest else None,
        )
    return table


def _table(columns: Sequence[str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column(columns[0], overflow="fold")
    for heading in columns[1:]:
        table.add_column(heading, justify="right")
    return table


def html_fractions(found: StudyFindings) -> str:
    """Fractions by kind for a notebook."""

    def row(cells, tag: str) -> str:
        return f"<tr>{''.join(f'<{tag}>{html.escape(cell)}</{tag}>' for cell in cells)}</tr>"

    tables = [
        f"<table><caption>{html.escape(layer)}</caption><thead>{row(_COLUMNS, 'th')}</thead>"
        f"<tbody>{''.join(row(_cells(f), 'td') for f in fractions)}</tbody></table>"
        for layer, fractions in whole_layers(found.kept.fractions)
    ]
    return "".join(tables) + "".join(f"<p>{html.escape(line)}</p>" for line in sentences(found))


def _cells(f: Fraction) -> tuple[str, ...]:
    return (
        KIND_WORDS[f.kind],
        f"{f.number} of {f.judged}",
        in_percent(f.majority),
        in_percent(f.dawid_skene),
    )
