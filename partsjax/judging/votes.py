"""Answers as arrays: who said which kind of which item."""

import dataclasses
import functools
from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import sparse

from partsjax.judging.items import KINDS, NONE, Item

SAID = (*KINDS, NONE)
"""What can be said of an item: its kind, or that it is no consistent concept."""


@dataclasses.dataclass(frozen=True, eq=False)
class Votes:
    """A answers of R raters on I items.

    item, rater, kind: int [A], under I, under R, and under K, the number of `SAID`.
    known: int [I], the true kind of gold items, -1 of filters'.
    raters: R.
    """

    item: np.ndarray
    rater: np.ndarray
    kind: np.ndarray
    known: np.ndarray
    raters: int

    @property
    def items(self) -> int:
        return len(self.known)

    @functools.cached_property
    def _of_rater(self) -> sparse.csr_array:
        """How often a rater said a kind of an item: [I * K, R]."""
        row = self.item * len(SAID) + self.kind
        shape = (self.items * len(SAID), self.raters)
        return sparse.csr_array((np.ones(len(row), np.float32), (row, self.rater)), shape)

    def counts(self, weights: np.ndarray | None = None) -> np.ndarray:
        """Votes for each kind, float32 [I, K]; with weights of raters, float [R, B], [I, K, B]."""
        if weights is None:
            return self._of_rater.sum(axis=1).reshape(self.items, len(SAID))
        return (self._of_rater @ weights.astype(np.float32)).reshape(self.items, len(SAID), -1)


def votes(answers: pd.DataFrame, items: Sequence[Item], raters: Sequence[int]) -> Votes:
    """The first answers of some raters on some items, of a frame as `Store.answers` gives it."""
    number = {item.item: place for place, item in enumerate(items)}
    kept = (answers["repeat"] == 0) & answers["item"].isin(list(number)) & answers["rater"].isin(list(raters))
    first = answers[kept]
    return Votes(
        first["item"].map(number).to_numpy(int),
        pd.Index(raters).get_indexer(first["rater"]),
        pd.Index(SAID).get_indexer(first["kind"]),
        np.array([-1 if item.truth is None else SAID.index(item.truth.kind or NONE) for item in items], int),
        len(raters),
    )
