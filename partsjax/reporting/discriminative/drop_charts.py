"""The page's charts as Vega-Lite specifications, in the style of the main report's."""

import math
from typing import Any

from partsjax.reporting.discriminative.discriminativeness_report import DiscriminativenessReport
from partsjax.reporting.report.charts import INK, finished_chart


def _by_class(content: DiscriminativenessReport):
    """A color per class, of equal lightness, which keeps them apart from light and from dark pages."""
    import altair as alt

    names = [c.object_class for c in content.classes]
    hues = [360 * i / len(names) + 20 for i in range(len(names))]
    scale = alt.Scale(domain=names, range=[f"oklch(0.62 0.15 {hue % 360:.0f})" for hue in hues])
    return alt.Color("class:N", scale=scale, legend=alt.Legend(title=None, orient="top", columns=0))


def relation(content: DiscriminativenessReport) -> dict[str, Any]:
    """Points: held-out AP against drop minus control, of every part that has both."""
    import altair as alt

    points = [
        {
            "part": f"{c.object_class}: {p.part}",
            "class": c.object_class,
            "AP": round(100 * p.ap_val.value, 1),
            "difference": float(f"{p.difference.value:.4g}"),
            "discriminative": "yes" if p.discriminative else "no",
        }
        for c in content.classes
        for p in c.parts
        if not (math.isnan(p.ap_val.value) or math.isnan(p.difference.value))
    ]
    five = alt.Axis(tickCount=5)
    zero = alt.Chart(alt.InlineData(values=[{"at": 0}])).mark_rule(color=INK, opacity=0.6)
    scatter = (
        alt.Chart(alt.InlineData(values=points))
        .mark_point(filled=True, opacity=0.8, size=60)
        .encode(
            x=alt.X("AP:Q", title="AP on unseen images", scale=alt.Scale(domain=[0, 100]), axis=five),
            y=alt.Y("difference:Q", title="drop minus control"),
            color=_by_class(content),
            shape=alt.Shape(
                "discriminative:N",
                scale=alt.Scale(domain=["yes", "no"], range=["circle", "triangle-down"]),
                legend=alt.Legend(title="discriminative", orient="top"),
            ),
            tooltip=["part:N", "AP:Q", "difference:Q", "discriminative:N"],
        )
    )
    return finished_chart(alt.layer(zero.encode(y="at:Q"), scatter), height=340)


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
