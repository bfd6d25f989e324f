"""Which filters a readout would take first."""

import numpy as np

from partsjax.emergence.readout.grid import PLACE_TERMS


def sizes(filters: int) -> tuple[int, ...]:
    """1, 2, 4, ... filters, and all of them."""
    doubled = [1 << n for n in range(filters.bit_length()) if 1 << n < filters]
    return (*doubled, filters)


def forward(gram: np.ndarray, right: np.ndarray, damping: float, count: int) -> np.ndarray:
    """Filters by orthogonal matching pursuit: each is the one that what is left of the target goes most with.

    The place terms are always in. With S the features taken, the next filter is argmax over f of
    |b_f - G_fS (G_SS + damping · I)⁻¹ b_S|, of equal ones the first (Pati et al. 1993, with a ridge). Since
    the constant is in S, and scaled activations vary by 1, this is the filter of highest correlation. One row
    of a Cholesky factor a step: F² count operations at most, in float64.

    Args:
      gram: float64 [D, D]; right: float64 [D], of features over their `scales`.

    Returns:
      int [count], filters in the order in which they are taken.
    """
    features, place = len(gram), np.arange(len(gram) - PLACE_TERMS, len(gram))
    rows, left = np.zeros((PLACE_TERMS + count, features)), right.astype(np.float64)
    free = np.arange(features) < place[0]
    taken = []
    for step in range(len(rows)):
        one = place[step] if step < PLACE_TERMS else int(np.argmax(np.where(free, np.abs(left), -1)))
        row = gram[one] - rows[:step, one] @ rows[:step]
        row[one] += damping
        pivot = np.sqrt(row[one])
        row /= pivot
        left = left - row * (left[one] / pivot)
        rows[step] = row
        free[one] = False
        taken.append(one)
    return np.array(taken[PLACE_TERMS:], int)
