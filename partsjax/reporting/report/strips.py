"""Small drawings in rows of tables and over pictures, as SVG. Scales run from AP 0 to 100."""

import math

from markupsafe import Markup, escape

from partsjax.emergence.verdict import Estimate, Verdict
from partsjax.reporting.report.distributions import PartSpread
from partsjax.reporting.report.records import FractionBox
from partsjax.reporting.report.words import interval_text, null_key, percent

_WIDTH = 200  # drawing units from AP 0 to 100
_TICKS = ((0, 8), (16, 24))  # where nulls are marked, the first above, the second below, and so on


def _x(fraction: float) -> str:
    return f"{_WIDTH * fraction:.1f}".removesuffix(".0")


def _svg(drawing: str, label: str, threshold: float) -> Markup:
    axis = (
        f'<path class="axis" d="M0 12H{_WIDTH}"/><path class="threshold" d="M{threshold * _WIDTH:g} 1V23"/>'
    )
    return Markup(
        f'<svg class="strip" viewBox="-5 0 {_WIDTH + 10} 24" role="img" aria-label="{escape(label)}">'
        f"{axis}{drawing}</svg>"
    )


def _tick(name: str, fraction: float, top: int, bottom: int) -> str:
    return "" if math.isnan(fraction) else f'<path class="{name}" d="M{_x(fraction)} {top}V{bottom}"/>'


def _bar(name: str, low: float, high: float) -> str:
    known = not (math.isnan(low) or math.isnan(high))
    return f'<path class="{name}" d="M{_x(low)} 12H{_x(high)}"/>' if known else ""


def _dot(name: str, fraction: float) -> str:
    return "" if math.isnan(fraction) else f'<circle class="{name}" cx="{_x(fraction)}" cy="12" r="4"/>'


def verdict_strip(verdict: Verdict) -> Markup:
    """The set on unseen images with its interval, against the place prior, nulls and train."""
    held_out = verdict.combination_ap_val
    drawing = _bar("interval", held_out.low, held_out.high)
    drawing += _dot("train", verdict.combination_ap_train)
    drawing += _tick("prior", verdict.prior.ap_val.value, 3, 21)
    label = f"{_with_interval('held out', held_out)}; place prior {percent(verdict.prior.ap_val.value)}"
    for i, null in enumerate(verdict.nulls.values()):
        drawing += _tick(f"null {null_key(i)}", null.ap_val.value, *_TICKS[i % 2])
        label += f"; {null.label} {percent(null.ap_val.value)}"
    drawing += _dot("held-out", held_out.value)
    return _svg(drawing, f"{label}; train {percent(verdict.combination_ap_train)}", verdict.emergence_ap)


def _with_interval(name: str, estimate: Estimate) -> str:
    return f"{name} {percent(estimate.value)} {interval_text(estimate)}".rstrip()


def spread_strip(part: PartSpread) -> Markup:
    """From the median filter to the best one on unseen images, 90th to 99th percentile thick, and the
    filter that was chosen on train."""
    spread = part.spread
    drawing = _bar("range", spread.median, spread.largest) + _bar("upper", spread.q90, spread.q99)
    drawing += _tick("largest", spread.largest, 7, 17) + _dot("held-out", part.best)
    return _svg(
        drawing,
        f"over {spread.count} filters: median {percent(spread.median)}, "
        f"90th percentile {percent(spread.q90)}, 99th {percent(spread.q99)}, "
        f"highest {percent(spread.largest)}; chosen on train {percent(part.best)}",
        part.verdict.emergence_ap,
    )


def outline(box: FractionBox) -> str:
    """The path of a box, of a picture 100 by 100."""
    x1, y1, x2, y2 = (100 * side for side in box)
    return f"M{x1:.1f} {y1:.1f}H{x2:.1f}V{y2:.1f}H{x1:.1f}Z"
