"""Writes the page's folder. The same content gives the same bytes."""

from importlib import resources
from pathlib import Path

from partsjax.discriminativeness.part_drops import MIN_CROPS
from partsjax.emergence.verdict import Estimate
from partsjax.reporting.discriminative import drop_charts, drop_strips, drop_words
from partsjax.reporting.discriminative.discriminativeness_report import ClassPage, DiscriminativenessReport
from partsjax.reporting.report import write as report

_PACKAGE = "partsjax.reporting.discriminative"


def write_discriminativeness_report(folder: Path, content: DiscriminativenessReport) -> None:
    """Writes index.html, report.css, report.js and vega.js into `folder`.

    The pictures named in `content` are to be in `folder` already or to come; nothing else is needed, and
    nothing is fetched when the page is read.
    """
    folder = Path(folder)
    static = resources.files(_PACKAGE).joinpath("static", "discriminative.css")
    report.write_assets(folder, styles=static.read_text(encoding="utf-8"))
    templates = report.page_templates(_PACKAGE)
    templates.filters.update(
        amount=drop_words.amount, ends=drop_words.ends, correlation=drop_words.correlation,
        chance=drop_words.chance,
        drop_strip=drop_strips.drop_strip, filter_scale=_filter_scale, part_scale=_part_scale, tenth=_tenth,
    )  # fmt: skip
    templates.globals.update(
        CRITERIA=drop_words.CRITERION_WORDS,
        RELATIONS=drop_words.RELATION_WORDS,
        SIZE_WORDS=drop_words.SIZE_WORDS,
        MIN_CROPS=MIN_CROPS,
    )
    text = templates.get_template("discriminative.html").render(
        root="",
        title=content.title,
        content=content,
        charts={
            **{name: drop_charts.relation(content, name) for name in content.relations},
            "factors": drop_charts.factors(content),
            "sharing": drop_charts.sharing_chart(content),
        },
    )
    report.write_text(folder / "index.html", text)


def _filter_scale(page: ClassPage) -> tuple[float, float]:
    return drop_strips.strip_scale(row.delta for row in page.filters)


def _part_scale(page: ClassPage) -> tuple[float, float]:
    return drop_strips.strip_scale(
        figure.estimate for row in page.parts for figure in (row.drops.drop, row.drops.control)
    )


def _tenth(estimate: Estimate) -> Estimate:
    """Per tenth of the crop, from a figure per whole crop."""
    return Estimate(*(value / 10 for value in estimate))
