"""What is found, in short: a row per class, and a sentence that sums it up; for terminals and notebooks."""

import html
import math

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from partsjax.discriminativeness.findings import ClassFindings, LayerFindings
from partsjax.discriminativeness.relation import Overlap
from partsjax.reporting.discriminative.drop_words import amount, correlation

_COLUMNS = ("class", "filters", "paper\n(chance)", "strict\n(chance)", "parts", "rank correlation\nwith AP")


def discriminative_table(found: LayerFindings) -> Group:
    """The table, what its words mean above it, and the sentence below."""
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column(_COLUMNS[0], overflow="fold")
    for heading in _COLUMNS[1:]:
        table.add_column(heading, justify="right", no_wrap=True)
    rows = _rows(found)
    for row in rows[: len(found.classes)]:
        table.add_row(*row)
    for row in rows[len(found.classes) :]:
        table.add_section()
        table.add_row(*row)
    return Group(
        Text.assemble(
            "\n",
            ("Filters", "bold"),
            f" of {found.layer} without which the class score drops by over {found.cutoff.deviations:g} "
            "standard deviations more than the mean, and how many of them detect a part that emerges, by the "
            "paper's criterion and strictly; in brackets, how many would by chance. ",
            ("Parts", "bold"),
            " without which it drops significantly more than without random boxes of their size; "
            "rank correlation of that difference with the part's AP on unseen images, with its 95% interval "
            "over parts.",
        ),
        table,
        Text(sentence(found)),
    )


def html_table(found: LayerFindings) -> str:
    """The same for a notebook."""

    def row(cells, tag: str) -> str:
        return f"<tr>{''.join(f'<{tag}>{html.escape(cell)}</{tag}>' for cell in cells)}</tr>"

    body = "".join(row(cells, "td") for cells in _rows(found))
    head = row(_COLUMNS, "th")
    return f"<table><thead>{head}</thead><tbody>{body}</tbody></table><p>{html.escape(sentence(found))}</p>"


def _rows(found: LayerFindings) -> list[tuple[str, ...]]:
    """A row per class, and where there are several one of all."""
    rows = [_row(c) for c in found.classes]
    if len(rows) > 1:
        total = found.sums
        rows.append(
            (
                "all",
                str(total.filters),
                *(_overlap(found.overlap[criterion]) for criterion in ("paper", "strict")),
                f"{total.parts}/{total.measured}",
                correlation(found.with_ap.over_things),
            )
        )
    return rows


def _row(c: ClassFindings) -> tuple[str, ...]:
    measured = [part for part in c.parts if part.crops]
    return (
        c.object_class,
        str(int(c.discriminative.sum())),
        *(_overlap(c.overlap[criterion]) for criterion in ("paper", "strict")),
        f"{sum(part.discriminative for part in measured)}/{len(measured)}",
        correlation(c.with_ap.over_things),
    )


def _overlap(o: Overlap) -> str:
    return f"{o.both} ({amount(o.expected, 1)})"


def sentence(found: LayerFindings) -> str:
    """What is found over all classes."""
    total, several = found.sums, len(found.classes) > 1
    classes = f"at least one of {len(found.classes)} classes" if several else found.classes[0].object_class
    text = (
        f"{found.layer}: of {len(found.sharing.classes)} filters, {total.distinct} are discriminative for "
        f"{classes}"
    )
    if total.filters:
        paper, strict = found.overlap["paper"], found.overlap["strict"]
        text += (
            f"; of {total.filters} pairs of class and filter {paper.both} detect a part that emerges by the "
            f"paper's criterion (by chance {amount(paper.expected, 1)}), {strict.both} strictly (by chance "
            f"{amount(strict.expected, 1)})"
        )
    text += f". {total.parts} of {total.measured} parts are discriminative"
    first = [f"{c.object_class}: {part}" for c in found.classes if (part := _first_part(c))]
    text += f", most of all {', '.join(first)}." if first else "."
    if not math.isnan(found.with_ap.value):
        drop, control = (correlation(r.over_things) for r in (found.drop_with_ap, found.control_with_ap))
        text += (
            f" Before the control is taken off, the rank correlation of drops with AP is {drop}; that of the "
            f"control alone, {control}."
        )
    return text


def _first_part(c: ClassFindings) -> str | None:
    """The part with the largest difference between drop and control, if it is discriminative."""
    known = [
        (part.difference.value, v.part, part)
        for part, v in zip(c.parts, c.verdicts, strict=True)
        if part.crops
    ]
    if not known:
        return None
    _, name, part = max(known, key=lambda one: one[0])
    return name if part.discriminative else None
