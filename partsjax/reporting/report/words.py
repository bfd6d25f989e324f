"""How figures and verdicts are worded."""

import math
from typing import NamedTuple

from partsjax.emergence.verdict import Estimate, Verdict

NOT_KNOWN = "–"
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
    if verdict.emerges_strict:
        return Outcome("strict", "●", "strict", 3)
    if verdict.emerges_paper:
        return Outcome("paper", "◐", "paper only", 2)
    return Outcome("no", "○", "neither", 1)


def no_better_than_place(verdict: Verdict) -> bool:
    """Whether place alone does as well on unseen images.

    The prior's AP reaches the combination's, or lies within its interval while the paired difference,
    which is sharper, is not significantly above 0 (our choice).
    """
    prior, held_out = verdict.prior_ap_val.value, verdict.combination_ap_val
    return prior >= held_out.value or (prior >= held_out.low and not verdict.excess.low > 0)


def boxes(verdict: Verdict) -> str:
    """How many fixed boxes the prior shows on a crop."""
    count = verdict.prior_boxes
    return "" if not count else "1 box" if count == 1 else f"{count} boxes"
