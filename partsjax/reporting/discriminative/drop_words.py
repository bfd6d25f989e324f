"""How drops, correlations and chances are worded."""

import math

from partsjax.emergence.verdict import Estimate
from partsjax.reporting.report.words import NOT_KNOWN, rho

CRITERION_WORDS = {"beyond_place": "beyond place", "paper": "paper’s criterion", "strict": "strict"}
RELATION_WORDS = {
    "difference_and_excess": ("drop − control", "excess"),
    "drop_and_excess_given_area": ("drop", "excess, given area"),
    "drop_and_ap_val": ("drop", "AP"),
}
"""Relation -> the two figures whose rank correlation it is."""
SIZE_WORDS = {
    "difference_and_excess": "out of both: a control, and the place prior",
    "drop_and_excess_given_area": "out of both, as far as it ranks them",
    "drop_and_ap_val": "in both",
}
"""Relation -> whether the parts' size is in it."""


def amount(value: float, digits: int = 2) -> str:
    """A figure in units of the score: 1.234 -> "1.23", 0.0123 -> "0.012"; NaN -> "–"."""
    if math.isnan(value):
        return NOT_KNOWN
    small = digits == 2 and 0.0005 <= abs(value) < 0.1
    text = f"{value:.{3 if small else digits}f}"
    return text.replace("-", "−") if float(text) else text.lstrip("-")


def ends(estimate: Estimate) -> str:
    """The interval alone: "[1.10, 1.30]"; empty where it is not known."""
    if math.isnan(estimate.low) or math.isnan(estimate.high):
        return ""
    return f"[{amount(estimate.low)}, {amount(estimate.high)}]"


def correlation(estimate: Estimate) -> str:
    """A rank correlation with its interval: "−0.40 [−0.71, 0.02]"."""
    value, low, high = map(rho, estimate)
    return value if NOT_KNOWN in (low, high) else f"{value} [{low}, {high}]"


def chance(p: float) -> str:
    """A p-value: "p = 0.03", "p < 0.001"; empty for NaN."""
    return "" if math.isnan(p) else "p < 0.001" if p < 0.001 else f"p = {p:.2g}"
