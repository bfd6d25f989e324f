"""Raters that are simulated: they know what is right, and err at a known rate."""

import dataclasses

import numpy as np

from partsjax.judging.items import NONE
from partsjax.judging.votes import SAID, Votes

SHARES = {
    "part": 0.3,
    "assembly": 0.1,
    "background": 0.1,
    "texture": 0.1,
    "color": 0.05,
    "other": 0.05,
    NONE: 0.3,
}
"""What is planted: the share of filters of each kind (our choice, of no data)."""
LEANING = 0.5  # of a Dirichlet distribution: most of a rater's errors are of two or three kinds


@dataclasses.dataclass(frozen=True, eq=False)
class Crowd:
    """R simulated raters.

    An answer is right with probability `accuracy`; else it is one of the other kinds, in proportion to the
    rater's leaning.

    leaning: float [R, K], rows sum to 1.
    """

    accuracy: float
    leaning: np.ndarray

    def say(self, rater: np.ndarray, truth: np.ndarray, random: np.random.Generator) -> np.ndarray:
        """What is said, int [A], by raters, int [A], of items that are of these kinds, int [A]."""
        of_others = self.leaning[rater] + 1e-12
        of_others[np.arange(len(truth)), truth] = 0
        up_to = of_others.cumsum(axis=1)
        wrong = (up_to > random.random((len(truth), 1)) * up_to[:, -1:]).argmax(axis=1)
        return np.where(random.random(len(truth)) < self.accuracy, truth, wrong)


def crowd(raters: int, accuracy: float, random: np.random.Generator, leaning: float = LEANING) -> Crowd:
    """Raters of one accuracy, each of whom errs in ways of their own: the more so, the smaller `leaning`."""
    return Crowd(accuracy, random.dirichlet(np.full(len(SAID), leaning), raters))


def planted(items: int, shares: dict[str, float], random: np.random.Generator) -> np.ndarray:
    """The true kinds of items, int [I], drawn independently of each other."""
    return random.choice(len(SAID), items, p=[shares[kind] for kind in SAID])


def simulated_votes(truth: np.ndarray, of: Crowd, per_item: int, random: np.random.Generator) -> Votes:
    """Votes on items of these kinds, int [I], each by `per_item` of the raters."""
    raters = len(of.leaning)
    chosen = random.random((len(truth), raters)).argsort(axis=1)[:, :per_item].ravel()
    item = np.repeat(np.arange(len(truth)), min(per_item, raters))
    return Votes(item, chosen, of.say(chosen, truth[item], random), np.full(len(truth), -1), raters)
