"""Drift of annotation: parts that are annotated more, or less, as a split goes on."""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
from scipy.special import ndtr

from partsjax.data.crops import Crops
from partsjax.data.faults import listed

_SIGNIFICANT = 1e-4  # under this p-value a part drifts (our choice)


@dataclasses.dataclass(frozen=True)
class Drift:
    """A part whose share of objects that have it rises or falls significantly with the position in a split.

    Attributes:
      split: "train" or "val".
      first: share of the objects in the first third of the split that have it.
      last: the same in the last third.
      p_value: of a share that does not depend on the position.
    """

    split: str
    first: float
    last: float
    p_value: float


def part_drifts(train: Crops, val: Crops) -> list[tuple[Drift, ...]]:
    """The drifts of each part of one class, in order; none where its p-value is 1e-4 or more.

    An object has a part when any box of it is annotated, difficult or not.

    Args:
      train, val: crops of the class, in the order of the dataset.
    """
    return [
        tuple(drift for drift in of_part if drift is not None)
        for of_part in zip(_drifts(train), _drifts(val), strict=True)
    ]


def _drifts(crops: Crops) -> list[Drift | None]:
    has = crops.truth.valid.any(axis=1)  # [P, N]
    third = -(-len(crops) // 3)
    return [
        Drift(crops.split, float(of[:third].mean()), float(of[-third:].mean()), float(p))
        if p < _SIGNIFICANT
        else None
        for of, p in zip(has, slope_p_values(has, crops.image_index), strict=True)
    ]


def slope_p_values(has: np.ndarray, images: np.ndarray) -> np.ndarray:
    """Whether the share of objects that have a part depends on their position: two-sided p-values.

    The score test of the slope in a logistic regression of y (0 or 1) on the position x = 0, 1, …, robust to
    objects of one image being alike, as in a herd (Boos, 1992; per image our choice):
    z = sum_i s_i / sqrt(sum_i s_i^2), where s_i = sum over image i's objects of (x - mean x) (y - mean y).

    Args:
      has: bool [P, N], which of P parts each of N objects has.
      images: int [N], the image that each object is on.

    Returns:
      float64 [P]; 1 where y is constant.
    """
    count = has.shape[1]
    if not count:
        return np.ones(len(has))
    scores = (has - has.mean(axis=1, keepdims=True)) * (np.arange(count) - (count - 1) / 2)
    of_image = np.zeros((int(images.max()) + 1, len(has)))
    np.add.at(of_image, images, scores.T)
    deviation = np.sqrt((of_image**2).sum(axis=0))
    z = np.divide(of_image.sum(axis=0), deviation, out=np.zeros(len(has)), where=deviation > 0)
    return 2 * ndtr(-np.abs(z))


def drift_note(drifts: Mapping[str, Sequence[Drift]]) -> str | None:
    """One line that names the parts that drift, with figures; None where none does.

    Args:
      drifts: of each part, by what people call it.
    """
    parts = [
        f"{name} ({'; '.join(_figures(drift) for drift in of_part)})"
        for name, of_part in drifts.items()
        if of_part
    ]
    if not parts:
        return None
    return f"annotation drifts: {listed(parts)}; counts of such parts depend on which objects are taken"


def _figures(drift: Drift) -> str:
    return f"{drift.split}: on {drift.first:.0%} of the first third of objects, {drift.last:.0%} of the last"
