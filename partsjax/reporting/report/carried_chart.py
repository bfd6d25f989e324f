"""The chart of how layers carry parts: how many in one filter, in a few, spread out, or not there."""

from collections.abc import Mapping
from typing import Any

from partsjax.emergence.readout.verdict import CARRIED, IN_A_FEW, IN_ONE, NOT_THERE, SPREAD_OUT
from partsjax.reporting.report.charts import INK, finished_chart

_COLORS = {  # of a word's bars, and of the numbers on them
    IN_ONE: ("var(--held-out)", "var(--bg)"),
    IN_A_FEW: ("var(--in-a-few)", INK),
    SPREAD_OUT: ("var(--spread-out)", INK),
    NOT_THERE: ("var(--line)", INK),
}


def carried(counts: Mapping[str, Mapping[str, int]]) -> dict[str, Any]:
    """Bars: a layer each, from above in the order of `counts`, divided by how it carries its parts.

    Args:
      counts: by layer, how many parts it carries in each way, as `LayerSummary.carried`.
    """
    import altair as alt

    rows = [
        {"layer": layer, "carried": word, "parts": of[word], "order": order}
        for layer, of in counts.items()
        for order, word in enumerate(CARRIED)
        if of[word]
    ]

    def scale(which: int) -> alt.Scale:
        return alt.Scale(domain=list(CARRIED), range=[_COLORS[word][which] for word in CARRIED])

    axis = alt.Axis(title="parts", format="d", tickMinStep=1, tickCount=5)
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        y=alt.Y("layer:N", sort=list(counts), title=None, axis=alt.Axis(labelLimit=220)),
        order=alt.Order("order:Q"),
        tooltip=["layer:N", "carried:N", "parts:Q"],
    )
    legend = alt.Legend(title=None, orient="top", symbolType="square", columns=2)
    bars = base.mark_bar(size=22).encode(
        x=alt.X("parts:Q", stack="zero", axis=axis),
        color=alt.Color("carried:N", scale=scale(0), legend=legend),
    )
    numbers = base.mark_text(fontSize=11).encode(
        x=alt.X("parts:Q", stack="zero", bandPosition=0.5),
        text="parts:Q",
        color=alt.Color("carried:N", scale=scale(1), legend=None),
    )
    return finished_chart(
        alt.layer(bars, numbers).resolve_scale(color="independent"), height=26 * len(counts)
    )
