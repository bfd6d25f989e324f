"""Writes the comparison's page. The same content gives the same bytes."""

from pathlib import Path

from partsjax.emergence.estimate import CHANCE
from partsjax.reporting.comparison import comparison_charts, figures
from partsjax.reporting.comparison.comparison_report import ComparisonReport
from partsjax.reporting.report.write import page_templates, write_assets, write_text


def write_comparison_report(folder: Path, content: ComparisonReport) -> None:
    """Writes index.html and what it loads into `folder`; nothing is fetched when it is read."""
    folder.mkdir(parents=True, exist_ok=True)
    write_assets(folder)
    templates = page_templates("partsjax.reporting.comparison")
    templates.filters.update(
        signed=figures.signed,
        signed_interval=figures.signed_interval,
        change=figures.count,
        sure=figures.sure,
        mean_count=figures.mean_count,
        difference_strip=figures.difference_strip,
    )
    text = templates.get_template("comparison.html").render(
        root="",
        title=content.title,
        content=content,
        end=figures.difference_scale(found.mean for found in content.differences.values()),
        charts={
            "means": comparison_charts.means(content),
            "differences": comparison_charts.difference_chart(content),
        },
        threshold=f"{100 * content.method.emergence_ap:g}",
        false_discovery_rate=f"{content.method.false_discovery_rate:g}",
        CHANCE=CHANCE,
    )
    write_text(folder / "index.html", text)
