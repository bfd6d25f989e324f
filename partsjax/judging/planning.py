"""How many raters and items an interval of a given width takes, and what they cost: by simulation."""

import dataclasses
import math
from collections.abc import Iterator

import numpy as np

from partsjax.judging.asked import Asked
from partsjax.judging.fractions import fractions
from partsjax.judging.simulated import SHARES, crowd, planted, simulated_votes

CHECKS = 0.2  # of a rater's items: gold and repeated ones, which say nothing of filters
LEARNING = 300  # seconds that instructions and practice take a rater
_STUDIES = 4  # simulated for each size
_MOST_ITEMS = 4000


@dataclasses.dataclass(frozen=True)
class Aim:
    """What is planned for.

    width: of the 95% interval of the fraction of semantic parts. fraction: what that is expected to be.
    accuracy: how often an answer is right. pay: of a rater, per hour. seconds: an item takes.
    """

    width: float
    fraction: float
    accuracy: float
    pay: float
    seconds: float


@dataclasses.dataclass(frozen=True)
class Plan:
    """A study that reaches its aim, or does not.

    per_item: raters of each item; raters: in all.
    items: the fewest that reach it, of filters; None: as many as 4,000 do not, for want of raters.
    width: of the interval, a mean over simulated studies.
    """

    per_item: int
    raters: int
    items: int | None
    width: float
    aim: Aim

    @property
    def screens(self) -> float:
        """Items that each rater sees, gold and repeated ones included."""
        return (self.items or math.nan) * self.per_item / (1 - CHECKS) / self.raters

    @property
    def hours(self) -> float:
        """Of all raters."""
        return self.raters * (self.screens * self.aim.seconds + LEARNING) / 3600

    @property
    def cost(self) -> float:
        """Of all raters, in the currency of the pay; without what a platform takes."""
        return self.hours * self.aim.pay


def plans(aim: Aim, per_item: tuple[int, ...], raters: tuple[int, ...], seed: int) -> Iterator[Plan]:
    """Of each number of raters per item and in all, the smallest study that reaches the aim."""
    for each in per_item:
        for number in raters:
            if number >= each:
                yield _plan(aim, each, number, seed)


def _plan(aim: Aim, per_item: int, raters: int, seed: int) -> Plan:
    """Widths go about as 1 / sqrt(items): from one size to the next, until it neither lacks nor wastes."""
    items = max(8, round(4 * aim.fraction * (1 - aim.fraction) * (1.96 / aim.width) ** 2))
    least, enough = 0, None
    for _ in range(7):
        width = interval_width(aim, items, per_item, raters, seed)
        if width > aim.width:
            least = items
        elif enough is None or items < enough[0]:
            enough = items, width
        if enough and enough[0] - least <= max(1, 0.05 * enough[0]):
            break
        proposed = math.ceil(items * (width / aim.width) ** 2)
        if enough is None:
            items = min(_MOST_ITEMS, max(proposed, least + 1))
            if least == _MOST_ITEMS:
                break
        else:
            items = min(max(proposed, least + 1), enough[0] - 1)
    return Plan(per_item, raters, *(enough or (None, width)), aim)


def interval_width(aim: Aim, items: int, per_item: int, raters: int, seed: int) -> float:
    """The mean width of the interval of the fraction of semantic parts, over simulated studies."""
    rest = (1 - aim.fraction) / (1 - SHARES["part"])
    shares = {kind: share * rest for kind, share in SHARES.items()} | {"part": aim.fraction}
    one_class = np.full(items, "", object)
    asked = Asked(one_class, one_class, np.arange(items), tuple(map(str, range(items))))
    widths = []
    for study in range(_STUDIES):
        random = np.random.default_rng((seed, study, items, per_item, raters))
        truth = planted(items, shares, random)
        votes = simulated_votes(truth, crowd(raters, aim.accuracy, random), per_item, random)
        (part,) = [f.majority for f in fractions(asked, votes, None, study) if f.kind == "part"]
        widths.append(part.high - part.low)
    return float(np.mean(widths))
