"""Detections of one part by a few random filters, with all that can go wrong in them."""

import dataclasses

import numpy as np
from hypothesis import strategies as some

from partsjax.emergence.ranked import PartDetections, RankedLayer

FILTERS, STIMULI = 6, 3


@dataclasses.dataclass(frozen=True)
class RandomLayer:
    """scores: float32 [F, K, N], descending along K, 0 where there is none; found: int8, of the same shape.

    positives: int [N]; images: int [N], from 0, none left out.
    """

    scores: np.ndarray
    found: np.ndarray
    positives: np.ndarray
    images: np.ndarray

    @property
    def detections(self) -> PartDetections:
        return RankedLayer(self.scores).part(self.found, self.positives)

    @property
    def best(self) -> int:
        """The filter with most boxes found."""
        return int(self.detections.first_hits().sum(axis=1).argmax())


def random_layer(
    seed,
    filters: int = FILTERS,
    crops: int = 6,
    k: int = STIMULI,
    most: int = 2,
    values: int | None = None,
    silent: float = 0.1,
    right: float = 0.4,
    repeated: bool = False,
    per_image: int = 2,
) -> RandomLayer:
    """Filters of different skill; the stronger a detection, the likelier it is right.

    Args:
      most: boxes of a crop, at most; values: how many scores there are, None: any.
      silent: share of filters that never fire; right: how likely a detection is right.
      repeated: whether the second half of the filters is the first half again.
    """
    random = np.random.default_rng(seed)
    shape = (filters, k, crops)
    scores = random.random(shape) if values is None else random.integers(0, values + 1, shape) / values
    scores = -np.sort(-scores * (random.random(shape) < 0.8), axis=1)
    scores[random.random(filters) < silent] = 0
    positives = random.integers(0, most + 1, crops)
    skill = right * 2 * random.random((filters, 1, 1)) if right < 1 else 1.0
    hits = random.random(shape) < skill * (0.5 + scores / 2 if right < 1 else 1)
    found = np.where(hits & (positives > 0), random.integers(0, np.maximum(positives, 1), shape), -1)
    found[(scores == 0) | (random.random(shape) < 0.1)] = -2
    if repeated:
        scores[filters // 2 :], found[filters // 2 :] = scores[: filters // 2], found[: filters // 2]
    _, images = np.unique(random.integers(0, max(1, crops // per_image), crops), return_inverse=True)
    return RandomLayer(scores.astype(np.float32), found.astype(np.int8), positives, images)


LAYERS = some.builds(
    random_layer,
    seed=some.integers(0, 2**32 - 1),
    crops=some.sampled_from([1, 2, 6]),
    most=some.sampled_from([0, 1, 3]),
    values=some.sampled_from([1, 3, None]),
    silent=some.sampled_from([0, 0.3, 1]),
    right=some.sampled_from([0, 0.4, 1]),
    repeated=some.booleans(),
)
SETS = some.sets(some.integers(0, FILTERS - 1)).map(sorted)
