"""The report's charts as Vega-Lite specifications. Colors are the style sheet's, dark and light.

Views and data carry no generated names: the same content gives the same specification.
"""

import math
from collections.abc import Sequence
from typing import Any

from partsjax.emergence.summary import LayerSummary
from partsjax.emergence.verdict import Verdict
from partsjax.reporting.report.distributions import exceedance
from partsjax.reporting.report.headline import LayerHeadline
from partsjax.reporting.report.records import EmergenceReport
from partsjax.reporting.report.words import null_key

INK, _LINE = "var(--ink)", "var(--line)"
_SHAPES = ("circle", "square", "triangle-up", "diamond", "cross")


def counts(layers: Sequence[LayerHeadline]) -> dict[str, Any]:
    """Bars: parts by layer under each criterion that was computed."""
    import altair as alt

    rows = [
        {"layer": layer.layer, "criterion": words, "parts": count, "of": layer.counts.parts}
        for layer in layers
        for words, _, count in _criteria(layer.counts)
    ]
    shown = list(dict.fromkeys((words, colour) for x in layers for words, colour, _ in _criteria(x.counts)))
    words = [name for name, _ in shown]
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        x=alt.X("layer:N", sort=[layer.layer for layer in layers], title=None, axis=alt.Axis(labelAngle=0)),
        xOffset=alt.XOffset("criterion:N", sort=words),
        y=alt.Y("parts:Q", title="parts", axis=alt.Axis(tickMinStep=1)),
        tooltip=["layer:N", "criterion:N", "parts:Q", "of:Q"],
    )
    legend = alt.Legend(title=None, orient="top", columns=1, labelLimit=320, symbolType="square")
    scale = alt.Scale(domain=words, range=[colour for _, colour in shown])
    bars = base.mark_bar().encode(color=alt.Color("criterion:N", scale=scale, legend=legend))
    numbers = base.mark_text(dy=-6, fontSize=11, color=INK).encode(text="parts:Q")
    return finished_chart(alt.layer(bars, numbers), height=230)


def _criteria(counts: LayerSummary) -> list[tuple[str, str, int]]:
    """(what passes, colour, how many parts), in the order of the bars."""
    over = f"train AP > {100 * counts.emergence_ap:g}"
    return [
        (f"combination, {over} (the paper)", "var(--paper)", counts.emerging_paper),
        (f"fixed boxes, {over}", "var(--prior)", counts.prior_emerging_paper),
        *(
            (f"{null.label}, {over}", f"var(--{null_key(i)})", null.emerging_paper)
            for i, null in enumerate(counts.nulls.values())
        ),
        ("combination, strict, on unseen images", "var(--strict)", counts.emerging_strict),
    ]


def train_against_held_out(content: EmergenceReport, single: bool) -> dict[str, Any]:
    """Points: train against held-out AP of the best single filter, or of the combination, of every part."""
    import altair as alt

    points = [point for verdict in content.verdicts if (point := _point(verdict, single)) is not None]
    layers = list(content.layers)
    diagonal = alt.Chart(alt.InlineData(values=[{"x": 0, "y": 0}, {"x": 100, "y": 100}]))
    threshold = alt.Chart(alt.InlineData(values=[{"at": 100 * content.emergence_ap}]))
    axis = {"scale": alt.Scale(domain=[0, 100]), "axis": alt.Axis(tickCount=5)}
    scatter = (
        alt.Chart(alt.InlineData(values=points))
        .mark_point(filled=True, opacity=0.75, size=45)
        .encode(
            x=alt.X("train:Q", title="AP on train", **axis),
            y=alt.Y("held-out:Q", title="AP on unseen images", **axis),
            color=_by_layer(layers),
            shape=alt.Shape(
                "layer:N",
                scale=alt.Scale(domain=layers, range=[_SHAPES[i % len(_SHAPES)] for i in range(len(layers))]),
            ),
            tooltip=["part:N", "layer:N", "filters:N", "train:Q", "held-out:Q"],
        )
    )
    return finished_chart(
        alt.layer(
            diagonal.mark_line(color=INK, strokeWidth=1, opacity=0.6).encode(x="x:Q", y="y:Q"),
            threshold.mark_rule(color=INK, strokeDash=[3, 3], opacity=0.6).encode(x="at:Q"),
            threshold.mark_rule(color=INK, strokeDash=[3, 3], opacity=0.6).encode(y="at:Q"),
            scatter,
        ),
        height=340,
    )


def _point(verdict: Verdict, single: bool) -> dict[str, Any] | None:
    if single:
        train, held_out = verdict.best_filter_ap_train, verdict.best_filter_ap_val.value
        filters = f"filter {verdict.best_filter}"
    else:
        train, held_out = verdict.combination_ap_train, verdict.combination_ap_val.value
        filters = f"{len(verdict.combination)} filters"
    if not verdict.judged or math.isnan(train) or math.isnan(held_out):
        return None
    return {
        "part": f"{verdict.object_class}: {verdict.part}",
        "layer": verdict.layer,
        "filters": filters,
        "train": round(100 * train, 1),
        "held-out": round(100 * held_out, 1),
    }


def filters_over(content: EmergenceReport) -> dict[str, Any]:
    """Curves: by layer, the share of (filter, part) pairs above each held-out AP, logarithmic."""
    import altair as alt

    at = [i / 100 for i in range(101)]
    layers = [layer for layer in content.layers if layer in content.filter_aps]
    rows = [
        {"layer": layer, "AP": round(100 * ap), "share": float(f"{100 * share:.4g}")}
        for layer in layers
        for ap, share in zip(at, exceedance(content.filter_aps[layer], at), strict=True)
        if share > 0
    ]
    curves = (
        alt.Chart(alt.InlineData(values=rows))
        .mark_line(interpolate="step-before", strokeWidth=2)
        .encode(
            x=alt.X("AP:Q", title="AP on unseen images over", scale=alt.Scale(domain=[0, 100])),
            y=alt.Y(
                "share:Q",
                title="% of filter × part pairs",
                scale=alt.Scale(type="log"),
                axis=alt.Axis(format="~g", values=[10.0**power for power in range(-6, 3)]),
            ),
            color=_by_layer(layers),
            tooltip=["layer:N", "AP:Q", alt.Tooltip("share:Q", title="% of pairs over it")],
        )
    )
    threshold = alt.Chart(alt.InlineData(values=[{"at": 100 * content.emergence_ap}]))
    rule = threshold.mark_rule(color=INK, strokeDash=[3, 3], opacity=0.6).encode(x="at:Q")
    return finished_chart(alt.layer(rule, curves), height=280)


def _by_layer(layers: Sequence[str]):
    """A color per layer, of equal lightness, which keeps them apart from light and from dark pages."""
    import altair as alt

    hues = [250 - 230 * i / max(1, len(layers) - 1) for i in range(len(layers))]
    scale = alt.Scale(domain=list(layers), range=[f"oklch(0.62 0.15 {hue % 360:.0f})" for hue in hues])
    return alt.Color("layer:N", scale=scale, legend=alt.Legend(title=None, orient="top", columns=0))


def finished_chart(chart, height: int) -> dict[str, Any]:
    """The specification: as wide as its place on the page, drawn in the page's colors and font."""
    font = "system-ui, sans-serif"
    axis = {
        "domainColor": _LINE, "tickColor": _LINE, "gridColor": _LINE, "labelColor": INK, "titleColor": INK,
        "labelFont": font, "titleFont": font, "labelFontSize": 12, "titleFontSize": 12,
        "titleFontWeight": 400,
    }  # fmt: skip
    legend = {"labelColor": INK, "labelFont": font, "labelFontSize": 12}
    chart = chart.properties(width="container", height=height).configure(
        background="transparent", font=font, axis=axis, legend=legend, view={"stroke": None}
    )
    return chart.to_dict()
