"""The page's charts as Vega-Lite specifications, in the style of the main report's."""

import math
from collections.abc import Sequence
from typing import Any

from partsjax.judging.fractions import ANOTHER, CONSISTENT, COUNTED, SILENT, Fraction
from partsjax.judging.items import NONE
from partsjax.reporting.judging.judging_words import KIND_WORDS, MODEL, class_words
from partsjax.reporting.report.charts import INK, finished_chart, of_hue

_STACKED = [kind for kind in COUNTED if kind not in (CONSISTENT, ANOTHER)]
_BY = {"majority": "majority of raters", "dawid_skene": MODEL}


def by_kind(fractions: Sequence[Fraction]) -> dict[str, Any]:
    """Points with intervals: the fraction of each kind, by both judgments."""
    import altair as alt

    rows = [
        {
            "kind": KIND_WORDS[f.kind],
            "by": words,
            "percent": round(100 * estimate.value, 1),
            "low": round(100 * estimate.low, 1),
            "high": round(100 * estimate.high, 1),
        }
        for f in fractions
        for name, words in _BY.items()
        if not math.isnan((estimate := getattr(f, name)).value)
    ]
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        y=alt.Y(
            "kind:N", sort=[KIND_WORDS[f.kind] for f in fractions], title=None, axis=alt.Axis(labelLimit=190)
        ),
        yOffset=alt.YOffset("by:N", sort=list(_BY.values())),
        color=alt.Color(
            "by:N",
            scale=alt.Scale(domain=list(_BY.values()), range=["var(--held-out)", "var(--prior)"]),
            legend=alt.Legend(title=None, orient="top", columns=1),
        ),
        tooltip=["kind:N", "by:N", "percent:Q", "low:Q", "high:Q"],
    )
    across = {"title": "% of filters with a judgment", "scale": alt.Scale(domain=[0, 100])}
    intervals = base.mark_rule(strokeWidth=2.5).encode(x=alt.X("low:Q", **across), x2="high:Q")
    points = base.mark_point(filled=True, size=55, opacity=1).encode(x=alt.X("percent:Q", **across))
    return finished_chart(alt.layer(intervals, points), height=26 * len(fractions) + 20)


def by_class(fractions: Sequence[Fraction]) -> dict[str, Any]:
    """Bars of 100%: the kinds in each class of a layer, and in all, by majority."""
    import altair as alt

    stacked = [f for f in fractions if f.kind in _STACKED]
    rows = [
        {
            "class": class_words(f.object_class),
            "kind": KIND_WORDS[f.kind],
            "percent": round(100 * f.majority.value, 1),
            "number": f.number,
            "of": f.judged,
            "order": _STACKED.index(f.kind),
        }
        for f in stacked
        if f.number
    ]
    hues = {kind: of_hue(250 + 47 * place) for place, kind in enumerate(_STACKED)}
    colors = hues | {NONE: "var(--line)", SILENT: "var(--panel)"}
    bars = (
        alt.Chart(alt.InlineData(values=rows))
        .mark_bar(stroke=INK, strokeWidth=0.5)
        .encode(
            y=alt.Y(
                "class:N", sort=list(dict.fromkeys(class_words(f.object_class) for f in stacked)), title=None
            ),
            x=alt.X("percent:Q", title="% of filters with a judgment", scale=alt.Scale(domain=[0, 100])),
            color=alt.Color(
                "kind:N",
                scale=alt.Scale(
                    domain=[KIND_WORDS[kind] for kind in _STACKED], range=[colors[kind] for kind in _STACKED]
                ),
                legend=alt.Legend(title=None, orient="top", columns=2, labelLimit=260, symbolStrokeWidth=1),
            ),
            order="order:Q",
            tooltip=["class:N", "kind:N", "percent:Q", "number:Q", "of:Q"],
        )
    )
    return finished_chart(bars, height=34 * len({row["class"] for row in rows}) + 20)
