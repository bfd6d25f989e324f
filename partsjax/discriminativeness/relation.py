"""Are the filters that matter for a class those that detect its parts?"""

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
from scipy.stats import hypergeom

from partsjax.emergence.verdict import Verdict

CRITERIA = {"beyond_place": "beyond_place", "paper": "emerges_paper", "strict": "emerges_strict"}
"""Criterion by which a part counts as detected -> what a verdict calls it."""
PERMUTATIONS = 10_000  # of the filters (our choice)


def semantic(verdicts: Sequence[Verdict], object_class: str, criterion: str, filters: int) -> np.ndarray:
    """The semantic filters of a class: bool [F], of F `filters` in the layer.

    The best filter, or in the chosen set, of a part of the class that passes the criterion; parts with
    too few validation boxes to be judged do not count.

    Args:
      verdicts: of one layer; other classes' may be among them.
      criterion: one of `CRITERIA`.
    """
    found = np.zeros(filters, bool)
    for v in verdicts:
        if v.object_class == object_class and v.judged and getattr(v, CRITERIA[criterion]):
            found[[v.best_filter, *v.combination]] = True
    return found


@dataclasses.dataclass(frozen=True)
class Overlap:
    """Discriminative and semantic filters of a layer, for one class or summed over several.

    filters: the layer's, times the classes. both: filters that are discriminative and semantic.
    expected: of `both`, if which filters are semantic had nothing to do with which are discriminative.
    p_value: how often there would be as many or more by that chance; NaN where there are none of either.
    exact: whether that is the hypergeometric distribution, or permutations.
    """

    filters: int
    discriminative: int
    semantic: int
    both: int
    expected: float
    p_value: float
    exact: bool

    @property
    def share(self) -> float:
        """Fraction of the discriminative filters that are semantic; NaN where there are none."""
        return self.both / self.discriminative if self.discriminative else math.nan


def overlap(discriminative: np.ndarray, semantic: np.ndarray, seed=0) -> Overlap:
    """The overlap of two sets of filters against chance.

    One class: with d of F filters discriminative and s semantic, the number of both is
    hypergeometric by chance, which is exact. Several classes: they share filters, so their overlaps are not
    independent; which filter is which is permuted 10,000 times, alike in all classes, and the p-value is
    (1 + permutations with as many or more) / (1 + permutations).

    Args:
      discriminative, semantic: bool [F], or [C, F] for C classes together.
      seed: of the permutations.
    """
    d, s = np.atleast_2d(discriminative), np.atleast_2d(semantic)
    classes, filters = d.shape
    of_class = d.sum(axis=1), s.sum(axis=1)
    both = int((d & s).sum())
    expected = float((of_class[0] * of_class[1]).sum() / filters)
    if not (of_class[0] * of_class[1]).any():
        p_value = math.nan
    elif classes == 1:
        p_value = float(hypergeom.sf(both - 1, filters, int(of_class[0][0]), int(of_class[1][0])))
    else:
        random = np.random.default_rng(seed)
        # In how many classes f is discriminative and g semantic, if filter g is put in the place of f.
        meeting = d.T.astype(np.int32) @ s.astype(np.int32)
        places = np.arange(filters)
        as_many = sum(meeting[places, random.permutation(filters)].sum() >= both for _ in range(PERMUTATIONS))
        p_value = float((1 + as_many) / (1 + PERMUTATIONS))
    return Overlap(d.size, int(d.sum()), int(s.sum()), both, expected, p_value, classes == 1)
