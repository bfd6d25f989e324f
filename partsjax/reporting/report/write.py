"""Writes the report's folder. The same content gives the same bytes: no clock, no generated names."""

from collections.abc import Callable, Sequence
from importlib import resources
from pathlib import Path

import jinja2

from partsjax.emergence.changed_truth import DRAWS
from partsjax.emergence.iou import IOU_DETECTOR
from partsjax.emergence.nulls import NULLS
from partsjax.reporting.bundle import BUNDLE
from partsjax.reporting.report import charts, distributions, gallery, headline, names, strips, words
from partsjax.reporting.report.carried_chart import carried
from partsjax.reporting.report.records import EmergenceReport

_PACKAGE = "partsjax.reporting.report"


def write_emergence_report(
    folder: Path, content: EmergenceReport, advance: Callable[[int, str], None] | None = None
) -> None:
    """Writes index.html, filters/*.html, parts/*.html, report.css, report.js and vega.js into `folder`.

    The pictures named in `content` are to be in `folder` already or to come; nothing else is needed, and
    nothing is fetched when the pages are read. `advance(1, layer)` is called after each filter's page.
    Raises ValueError where `filter_aps` has not one column a verdict of its layer.
    """
    folder = Path(folder)
    for name in ("filters", "parts"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    write_assets(folder)
    links = names.Links(content)
    templates = _templates(content, links)
    galleries = gallery.part_galleries(content)
    _write_index(folder, content, galleries, templates)
    _write_parts(folder, galleries, links, templates)
    _write_filters(folder, content, links, templates, advance)


def write_assets(folder: Path, styles: str = "") -> None:
    """Writes what every page loads: report.css, with `styles` after it, report.js and vega.js."""
    static = resources.files(_PACKAGE).joinpath("static")
    write_text(folder / "report.css", static.joinpath("report.css").read_text(encoding="utf-8") + styles)
    write_text(folder / "report.js", static.joinpath("report.js").read_text(encoding="utf-8"))
    write_text(folder / "vega.js", BUNDLE.text)


def page_templates(*packages: str) -> jinja2.Environment:
    """Templates of `packages`, then this report's, with its filters: how figures and boxes are put."""
    loader = jinja2.ChoiceLoader([jinja2.PackageLoader(package) for package in (*packages, _PACKAGE)])
    found = jinja2.Environment(
        loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    found.filters.update(
        percent=words.percent, interval=words.interval_text, score=words.score, outcome=words.outcome,
        criterion=words.criterion, knows=words.knows, signed=words.signed, share=words.share,
        q_value=words.q_value, by_seed=words.by_seed, drift=words.drift_in_words,
        rho=words.rho, outline=strips.outline, address=names.picture,
        spread_strip=strips.spread_strip, verdict_strip=strips.verdict_strip, null_key=words.null_key,
        capitalised=words.capitalised,
    )  # fmt: skip
    return found


def write_text(path: Path, text: str) -> None:
    """A page, or what pages load; the same bytes on every system. A path may hold lone surrogates."""
    path.write_text(text, encoding="utf-8", errors="replace", newline="\n")


def _templates(content: EmergenceReport, links: names.Links) -> jinja2.Environment:
    found = page_templates()
    found.globals.update(
        links=links,
        title=content.title,
        priors=content.priors,
        nulls=content.nulls,
        readouts=content.readouts,
        own_evidence=content.own_evidence,
        read_nulls=content.read_nulls,
        not_run=[null.label for name, null in NULLS.items() if name not in content.nulls],
        threshold=f"{100 * content.emergence_ap:g}",
        min_val_boxes=content.min_val_boxes,
        iou_detector=f"{IOU_DETECTOR:g}",
        scores=words.SCORE_LABELS,
        draws=DRAWS,
        false_discovery_rate=f"{100 * content.false_discovery_rate:g}%",
    )
    return found


def _write_filters(
    folder: Path, content: EmergenceReport, links: names.Links, templates: jinja2.Environment, advance
) -> None:
    template = templates.get_template("filter.html")
    pages = [page for layer in content.layers for page in content.filters.get(layer, ())]
    for i, page in enumerate(pages):
        text = template.render(
            root="../",
            page=page,
            parts=[v for v in content.verdicts if v.layer == page.layer and v.serves(page.filter)],
            previous=pages[i - 1] if i else None,
            following=pages[i + 1] if i + 1 < len(pages) else None,
        )
        write_text(folder / links.filter(page.layer, page.filter), text)
        if advance is not None:
            advance(1, page.layer)


def _write_parts(
    folder: Path, galleries: Sequence[gallery.PartGallery], links: names.Links, templates
) -> None:
    template = templates.get_template("part.html")
    for shown in galleries:
        write_text(
            folder / links.part(shown.object_class, shown.part), template.render(root="../", gallery=shown)
        )


def _write_index(
    folder: Path, content: EmergenceReport, galleries: Sequence[gallery.PartGallery], templates
) -> None:
    layers = headline.headline(content)
    text = templates.get_template("index.html").render(
        root="",
        content=content,
        layers=layers,
        first=layers[content.layers.index(headline.first_to_show(content.summaries))],
        galleries=galleries,
        spreads=distributions.by_layer(content),
        part_spreads=distributions.by_part(content),
        charts={
            "beyond": charts.beyond_place(content.summaries),
            "criteria": charts.other_criteria(content.summaries),
            "ap_by_size": charts.against_size(content, "AP"),
            "excess_by_size": charts.against_size(content, "excess"),
            "single": charts.train_against_held_out(content, single=True),
            "combination": charts.train_against_held_out(content, single=False),
            "filters": charts.filters_over(content),
            **_charts_of_readouts(content),
        },
    )
    write_text(folder / "index.html", text)


def _charts_of_readouts(content: EmergenceReport) -> dict[str, dict]:
    counts = {layer: of.carried for layer, of in content.summaries.items()}
    return {"carried": carried(counts)} if content.readouts else {}
