"""The page's charts as Vega-Lite specifications, in the style of the main report's."""

import math
from typing import Any

from partsjax.reporting.discriminative.discriminativeness_report import (
    ClassPage,
    DiscriminativenessReport,
    PartRow,
)
from partsjax.reporting.report.charts import INK, finished_chart, of_hue


def _by_class(content: DiscriminativenessReport):
    """A color per class."""
    import altair as alt

    names = [c.object_class for c in content.classes]
    scale = alt.Scale(domain=names, range=[of_hue(360 * i / len(names) + 20) for i in range(len(names))])
    return alt.Color("class:N", scale=scale, legend=alt.Legend(title=None, orient="top", columns=0))


_FIGURES = {
    "difference": "drop minus control",
    "drop": "drop",
    "excess": "excess over place, AP on unseen images",
    "AP": "AP on unseen images",
}
_AXES = {  # relation -> what lies across, and up
    "difference_and_excess": ("excess", "difference"),
    "drop_and_excess_given_area": ("excess", "drop"),
    "drop_and_ap_val": ("AP", "drop"),
}


def relation(content: DiscriminativenessReport, name: str) -> dict[str, Any]:
    """Points: the parts that a relation is of; the larger the point, the larger the part.

    name: one of `part_relations.RELATIONS`.
    """
    import altair as alt

    across, up = _AXES[name]
    points = [point for c in content.classes for p in c.parts if (point := _point(c, p, across, up))]
    tooltip = ["part:N", f"{across}:Q", f"{up}:Q", alt.Tooltip("area:Q", title="% of the crop")]
    zero = alt.Chart(alt.InlineData(values=[{"at": 0}])).mark_rule(color=INK, opacity=0.6)
    scatter = (
        alt.Chart(alt.InlineData(values=points))
        .mark_point(filled=True, opacity=0.75)
        .encode(
            x=alt.X(f"{across}:Q", title=_FIGURES[across], axis=alt.Axis(tickCount=5)),
            y=alt.Y(f"{up}:Q", title=_FIGURES[up]),
            color=_by_class(content),
            size=alt.Size("area:Q", scale=alt.Scale(domainMin=0, range=[15, 300]), legend=None),
            tooltip=tooltip,
        )
    )
    return finished_chart(alt.layer(zero.encode(y="at:Q"), scatter), height=300)


def _point(c: ClassPage, p: PartRow, across: str, up: str) -> dict[str, Any] | None:
    """None: the part is not among those of the relation."""
    figures = {
        "difference": p.drops.difference.value if p.drops.discriminative is not None else math.nan,
        "drop": p.drops.drop.value,
        "excess": 100 * p.excess.value,
        "AP": 100 * p.ap_val.value,
    }
    if p.passes is None or math.isnan(figures[across]) or math.isnan(figures[up]):
        return None
    return {
        "part": f"{c.object_class}: {p.part}",
        "class": c.object_class,
        "area": round(100 * float(p.drops.area.value), 1),
        across: round(figures[across], 1),
        up: float(f"{figures[up]:.4g}"),
    }


def factors(content: DiscriminativenessReport) -> dict[str, Any]:
    """Lines: discriminative filters of each class by the factor of standard deviations."""
    import altair as alt

    rows = [
        {"class": c.object_class, "factor": factor, "filters": count}
        for c in content.classes
        for factor, count in c.counts.items()
    ]
    lines = (
        alt.Chart(alt.InlineData(values=rows))
        .mark_line(point=True)
        .encode(
            x=alt.X("factor:Q", title="standard deviations over the mean", scale=alt.Scale(zero=False)),
            y=alt.Y("filters:Q", title="filters", axis=alt.Axis(tickMinStep=1)),
            color=_by_class(content),
            tooltip=["class:N", "factor:Q", "filters:Q"],
        )
    )
    return finished_chart(lines, height=260)


def sharing_chart(content: DiscriminativenessReport) -> dict[str, Any]:
    """Bars: filters by the number of classes they are discriminative for, from 1."""
    import altair as alt

    rows = [{"classes": str(n), "filters": count} for n, count in enumerate(content.sharing) if n]
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        x=alt.X("classes:N", sort=None, title="classes", axis=alt.Axis(labelAngle=0)),
        y=alt.Y("filters:Q", title="filters", axis=alt.Axis(tickMinStep=1)),
        tooltip=["classes:N", "filters:Q"],
    )
    numbers = base.mark_text(dy=-6, fontSize=11, color=INK).encode(text="filters:Q")
    return finished_chart(alt.layer(base.mark_bar(color="var(--paper)"), numbers), height=260)
