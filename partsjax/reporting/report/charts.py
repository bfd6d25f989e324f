"""The report's charts as Vega-Lite specifications. Colors are the style sheet's, dark and light.

Views and data carry no generated names: the same content gives the same specification.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from partsjax.emergence.summary import LayerSummary, NullSummary
from partsjax.emergence.verdict import Verdict
from partsjax.reporting.report.distributions import exceedance
from partsjax.reporting.report.records import EmergenceReport
from partsjax.reporting.report.words import by_seed, null_key

INK, _LINE = "var(--ink)", "var(--line)"
_SHAPES = ("circle", "square", "triangle-up", "diamond", "cross")


def beyond_place(summaries: Mapping[str, LayerSummary]) -> dict[str, Any]:
    """Bars: parts beyond place by layer, of the network and of every null that was run."""
    return _bars(
        summaries,
        lambda of: [
            _Bar("the network", "var(--held-out)", (of.beyond_place,)),
            *(_Bar(null.label, colour, null.beyond_place) for null, colour in _nulls(of)),
        ],
    )


def other_criteria(summaries: Mapping[str, LayerSummary]) -> dict[str, Any]:
    """Bars: parts by layer that are strict, and that meet the paper's criterion, here and in nulls."""
    return _bars(
        summaries,
        lambda of: [
            _Bar("strict", "var(--strict)", (of.emerging_strict,)),
            _Bar("paper’s criterion", "var(--paper)", (of.emerging_paper,)),
            _Bar("place prior", "var(--prior)", (of.prior_emerging_paper,)),
            *(_Bar(null.label, colour, null.emerging_paper) for null, colour in _nulls(of)),
        ],
    )


class _Bar(NamedTuple):
    name: str
    colour: str
    counts: tuple[int, ...]  # one for each seed


def _nulls(of: LayerSummary) -> list[tuple[NullSummary, str]]:
    return [(null, f"var(--{null_key(i)})") for i, null in enumerate(of.nulls.values())]


def _bars(
    summaries: Mapping[str, LayerSummary], bars_of: Callable[[LayerSummary], list[_Bar]]
) -> dict[str, Any]:
    """Bars as high as the mean over seeds, in groups by layer."""
    import altair as alt

    rows = [
        {
            "layer": layer,
            "run": bar.name,
            "parts": round(sum(bar.counts) / len(bar.counts), 1),
            "by seed": by_seed(bar.counts),
            "of": of.parts,
        }
        for layer, of in summaries.items()
        for bar in bars_of(of)
    ]
    shown = list(dict.fromkeys((bar.name, bar.colour) for of in summaries.values() for bar in bars_of(of)))
    names = [name for name, _ in shown]
    ticks = max(1, min(8, math.ceil(max(row["parts"] for row in rows))))  # no more than there are parts
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        x=alt.X("layer:N", sort=list(summaries), title=None, axis=alt.Axis(labelAngle=0)),
        xOffset=alt.XOffset("run:N", sort=names),
        y=alt.Y("parts:Q", title="parts", axis=alt.Axis(tickCount=ticks, tickMinStep=1)),
        tooltip=["layer:N", "run:N", "parts:Q", "by seed:N", "of:Q"],
    )
    legend = alt.Legend(title=None, orient="top", columns=2, labelLimit=320, symbolType="square")
    scale = alt.Scale(domain=names, range=[colour for _, colour in shown])
    bars = base.mark_bar().encode(color=alt.Color("run:N", scale=scale, legend=legend))
    numbers = base.mark_text(dy=-6, fontSize=10, color=INK).encode(text="parts:Q")
    return finished_chart(alt.layer(bars, numbers), height=230)


def against_size(content: EmergenceReport, what: str) -> dict[str, Any]:
    """Points: held-out "AP", or "excess", of every part's set against the part's mean area, logarithmic.

    Full points: beyond place.
    """
    import altair as alt

    rows = [row for v in content.verdicts if (row := _sized(v, what)) is not None]
    layers = list(content.layers)
    title = "AP on unseen images" if what == "AP" else "AP over the place prior’s"
    points = (
        alt.Chart(alt.InlineData(values=rows))
        .mark_point(size=45, strokeWidth=1.5, opacity=0.85)
        .encode(
            x=alt.X(
                "area:Q",
                title="mean area of the part, % of the crop",
                scale=alt.Scale(type="log"),
                axis=alt.Axis(grid=False, format="~g"),
            ),
            y=alt.Y(f"{what}:Q", title=title),
            stroke=_by_layer(layers, alt.Stroke),
            fill=_by_layer(layers, alt.Fill),
            shape=_shapes(layers),
            fillOpacity=alt.condition("datum['beyond place'] == 'yes'", alt.value(0.8), alt.value(0)),
            tooltip=["part:N", "layer:N", "area:Q", f"{what}:Q", "beyond place:N"],
        )
    )
    return finished_chart(alt.layer(dashed_line("y", 0), points), height=320)


def _sized(verdict: Verdict, what: str) -> dict[str, Any] | None:
    value = verdict.combination_ap_val.value if what == "AP" else verdict.excess.value
    if not verdict.judged or math.isnan(value) or not verdict.mean_area > 0:
        return None
    return {
        "part": f"{verdict.object_class}: {verdict.part}",
        "layer": verdict.layer,
        "area": float(f"{100 * verdict.mean_area:.3g}"),
        what: round(100 * value, 1),
        "beyond place": "yes" if verdict.beyond_place else "no",
    }


def train_against_held_out(content: EmergenceReport, single: bool) -> dict[str, Any]:
    """Points: train against held-out AP of the best single filter, or of the combination, of every part."""
    import altair as alt

    points = [point for verdict in content.verdicts if (point := _point(verdict, single)) is not None]
    layers = list(content.layers)
    diagonal = alt.Chart(alt.InlineData(values=[{"x": 0, "y": 0}, {"x": 100, "y": 100}]))
    axis = {"scale": alt.Scale(domain=[0, 100]), "axis": alt.Axis(tickCount=5)}
    scatter = (
        alt.Chart(alt.InlineData(values=points))
        .mark_point(filled=True, opacity=0.75, size=45)
        .encode(
            x=alt.X("train:Q", title="AP on train", **axis),
            y=alt.Y("held-out:Q", title="AP on unseen images", **axis),
            color=_by_layer(layers, alt.Color),
            shape=_shapes(layers),
            tooltip=["part:N", "layer:N", "filters:N", "train:Q", "held-out:Q"],
        )
    )
    return finished_chart(
        alt.layer(
            diagonal.mark_line(color=INK, strokeWidth=1, opacity=0.6).encode(x="x:Q", y="y:Q"),
            dashed_line("x", 100 * content.emergence_ap),
            dashed_line("y", 100 * content.emergence_ap),
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
            color=_by_layer(layers, alt.Color),
            tooltip=["layer:N", "AP:Q", alt.Tooltip("share:Q", title="% of pairs over it")],
        )
    )
    return finished_chart(alt.layer(dashed_line("x", 100 * content.emergence_ap), curves), height=280)


def _shapes(layers: Sequence[str]):
    import altair as alt

    shapes = [_SHAPES[i % len(_SHAPES)] for i in range(len(layers))]
    return alt.Shape("layer:N", scale=alt.Scale(domain=list(layers), range=shapes))


def _by_layer(layers: Sequence[str], channel):
    """A color per layer."""
    import altair as alt

    hues = [250 - 230 * i / max(1, len(layers) - 1) for i in range(len(layers))]
    scale = alt.Scale(domain=list(layers), range=list(map(of_hue, hues)))
    return channel("layer:N", scale=scale, legend=alt.Legend(title=None, orient="top", columns=0))


def of_hue(degrees: float) -> str:
    """A color; all are of one lightness, which keeps them apart from light and from dark pages."""
    return f"oklch(0.62 0.15 {degrees % 360:.0f})"


def dashed_line(axis: str, at: float):
    """A line at a value of an axis, "x" or "y"."""
    import altair as alt

    line = alt.Chart(alt.InlineData(values=[{"at": at}]))
    return line.mark_rule(color=INK, strokeDash=[3, 3], opacity=0.6).encode(**{axis: "at:Q"})


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
