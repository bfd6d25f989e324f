"""Parts: from what each crop's score loses without them to whether a class rests on them."""

import dataclasses
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from partsjax.emergence.bootstrap import Resampled, mean_over_crops

MIN_CROPS = 6  # with fewer not even a sign test could be significant: 1/2^5 > 0.025 (our choice)


class Blackouts(NamedTuple):
    """One part blacked out on N crops; NaN where a crop has no control.

    drops: [N], the class score minus the same without the part. controls: [N, R], the same without each of
    its controls. areas, control_areas: [N], fractions of the crop replaced; on_part: [N], the fraction of the
    part that its controls still take, see `blackout.Blackout`.
    """

    drops: np.ndarray
    controls: np.ndarray
    areas: np.ndarray
    control_areas: np.ndarray
    on_part: np.ndarray


@dataclasses.dataclass(frozen=True)
class PartDrops:
    """What a class score loses without a part, over the crops that have it; intervals over images.

    crops: how many have it; controlled: how many of them have a control.
    area: mean fraction of a crop that is replaced with the part.
    control_area, on_part: the same of its controls, and the fraction of the part that these still take.
    drop: mean drop of the class score without the part, over all `crops`.
    control: the same without boxes of its size elsewhere in the object, over the `controlled` crops, as all
      below.
    difference: mean of drop - control, paired by crop.
    per_area: the same by unit of area, the unit being the whole crop: the sum of the differences by the
      sum of the areas replaced with the part (our choice; a mean of quotients would be decided by the
      smallest parts).
    """

    crops: int
    controlled: int
    area: Resampled
    control_area: float
    on_part: float
    drop: Resampled
    control: Resampled
    difference: Resampled
    per_area: Resampled

    @property
    def without_control(self) -> float:
        """Share of its crops in which no control fits; NaN where no crop has it."""
        return 1 - self.controlled / self.crops if self.crops else math.nan

    @property
    def discriminative(self) -> bool | None:
        """The lower end of the difference's 95% interval is over 0; None: under 6 crops have a control."""
        return None if self.controlled < MIN_CROPS else bool(self.difference.low > 0)


def part_drops(found: Blackouts, images: np.ndarray, weights: np.ndarray) -> PartDrops:
    """The drops of one part over the crops of its class that have it.

    Args:
      images: int [N], the image of each crop; weights: float [I, R], see `mean_over_crops`.
    """
    drops, areas = (np.asarray(v, np.float64) for v in (found.drops, found.areas))
    over_all = mean_over_crops(np.stack([drops, areas], axis=1), images, weights)
    control = np.asarray(found.controls, np.float64).mean(axis=1)
    has = ~np.isnan(control)
    difference, of = (drops - control)[has], images[has]
    compared = mean_over_crops(np.stack([control[has], difference], axis=1), of, weights)
    return PartDrops(
        crops=len(drops),
        controlled=int(has.sum()),
        area=over_all[1],
        control_area=_mean(found.control_areas[has]),
        on_part=_mean(found.on_part[has]),
        drop=over_all[0],
        control=compared[0],
        difference=compared[1],
        per_area=mean_over_crops(difference, of, weights, areas[has]),
    )


@dataclasses.dataclass(frozen=True)
class PartCounts:
    """Parts counted.

    compared: those with controls on enough crops to say whether they are discriminative; discriminative: how
    many are. uncontrolled: those that some crop shows, but with controls on too few.
    blackouts: pairs of a crop and a part that it shows; without_control: those beside which no control fits.
    """

    compared: int
    discriminative: int
    uncontrolled: int
    blackouts: int
    without_control: int


def count_parts(parts: Sequence[PartDrops]) -> PartCounts:
    """The counts over some parts."""
    called = [part.discriminative for part in parts if part.crops]
    return PartCounts(
        compared=len(called) - called.count(None),
        discriminative=called.count(True),
        uncontrolled=called.count(None),
        blackouts=sum(part.crops for part in parts),
        without_control=sum(part.crops - part.controlled for part in parts),
    )


def _mean(values: np.ndarray) -> float:
    return float(values.mean(dtype=np.float64)) if len(values) else math.nan
