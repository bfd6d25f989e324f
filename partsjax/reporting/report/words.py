"""How figures and verdicts are worded."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from partsjax.emergence.drift import Drift
from partsjax.emergence.verdict import Estimate, Verdict

NOT_KNOWN = "–"
SCORE_LABELS = {
    "combination_ap_val": "AP of the best set",
    "best_filter_ap_val": "AP of the best filter",
    "prior_ap_val": "AP of the place prior",
    "excess_over_prior": "Excess over the place prior",
    "hit_rate": "Hit rate",
    "readout_ap_val": "AP of the readout",
    "share_of_decodable": "Share of decodable",
    "iou_val": "IoU of the best filter by IoU",
}
BEYOND, BELOW = "▲", "▼"  # place
NULL_COLOURS = 6  # of the style sheet


def percent(fraction: float | None) -> str:
    """An AP as people read it: 0.4567 -> "45.7"; NaN and None -> "–"."""
    if fraction is None or math.isnan(fraction):
        return NOT_KNOWN
    text = f"{100 * fraction:.1f}"
    return "0.0" if text == "-0.0" else text.replace("-", "−")


def interval_text(estimate: Estimate) -> str:
    """The ends alone: "[40.1, 50.3]"; empty where they are not known."""
    if math.isnan(estimate.low) or math.isnan(estimate.high):
        return ""
    return f"[{percent(estimate.low)}, {percent(estimate.high)}]"


def score(value: float) -> str:
    """What a detection is ranked by, to three digits."""
    return NOT_KNOWN if math.isnan(value) else f"{value:.3g}"


def null_key(place: int) -> str:
    """Class and color, in the style sheet, of the null at a place among those that were run."""
    return f"null-{place % NULL_COLOURS + 1}"


def capitalised(text: str) -> str:
    """The first letter alone is changed: a label may hold names."""
    return text[:1].upper() + text[1:]


def by_seed(counts: Sequence[int]) -> str:
    """Counts of a null, one for each of its seeds: "4", "4, 5, 4", of over three "4.5 (3 to 6)"."""
    if len(counts) <= 3:
        return ", ".join(map(str, counts))
    mean = f"{sum(counts) / len(counts):.1f}".removesuffix(".0")
    return f"{mean} ({min(counts)} to {max(counts)})"


class Outcome(NamedTuple):
    """A verdict as it is shown: a symbol next to words, a key to filter by, a rank to sort by."""

    key: str
    symbol: str
    words: str
    rank: int


def outcome(verdict: Verdict) -> Outcome:
    """The verdict in words. What is not counted says so before anything else."""
    if verdict.rare:
        return Outcome("uncounted", "·", f"rare (under {verdict.min_val_boxes} boxes): not counted", 0)
    if verdict.best_filter is None:
        return Outcome("uncounted", "·", "no train box: not counted", 0)
    if verdict.beyond_place:
        return Outcome("beyond", BEYOND, "beyond place", 3)
    if verdict.below_place:
        return Outcome("below", BELOW, "below place", 1)
    return Outcome("no", "○", "not beyond place", 2)


def criterion(verdict: Verdict) -> str:
    """By which further criterion a judged part emerges: "strict", "paper’s criterion", or ""."""
    if not verdict.judged:
        return ""
    return "strict" if verdict.emerges_strict else "paper’s criterion" if verdict.emerges_paper else ""


def knows(what: str, estimate: Estimate) -> str:
    """Whether a set knows "where" or "whether": "Knows where: +12.0 [8.0, 15.0]"; "" where not computed."""
    if math.isnan(estimate.value):
        return ""
    start = (
        f"Knows {what}"
        if estimate.low > 0
        else f"Knows {what} less well than the list prior"
        if estimate.high < 0
        else f"Does not significantly know {what}"
    )
    return f"{start}: {signed(estimate.value)} {interval_text(estimate)}".rstrip()


def signed(fraction: float | None) -> str:
    """A difference in points: 0.013 -> "+1.3"; nothing is "0.0"."""
    text = percent(fraction)
    return text if text in (NOT_KNOWN, "0.0") or text.startswith("−") else f"+{text}"


def share(fraction: float | None) -> str:
    """A share as people read it: 0.624 -> "62%"; NaN and None -> "–"."""
    return NOT_KNOWN if fraction is None or math.isnan(fraction) else f"{100 * fraction:.0f}%"


def q_value(value: float) -> str:
    """To two digits, nothing below 0.001: "0.034", "< 0.001"; NaN -> "–"."""
    return NOT_KNOWN if math.isnan(value) else "< 0.001" if value < 0.001 else f"{value:.2g}"


def rho(value: float | None) -> str:
    """A correlation: "0.91", "−0.12"; NaN and None -> "–"."""
    if value is None or math.isnan(value):
        return NOT_KNOWN
    return f"{value:.2f}".replace("-0.00", "0.00").replace("-", "−")


def drift_in_words(found: Drift) -> str:
    """ "on 65% of the first third of train objects, 3% of the last"."""
    first, last = share(found.first), share(found.last)
    return f"on {first} of the first third of {found.split} objects, {last} of the last"
