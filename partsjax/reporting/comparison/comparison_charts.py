"""The comparison's charts as Vega-Lite specifications, in the report's style."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from partsjax.emergence.verdict import Estimate
from partsjax.reporting.comparison.comparison_report import ComparisonReport
from partsjax.reporting.report.charts import dashed_line, finished_chart, of_hue

_SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right")


def means(content: ComparisonReport) -> dict[str, Any]:
    """Points with intervals: mean held-out AP of every network; dotted: the place prior's.

    By layer; by relative depth, joined by lines, where networks have layers of other names.
    """
    return (_by_depth if content.of_other_names else _by_layer)(
        content,
        content.networks,
        {key: figures.mean_ap_val for key, figures in content.figures.items()},
        "mean AP on unseen images",
        content.prior_ap_val,
    )


def difference_chart(content: ComparisonReport) -> dict[str, Any]:
    """Points with intervals: every network minus the baseline, by layer; a dotted line at no difference."""
    return _by_layer(
        content,
        [network for network in content.networks if network != content.baseline],
        {key: found.mean for key, found in content.differences.items()},
        f"mean AP minus that of {content.baseline}",
        0.0,
    )


def _by_layer(
    content: ComparisonReport,
    networks: Sequence[str],
    figures: Mapping[tuple[str, str], Estimate],
    title: str,
    line: float,
) -> dict[str, Any]:
    import altair as alt

    base = _base(content, networks, figures, title).encode(
        x=alt.X("layer:N", sort=list(content.layers), title=None, axis=alt.Axis(labelAngle=0)),
        xOffset=alt.XOffset("network:N", sort=list(networks)),
    )
    return _finished(base, content, networks, title, line)


def _by_depth(
    content: ComparisonReport,
    networks: Sequence[str],
    figures: Mapping[tuple[str, str], Estimate],
    title: str,
    line: float,
) -> dict[str, Any]:
    import altair as alt

    depth = alt.X("depth:Q", title="relative depth of the layer", scale=alt.Scale(domain=[0, 1]))
    base = _base(content, networks, figures, title).encode(x=depth)
    return _finished(base, content, networks, title, line, base.mark_line().encode(y="value:Q"))


def _base(
    content: ComparisonReport,
    networks: Sequence[str],
    figures: Mapping[tuple[str, str], Estimate],
    title: str,
):
    import altair as alt

    rows = [
        {
            "network": network,
            "layer": layer,
            "depth": round(content.depth[network, layer], 3),
            **{end: round(100 * value, 2) for end, value in figures[network, layer]._asdict().items()},
        }
        for layer in content.layers
        for network in networks
        if (network, layer) in figures and not any(map(math.isnan, figures[network, layer]))
    ]
    return alt.Chart(alt.InlineData(values=rows)).encode(
        color=_look(content, networks)[0],
        tooltip=[
            "network:N",
            "layer:N",
            alt.Tooltip("value:Q", title=title),
            alt.Tooltip("low:Q", title="95% from"),
            alt.Tooltip("high:Q", title="to"),
        ],
    )


def _finished(
    base, content: ComparisonReport, networks: Sequence[str], title: str, line: float, *more
) -> dict[str, Any]:
    import altair as alt

    shape = _look(content, networks)[1]
    layers = [
        base.mark_rule(strokeWidth=2).encode(y=alt.Y("low:Q", title=title), y2="high:Q"),
        *more,
        base.mark_point(filled=True, size=70, opacity=1).encode(y="value:Q", shape=shape),
    ]
    if not math.isnan(line):
        layers.insert(0, dashed_line("y", round(100 * line, 2)))
    return finished_chart(alt.layer(*layers), height=320)


def _look(content: ComparisonReport, networks: Sequence[str]):
    """A color and a shape per network, the same in every chart."""
    import altair as alt

    every = list(content.networks)
    colours = {name: of_hue(250 + 360 * i / len(every)) for i, name in enumerate(every)}
    shapes = {name: _SHAPES[i % len(_SHAPES)] for i, name in enumerate(every)}
    shown = list(networks)

    def scale(values: Mapping[str, str]):
        return alt.Scale(domain=shown, range=[values[name] for name in shown])

    legend = alt.Legend(title=None, orient="top", columns=4, labelLimit=180)
    return (
        alt.Color("network:N", scale=scale(colours), legend=legend),
        alt.Shape("network:N", scale=scale(shapes), legend=legend),
    )
