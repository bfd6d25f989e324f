"""How alike two crops excite filters."""

import numpy as np

_DECIMALS = 6  # beyond these they are equal: strengths are kept to about three digits


def similarity(one: np.ndarray, others: np.ndarray) -> np.ndarray:
    """The cosine of the angle between crops, as vectors of what they excite each of F filters to.

    Args:
      one: float [F], 0 or more; others: float [F, N].

    Returns:
      float64 [N], from 0, where no filter is excited by both, to 1; to six decimals.
    """
    one, others = one.astype(np.float64), others.astype(np.float64)
    lengths = np.linalg.norm(one) * np.linalg.norm(others, axis=0)
    return np.round(one @ others / np.where(lengths > 0, lengths, 1), _DECIMALS)
