"""Sanity: does a score fall when labels are wrong? One that does not is blind to that error.

Oikarinen, Yan and Weng (arXiv:2506.05774) ask this of scores of explanations of neurons, by labels that are
missing and by extra ones. How boxes go missing, and where extra ones lie, is our choice (`changed_truth`).
"""

import dataclasses
import math
from collections.abc import Mapping, Sequence

import numpy as np

ERRORS = ("missing", "extra")
_BLIND = 0.5  # a score is blind to an error if it falls for no more of the parts (our choice)
_ROUNDING = 1e-9  # of scores


@dataclasses.dataclass(frozen=True)
class Sanity:
    """One held-out score of one part, and what it becomes where labels are wrong; NaN: not known.

    as_labeled: with the labels as they are. missing, extra: with either error, mean over its draws.
    """

    as_labeled: float
    missing: float
    extra: float

    def relative_fall(self, error: str) -> float:
        """What share of the score is lost to one of `ERRORS`; NaN unless the score is above 0."""
        return 1 - getattr(self, error) / self.as_labeled if self.as_labeled > 0 else math.nan

    def falls(self, error: str) -> bool:
        """Whether it is lower with one of `ERRORS`."""
        return getattr(self, error) < self.as_labeled - _ROUNDING

    @property
    def known(self) -> bool:
        return not any(math.isnan(value) for value in dataclasses.astuple(self))


@dataclasses.dataclass(frozen=True)
class ScoreSanity:
    """One score over the parts of a layer for which it is known.

    parts: how many. as_labeled, missing, extra: means over them.
    falls_missing, falls_extra, falls_both: shares of the parts for which it falls with either error, and with
    each of the two.
    """

    parts: int
    as_labeled: float
    missing: float
    extra: float
    falls_missing: float
    falls_extra: float
    falls_both: float

    @property
    def blind_to(self) -> tuple[str, ...]:
        """The errors with which it falls for no more than half of the parts (our choice)."""
        return tuple(error for error in ERRORS if getattr(self, f"falls_{error}") <= _BLIND)

    @property
    def mean(self) -> Sanity:
        """Of the means."""
        return Sanity(self.as_labeled, self.missing, self.extra)


def score_sanities(parts: Sequence[Mapping[str, Sanity]]) -> dict[str, ScoreSanity]:
    """By name, each score over the parts for which it is known, if any.

    Args:
      parts: the scores of each, by name.
    """
    found = {}
    for name in dict.fromkeys(name for part in parts for name in part):
        known = [part[name] for part in parts if name in part and part[name].known]
        if known:
            falls = np.array([[one.falls(error) for error in ERRORS] for one in known])
            means = np.mean([dataclasses.astuple(one) for one in known], axis=0)
            shares = *falls.mean(axis=0), falls.all(axis=1).mean()
            found[name] = ScoreSanity(len(known), *means.tolist(), *map(float, shares))
    return found
