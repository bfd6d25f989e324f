"""What is found, in short: a row per class of filters and one of parts, and a sentence that sums it up."""

import html
from collections.abc import Mapping, Sequence

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from partsjax.discriminativeness.correlation import RankCorrelation
from partsjax.discriminativeness.findings import ClassFindings, LayerFindings
from partsjax.discriminativeness.part_drops import MIN_CROPS, PartCounts
from partsjax.discriminativeness.part_relations import RELATIONS
from partsjax.discriminativeness.relation import CRITERIA, Overlap
from partsjax.emergence.bootstrap import Resampled
from partsjax.reporting.discriminative.drop_words import CRITERION_WORDS, RELATION_WORDS, amount, correlation
from partsjax.reporting.report.words import NOT_KNOWN, interval_text, percent

_FILTERS = (
    "class",
    "top-1",
    "filters",
    *("\n".join([*CRITERION_WORDS[name].split(), "(chance)"]) for name in CRITERIA),
)
_PARTS = (
    "class",
    "parts",
    "no\ncontrol",
    *(",\n".join([one, *other.split(", ")]) for one, other in map(RELATION_WORDS.get, RELATIONS)),
)


def discriminative_table(found: LayerFindings) -> Group:
    """Both tables, what their words mean above each, and the sentence below."""
    return Group(
        Text.assemble(
            "\n",
            ("Filters", "bold"),
            f" of {found.layer} without which the class score drops by over {found.cutoff.deviations:g} "
            "standard deviations more than the mean, and how many of them detect a part that is found beyond "
            "place, emerges by the paper's criterion, and strictly; in brackets, how many would by chance. "
            "top-1: percent of the crops whose highest class score is right, with a 95% interval.",
        ),
        _table(_FILTERS, _filter_rows(found), len(found.classes)),
        Text.assemble(
            ("Parts", "bold"),
            " without which it drops significantly more than without boxes of their size elsewhere in the "
            "object; on how many of their crops no such box fits. Then three rank correlations over parts, "
            "with 95% intervals, each for what it leaves in of the parts' size: of drop minus control with "
            "the excess over place, of the plain drop with it given the part's area, and of the plain drop "
            "with the AP on unseen images.",
        ),
        _table(_PARTS, _part_rows(found), len(found.classes)),
        Text(sentence(found)),
    )


def _table(columns: Sequence[str], rows: Sequence[tuple[str, ...]], classes: int) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column(columns[0], overflow="fold")
    for heading in columns[1:]:
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows[:classes]:
        table.add_row(*row)
    for row in rows[classes:]:
        table.add_section()
        table.add_row(*row)
    return table


def html_table(found: LayerFindings) -> str:
    """The same for a notebook."""

    def row(cells, tag: str) -> str:
        return f"<tr>{''.join(f'<{tag}>{html.escape(cell)}</{tag}>' for cell in cells)}</tr>"

    def whole(columns, rows) -> str:
        body = "".join(row(cells, "td") for cells in rows)
        return f"<table><thead>{row(columns, 'th')}</thead><tbody>{body}</tbody></table>"

    both = whole(_FILTERS, _filter_rows(found)) + whole(_PARTS, _part_rows(found))
    return f"{both}<p>{html.escape(sentence(found))}</p>"


def _filter_rows(found: LayerFindings) -> list[tuple[str, ...]]:
    """A row per class, and where there are several one of all."""
    rows = [
        (c.object_class, _top1(c.top1), str(int(c.discriminative.sum())), *_overlaps(c.overlap))
        for c in found.classes
    ]
    if len(rows) > 1:
        rows.append(("all", "", str(found.sums.filters), *_overlaps(found.overlap)))
    return rows


def _top1(share: Resampled) -> str:
    return f"{percent(float(share.value))} {interval_text(share.estimate)}".strip()


def _overlaps(of: Mapping[str, Overlap]) -> list[str]:
    return [f"{of[name].both} ({amount(of[name].expected, 1)})" for name in CRITERIA]


def _part_rows(found: LayerFindings) -> list[tuple[str, ...]]:
    rows = [(c.object_class, *_counts(c.part_counts), *_relations(c.relations)) for c in found.classes]
    if len(rows) > 1:
        rows.append(("all", *_counts(found.sums.parts), *_relations(found.relations)))
    return rows


def _counts(parts: PartCounts) -> tuple[str, str]:
    share = percent(parts.without_control / parts.blackouts) + "%" if parts.blackouts else NOT_KNOWN
    return f"{parts.discriminative}/{parts.compared}", share


def _relations(of: Mapping[str, RankCorrelation]) -> list[str]:
    """Each with its interval over parts, under it."""
    return [correlation(of[name].over_things).replace(" [", "\n[") for name in RELATIONS]


def sentence(found: LayerFindings) -> str:
    """What is found over all classes."""
    total, several = found.sums, len(found.classes) > 1
    classes = f"at least one of {len(found.classes)} classes" if several else found.classes[0].object_class
    text = (
        f"{found.layer}: of {len(found.sharing.classes)} filters, {total.distinct} are discriminative for "
        f"{classes}"
    )
    if total.filters:
        beyond, paper, strict = (found.overlap[name] for name in ("beyond_place", "paper", "strict"))
        text += (
            f"; of {total.filters} pairs of class and filter {beyond.both} detect a part beyond place (by "
            f"chance {amount(beyond.expected, 1)}), {paper.both} one that emerges by the paper's criterion "
            f"({amount(paper.expected, 1)}), {strict.both} strictly ({amount(strict.expected, 1)})"
        )
    text += f". {total.parts.discriminative} of {total.parts.compared} parts are discriminative"
    first = [f"{c.object_class}: {part}" for c in found.classes if (part := _first_part(c))]
    text += f", most of all {', '.join(first)}." if first else "."
    if total.parts.uncontrolled:
        text += (
            f" Of {total.parts.uncontrolled} more nothing is said: a control fits on fewer than {MIN_CROPS} "
            "of their crops."
        )
    return text


def _first_part(c: ClassFindings) -> str | None:
    """The part with the largest difference between drop and control, if it is discriminative."""
    known = [
        (part.difference.value, v.part, part.discriminative)
        for part, v in zip(c.parts, c.verdicts, strict=True)
        if part.discriminative is not None
    ]
    if not known:
        return None
    _, name, discriminative = max(known)
    return name if discriminative else None
