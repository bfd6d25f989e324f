"""Which filters are asked about, and which of their crops are shown."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from partsjax.errors import InputError
from partsjax.judging.items import PICTURES
from partsjax.ops.descending import descending

FEWEST = 5  # images that a filter has to fire on to be shown (our choice)


@dataclasses.dataclass(frozen=True)
class TopCrops:
    """The crops of one class that excite each of F filters most, from different images.

    crops: int [F, PICTURES], by descending activation, of equal ones the first; -1 where it fires on fewer
      images.
    """

    crops: np.ndarray

    @property
    def silent(self) -> np.ndarray:
        """bool [F]: too few to be shown."""
        return (self.crops >= 0).sum(axis=1) < FEWEST


def top_crops(highest: np.ndarray, image: np.ndarray) -> TopCrops:
    """Args:
    highest: float32 [F, N], each filter's highest activation on each crop.
    image: int [N], which image each crop is of.
    """
    chosen = np.full((len(highest), PICTURES), -1)
    for filter_, values in enumerate(highest):
        order = descending(values)
        firing = order[values[order] > 0]
        _, first = np.unique(image[firing], return_index=True)
        kept = firing[np.sort(first)][:PICTURES]
        chosen[filter_, : len(kept)] = kept
    return TopCrops(chosen)


def filters_asked(text: str, count: int, layer: str) -> np.ndarray:
    """int, rising: the filters that "0,5-9" names among a layer's `count`; "" names all.

    Raises:
      InputError: what is no list of numbers and ranges, or names a filter that the layer lacks.
    """
    if not text.strip():
        return np.arange(count)
    asked: set[int] = set()
    for piece in text.split(","):
        first, dash, last = (end.strip() for end in piece.partition("-"))
        ends = [first, last] if dash else [first]
        if not all(end.isascii() and end.isdigit() for end in ends) or int(ends[-1]) < int(ends[0]):
            raise InputError(f"filters: {piece!r} is no number or range; give them as 0,5-9")
        if int(ends[-1]) >= count:
            raise InputError(f"filters: layer {layer} has no filter {ends[-1]}; it has 0 to {count - 1}")
        asked.update(range(int(ends[0]), int(ends[-1]) + 1))
    return np.array(sorted(asked))


def sample(groups: Sequence[np.ndarray], number: int | None, seed: int) -> list[np.ndarray]:
    """Of several groups of filters `number` in all, drawn without replacement, evenly over groups: of any two
    that have some left, neither gives two more than the other. In each group's order; None: all.

    Raises:
      InputError: there are fewer in all.
    """
    if number is None:
        return list(groups)
    there = sum(map(len, groups))
    if number > there:
        raise InputError(f"sample: {number} of {there} pairs of class and filter; give at most {there}")
    shares = np.zeros(len(groups), int)
    while (left := number - shares.sum()) > 0:
        open_ = np.flatnonzero(shares < [len(group) for group in groups])
        shares[open_[:left]] += 1
    draws = np.random.default_rng([seed, 1])
    return [
        np.sort(draws.choice(group, share, replace=False))
        for group, share in zip(groups, shares, strict=True)
    ]
