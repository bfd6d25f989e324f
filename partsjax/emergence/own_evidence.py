"""Own evidence: does a set of filters see the part, or what is around it?

A crop is shown twice more: with all but the part blacked out, and with the part blacked out.
"""

import dataclasses

import numpy as np

from partsjax.data.crops import Truth, pixels_in
from partsjax.emergence.bootstrap import Resampled
from partsjax.emergence.estimate import UNKNOWN, Estimate

GROWN = 1.1  # what width and height of a part's box are multiplied by (a tenth is our choice)


@dataclasses.dataclass(frozen=True)
class OwnEvidence:
    """Hit rates of a part's set on blacked-out crops; `UNKNOWN` where there is no set, or no verdict.

    Attributes:
      part_alone: with all but the part blacked out.
      part_hidden: with the part blacked out.
      difference: the first minus the second, paired over images (our choice): above 0 the set sees the part.
    """

    part_alone: Estimate = UNKNOWN
    part_hidden: Estimate = UNKNOWN
    difference: Estimate = UNKNOWN


def part_pixels(truth: Truth, size: int) -> np.ndarray:
    """The pixels of N crops in the boxes of a part, each grown about its center by `GROWN`: bool [N, S, S].

    All its boxes, difficult ones too; boxes where there are masks, too.

    Args:
      truth: of the part alone, P = 1. size: side of the crops in pixels.
    """
    pixels = np.zeros((truth.valid.shape[-1], size, size), bool)
    low, high = np.split(truth.boxes[:, 0].astype(np.float64), 2)
    center, reach = (low + high) / 2, GROWN * (high - low) / 2
    grown = np.concatenate([center - reach, center + reach])
    for number, crop in zip(*np.nonzero(truth.valid[0]), strict=True):
        pixels[crop] |= pixels_in(grown[:, number, crop], size)
    return pixels


def alone_and_hidden(pixels: np.ndarray, part: np.ndarray, mean) -> tuple[np.ndarray, np.ndarray]:
    """Crops with all but the part blacked out, and with the part blacked out: float32 [N, S, S, 3] each.

    Args:
      pixels: float32 [N, S, S, 3] in [0, 255]. part: bool [N, S, S], the pixels of the part.
      mean: the network's mean color, three floats in [0, 255].
    """
    part, mean = part[..., None], np.asarray(mean, np.float32)
    return np.where(part, pixels, mean), np.where(part, mean, pixels)


def own_evidence(alone: Resampled, hidden: Resampled) -> OwnEvidence:
    """Of hit rates over the crops that show a part, with the part alone and with the part hidden, paired."""
    return OwnEvidence(alone.estimate, hidden.estimate, (alone - hidden).estimate)
