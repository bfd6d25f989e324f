"""Drops on one scale, as small drawings."""

import math
from collections.abc import Iterable

from markupsafe import Markup, escape

from partsjax.emergence.verdict import UNKNOWN, Estimate
from partsjax.reporting.discriminative.drop_words import amount, ends

_WIDTH = 200  # drawing units


def strip_scale(estimates: Iterable[Estimate]) -> tuple[float, float]:
    """The ends of a scale that holds 0 and all figures with their intervals."""
    known = [v for estimate in estimates for v in estimate if not math.isnan(v)]
    low, high = min([0.0, *known]), max([0.0, *known])
    return (low, high) if high > low else (0.0, 1.0)


def drop_strip(drop: Estimate, ends_of_scale: tuple[float, float], control: Estimate = UNKNOWN) -> Markup:
    """A drop with its interval and its control on a scale; the thin line stands at 0."""
    low, high = ends_of_scale

    def x(value: float) -> str:
        return f"{_WIDTH * (value - low) / (high - low):.1f}"

    drawing = f'<path class="axis" d="M0 12H{_WIDTH}"/><path class="threshold" d="M{x(0)} 1V23"/>'
    label = f"drop {amount(drop.value)} {ends(drop)}".rstrip()
    if not (math.isnan(drop.low) or math.isnan(drop.high)):
        drawing += f'<path class="interval" d="M{x(drop.low)} 12H{x(drop.high)}"/>'
    if not math.isnan(control.value):
        drawing += f'<path class="prior" d="M{x(control.value)} 3V21"/>'
        label += f"; control {amount(control.value)}"
    if not math.isnan(drop.value):
        drawing += f'<circle class="held-out" cx="{x(drop.value)}" cy="12" r="4"/>'
    return Markup(
        f'<svg class="strip" viewBox="-5 0 {_WIDTH + 10} 24" role="img" aria-label="{escape(label)}">'
        f"{drawing}</svg>"
    )
