"""Do judgments of people go with what is measured? Judged semantic parts against other sets of filters."""

import dataclasses

import numpy as np
from scipy.special import ndtri

from partsjax.discriminativeness.relation import overlap
from partsjax.emergence.estimate import CHANCE, UNKNOWN, Estimate
from partsjax.judging.asked import ALL, Asked

Members = frozenset[tuple[str, str, int]]
"""A set of pairs of class and filter: (layer, class, filter)."""


@dataclasses.dataclass(frozen=True)
class Association:
    """Pairs of class and filter, by whether they were judged a semantic part and whether they are in a set.

    against: what that set is, as "beyond_place". object_class: "all" for all of a layer's.
    both, judged_only, other_only, neither: how many; what was not judged is in none.
    expected: of both, if the two had nothing to do with each other.
    odds_ratio: with 0.5 added to each of the four (Haldane, Anscombe).
    p_value: how often there would be as many of both or more by chance; NaN where one of the two is empty.
    """

    layer: str
    object_class: str
    against: str
    both: int
    judged_only: int
    other_only: int
    neither: int
    expected: float
    odds_ratio: Estimate
    p_value: float


def associations(
    asked: Asked, semantic: np.ndarray, judged: np.ndarray, against: str, members: Members, seed: int = 0
) -> list[Association]:
    """Of each class of a layer, and of all its classes.

    In one class chance is that of Fisher's exact test, one-sided, on what was judged. Over several, which
    share filters, which filter is which in the set is permuted, alike in all classes, among the filters asked
    about (`discriminativeness.relation.overlap`).

    Args:
      semantic, judged: bool [N], whether a pair was judged a semantic part, and whether it was judged.
      members: of the set, also of pairs that were not asked about.
    """
    pairs = list(zip(asked.layer, asked.object_class, asked.filter.tolist(), strict=True))
    other = np.array([pair in members for pair in pairs], bool)
    found = []
    for layer, object_class, group in asked.groups:
        of = group & judged
        s, o = semantic[of], other[of]
        if not len(s):
            chance = None
        elif object_class == ALL:
            units = sorted({number for name, _, number in pairs if name == layer})
            classes = sorted(set(asked.object_class[of]))
            said = {pairs[n] for n in np.flatnonzero(semantic & of)}
            chance = overlap(*(_table(those, layer, classes, units) for those in (said, members)), seed)
        else:
            chance = overlap(s, o)
        cells = [int(cell.sum()) for cell in (s & o, s & ~o, ~s & o, ~s & ~o)]
        found.append(
            Association(
                *(layer, object_class, against, *cells, chance.expected if chance else 0.0),
                odds_ratio=odds_ratio(asked.unit[of], s, o),
                p_value=chance.p_value if chance else np.nan,
            )
        )
    return found


def _table(members, layer: str, classes: list[str], filters: list[int]) -> np.ndarray:
    """Whether (layer, class, filter) is among the members: bool [C, F]."""
    return np.array([[(layer, name, f) in members for f in filters] for name in classes], bool)


def odds_ratio(unit: np.ndarray, one: np.ndarray, other: np.ndarray) -> Estimate:
    """The odds ratio of two properties with its 95% interval: Woolf's, of observations in clusters.

    log OR = log(a d / (b c)), a to d being the four cells, each plus 0.5. An observation moves it by 1/a,
    -1/b, -1/c or 1/d; the variance is the sum over clusters of the squared sum of these, and of 0.5/x^2
    for each cell x, which is what was added to it. Were each observation a cluster, it would be Woolf's
    1/a + 1/b + 1/c + 1/d (our choice: a filter is one cluster, in however many classes).

    Args:
      unit: int [N], the cluster of each observation.
      one, other: bool [N].
    """
    if not len(unit):
        return UNKNOWN
    cell = 2 * ~one + ~other  # both, one alone, the other alone, neither
    sizes = np.bincount(cell, minlength=4) + 0.5
    moves = np.array([1, -1, -1, 1]) / sizes
    clusters = np.bincount(unit, weights=moves[cell])
    spread = np.sqrt((clusters**2).sum() + (0.5 * moves**2).sum())
    log = np.log(sizes[0] * sizes[3] / (sizes[1] * sizes[2]))
    return Estimate(*(float(np.exp(log + z * spread)) for z in (0, ndtri(CHANCE), ndtri(1 - CHANCE))))
