"""How drops, correlations and chances are put in words."""

import math

from partsjax.emergence.verdict import Estimate
from partsjax.reporting.report.words import NOT_KNOWN


def amount(value: float, digits: int = 2) -> str:
    """A figure in units of the score: 1.234 -> "1.23"; from 0.001 up two digits count; NaN -> "–"."""
    if math.isnan(value):
        return NOT_KNOWN
    text = f"{value:.2g}" if digits == 2 and 0.001 <= abs(value) < 0.1 else f"{value:.{digits}f}"
    return text.replace("-", "−") if float(text) else text.lstrip("-")


def ends(estimate: Estimate) -> str:
    """The interval alone: "[1.10, 1.30]"; empty where it is not known."""
    if math.isnan(estimate.low) or math.isnan(estimate.high):
        return ""
    return f"[{amount(estimate.low)}, {amount(estimate.high)}]"


def with_ends(estimate: Estimate) -> str:
    """The figure and its interval: "1.20 [1.10, 1.30]"."""
    return f"{amount(estimate.value)} {ends(estimate)}".rstrip()


def chance(p: float) -> str:
    """A p-value: "p = 0.03", "p < 0.001"; empty for NaN."""
    return "" if math.isnan(p) else "p < 0.001" if p < 0.001 else f"p = {p:.2g}"
