"""Which of many to take under a limit: never the first ones, for annotation changes along a split."""

import numpy as np


def spread(count: int, limit: int | None) -> np.ndarray:
    """`limit` of the numbers below `count`, evenly spread, ascending: the middles of as many equal
    stretches; all without a limit. int [<=limit]."""
    if limit is None or limit >= count:
        return np.arange(count)
    return (2 * np.arange(limit) + 1) * count // (2 * limit)
