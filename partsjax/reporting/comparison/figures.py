"""How differences, counts over seeds and their strips are shown."""

import math
from collections.abc import Iterable, Sequence

from markupsafe import Markup, escape

from partsjax.emergence.verdict import Estimate
from partsjax.reporting.report.words import NOT_KNOWN, interval_text, percent, signed

_HALF = 100  # drawing units from no difference to the end of the scale
BETTER, WORSE = "▲", "▼"


def signed_interval(estimate: Estimate) -> str:
    """ "[+0.4, +2.2]"; empty where it is not known."""
    if math.isnan(estimate.low) or math.isnan(estimate.high):
        return ""
    return f"[{signed(estimate.low)}, {signed(estimate.high)}]"


def count(value: float) -> str:
    """A difference of counts: "+1", of several seeds "+1.3"."""
    if math.isnan(value):
        return NOT_KNOWN
    text = f"{value:+.1f}".removesuffix(".0").replace("-", "−")
    return "0" if text in ("+0", "−0") else text


def sure(estimate: Estimate) -> str:
    """▲ or ▼ where the interval is on one side of no difference."""
    return BETTER if estimate.low > 0 else WORSE if estimate.high < 0 else ""


def mean_count(counts: Sequence[int]) -> str:
    """A count, over several seeds its mean."""
    return f"{sum(counts) / len(counts):.1f}".removesuffix(".0")


def difference_scale(differences: Iterable[Estimate]) -> float:
    """The end of the strips' scale: a whole number of points that holds every interval, as a fraction."""
    ends = [abs(end) for d in differences for end in d if not math.isnan(end)]
    return max(1, math.ceil(100 * max(ends, default=0))) / 100


def difference_strip(estimate: Estimate, end: float) -> Markup:
    """A difference and its interval on a scale from -end to end."""
    if math.isnan(estimate.value):
        return Markup(NOT_KNOWN)

    def x(fraction: float) -> str:
        return f"{_HALF * (1 + fraction / end):.1f}".removesuffix(".0")

    drawing = f'<path class="axis" d="M0 12H{2 * _HALF}"/><path class="threshold" d="M{_HALF} 1V23"/>'
    if not math.isnan(estimate.low):
        drawing += f'<path class="interval" d="M{x(estimate.low)} 12H{x(estimate.high)}"/>'
    drawing += f'<circle class="held-out" cx="{x(estimate.value)}" cy="12" r="4"/>'
    label = f"difference {signed(estimate.value)} {signed_interval(estimate)}".rstrip()
    return Markup(
        f'<svg class="strip" viewBox="-5 0 {2 * _HALF + 10} 24" role="img" aria-label="{escape(label)}">'
        f"{drawing}</svg>"
    )


def ap(estimate: Estimate) -> str:
    """ "12.9 [11.2, 14.6]"."""
    return f"{percent(estimate.value)} {interval_text(estimate)}".rstrip()
