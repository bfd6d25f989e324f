"""What most raters say."""

import numpy as np

from partsjax.judging.items import NONE
from partsjax.judging.votes import SAID

UNDECIDED = -1  # no judgment: a tie, or no answer


def majority(counts: np.ndarray) -> np.ndarray:
    """The answer that more raters gave than any other: int [I, ...], `UNDECIDED` where there is none.

    Args:
      counts: [I, K, ...], votes for each answer.
    """
    most = counts.max(axis=1)
    alone = (counts == most[:, None]).sum(axis=1) == 1
    return np.where(alone & (most > 0), counts.argmax(axis=1), UNDECIDED)


def consistency(counts: np.ndarray) -> np.ndarray:
    """Votes for no concept and for one, [I, 2, ...], of votes for each kind, [I, K, ...]."""
    none = counts[:, SAID.index(NONE)]
    return np.stack([none, counts.sum(axis=1) - none], axis=1)
