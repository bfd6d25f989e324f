"""Sorting by descending score, on the host."""

import numpy as np


def descending(scores: np.ndarray, ties: np.ndarray | None = None) -> np.ndarray:
    """The order of scores along the last axis, the highest first: int64, as of `np.argsort`.

    Score and tie-break make one whole number: NumPy sorts these several times faster than scores, stably, or
    by two keys.

    Args:
      scores: float32 [..., M], not NaN.
      ties: whole numbers from 0 to 2^32 - 1, the same shape: equal scores stand by ascending ties. None: as
        they stood.
    """
    bits = (scores + np.float32(0)).view(np.uint32)  # of +0, where it was -0
    rising = np.where(bits >> 31, ~bits, bits | np.uint32(1 << 31))
    ties = np.arange(scores.shape[-1]) if ties is None else ties
    return np.argsort((~rising).astype(np.uint64) << np.uint64(32) | ties.astype(np.uint64), axis=-1)
