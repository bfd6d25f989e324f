"""Writes the page's folder. The same content gives the same bytes."""

from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from partsjax.judging.asked import ALL
from partsjax.judging.findings import FilterJudgment, Judgments
from partsjax.judging.fractions import ANOTHER, CONSISTENT, COUNTED, Fraction
from partsjax.reporting.discriminative.drop_words import chance
from partsjax.reporting.judging import judging_charts, judging_tables, judging_words
from partsjax.reporting.judging.judging_report import SHOWN, JudgingReport
from partsjax.reporting.report import write as report

_PACKAGE = "partsjax.reporting.judging"
_SHOWN = [kind for kind in COUNTED if kind not in (CONSISTENT, ANOTHER)]


def write_judging_report(folder: Path, content: JudgingReport) -> None:
    """Writes index.html, report.css, report.js and vega.js into `folder`.

    The pictures of `content` are to be in `folder`/images; nothing else is needed, and nothing is fetched
    when the page is read.
    """
    folder = Path(folder)
    static = resources.files(_PACKAGE).joinpath("static", "judging.css")
    report.write_assets(folder, styles=static.read_text(encoding="utf-8"))
    templates = report.page_templates(_PACKAGE)
    templates.filters.update(
        in_percent=judging_words.in_percent, alpha=judging_words.alpha_words,
        ratio=judging_words.ratio_words, class_words=judging_words.class_words, chance=chance,
        low_gold=judging_tables.low_gold, whole_layers=judging_tables.whole_layers,
        named_parts=judging_tables.named_parts, of_layer=_of_layer,
        by_kind=lambda fractions: {f.kind: f for f in fractions},
    )  # fmt: skip
    templates.globals.update(
        KINDS=judging_words.KIND_WORDS,
        AGAINST=judging_words.AGAINST_WORDS,
        PAPER=judging_tables.PAPER,
        SHOWN=SHOWN,
        MODEL=judging_words.MODEL,
        SIMULATED=judging_words.SIMULATED,
    )
    of = content.findings.kept
    text = templates.get_template("judging.html").render(
        root="",
        title=content.findings.study.title,
        content=content,
        groups=_by_kind(of),
        charts=_charts(of),
    )
    report.write_text(folder / "index.html", text)


def _charts(of: Judgments) -> dict[str, dict]:
    found = {}
    for number, (layer, fractions) in enumerate(judging_tables.whole_layers(of.fractions)):
        every = [f for f in of.fractions if f.layer == layer]
        found[f"kinds-{number}"] = judging_charts.by_kind(fractions)
        found[f"classes-{number}"] = judging_charts.by_class(every)
    return found


def _of_layer(fractions: Sequence[Fraction], layer: str) -> list[Fraction]:
    """Those of a layer, of all classes together first."""
    found = [f for f in fractions if f.layer == layer]
    return sorted(found, key=lambda f: f.object_class != ALL)


def _by_kind(of: Judgments) -> list[tuple[str, str, list[FilterJudgment]]]:
    """(layer, kind, filters), those that most raters agree on first; "" for those without a judgment."""
    found = []
    for layer in dict.fromkeys(f.layer for f in of.filters):
        for kind in (*_SHOWN, None):
            members = [f for f in of.filters if f.layer == layer and f.kind == kind and f.item]
            members.sort(key=lambda f: (-f.votes[f.kind] / f.answers, -f.answers) if f.kind else (0, 0))
            if members:
                found.append((layer, kind or "", members))
    return found
