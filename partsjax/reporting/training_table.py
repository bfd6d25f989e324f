"""What a training run prints at its end: validation figures before, during and after, with baselines."""

import math
from collections.abc import Mapping

from rich import box
from rich.table import Table

METRICS = {
    "top1": "windows named rightly (top-1)",
    "object_accuracy": "windows of objects classified correctly, background left out",
    "balanced_accuracy": "classes and background counting alike",
    "map": "mean average precision of labels",
    "corloc": "objects boxed at IoU 0.5 (CorLoc)",
    "pointing": "strongest point inside an object",
}
"""Metric -> what it is, for people; all are fractions, shown in percent."""
BASELINES = "without looking"


def training_table(headline: str, course: Mapping[int, Mapping[str, float]], baselines: Mapping[str, float]):
    """A table of validation metrics: at the first, some middle and the last validation.

    Args:
      headline: the metric shown in bold.
      course: step -> metric -> value; baselines: what the same metric is without looking at an image.
    """
    steps = list(course)
    shown = sorted({steps[0], steps[len(steps) // 2], steps[-1]})
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("on validation images, in percent")
    table.add_column(BASELINES, justify="right")
    for step in shown:
        table.add_column("before" if step == 0 else f"step {step}", justify="right")
    for metric in course[steps[-1]]:
        cells = [_percent(baselines.get(metric, math.nan))]
        cells += [_percent(course[step].get(metric, math.nan)) for step in shown]
        table.add_row(METRICS.get(metric, metric), *cells, style="bold" if metric == headline else None)
    return table


def _percent(fraction: float) -> str:
    return "–" if math.isnan(fraction) else f"{100 * fraction:.1f}"
