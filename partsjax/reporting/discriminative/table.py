"""What a discriminativeness run says at its end: a row a class, and the sentence that sums it up."""

import math

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from partsjax.discriminativeness.relation import Overlap
from partsjax.reporting.discriminative.records import ClassPage, DiscriminativenessReport
from partsjax.reporting.discriminative.words import amount, correlation
from partsjax.reporting.discriminative.write import short


def discriminative_table(content: DiscriminativenessReport) -> Group:
    """The table, and below it the sentence; readers are told what the words mean."""
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("class", overflow="fold")
    for heading in ("filters", "paper\n(chance)", "strict\n(chance)", "parts", "rank correlation\nwith AP"):
        table.add_column(heading, justify="right", no_wrap=True)
    for c in content.classes:
        table.add_row(*_row(c))
    if len(content.classes) > 1:
        sums = short(content)
        table.add_section()
        table.add_row(
            "all",
            str(sums.filters),
            _overlap(content.paper),
            _overlap(content.strict),
            f"{sums.parts}/{sums.parts_measured}",
            correlation(content.with_ap),
        )
    return Group(
        Text.assemble(
            "\n",
            ("Filters", "bold"),
            f" of {content.layer} without which the class score drops by over {content.deviations:g} "
            "standard deviations more than the mean, and how many of them detect a part that emerges, by the "
            "paper's criterion and strictly; in brackets as many as at random. ",
            ("Parts", "bold"),
            " without which it drops surely more than without random boxes of their size; rank correlation "
            "of that difference with the part's AP on unseen images, with its 95% interval over parts.",
        ),
        table,
        _sentence(content),
    )


def _row(c: ClassPage) -> tuple[str, ...]:
    measured = [part for part in c.parts if part.crops]
    return (
        c.object_class,
        str(len(c.filters)),
        _overlap(c.paper),
        _overlap(c.strict),
        f"{sum(part.discriminative for part in measured)}/{len(measured)}",
        correlation(c.with_ap),
    )


def _overlap(o: Overlap) -> str:
    return f"{o.both} ({amount(o.expected, 1)})"


def _sentence(content: DiscriminativenessReport) -> Text:
    sums = short(content)
    several = len(content.classes) > 1
    classes = (
        f"at least one of {len(content.classes)} classes" if several else content.classes[0].object_class
    )
    text = Text.assemble(
        f"{content.layer}: of {content.filters} filters, ",
        (f"{sums.distinct}", "bold"),
        f" are discriminative for {classes}",
    )
    if sums.filters:
        text.append(f"; of {sums.filters} pairs of class and filter ")
        text.append(f"{content.paper.both}", "bold")
        text.append(
            " detect a part that emerges by the paper's criterion (by chance "
            f"{amount(content.paper.expected, 1)}), "
        )
        text.append(f"{content.strict.both}", "bold")
        text.append(f" strictly (by chance {amount(content.strict.expected, 1)})")
    text.append(". ")
    text.append(f"{sums.parts} of {sums.parts_measured}", "bold")
    text.append(" parts are discriminative")
    first = [f"{c.object_class}: {c.parts[0].part}" for c in content.classes if c.parts[0].discriminative]
    text.append(f", most of all {', '.join(first)}." if first else ".")
    if not math.isnan(content.with_ap.value):
        drop, control = (correlation(e) for e in (content.drop_with_ap, content.control_with_ap))
        text.append(
            f" Before the control is taken off, the rank correlation of drops with AP is {drop}; that of the "
            f"control alone, {control}."
        )
    return text
