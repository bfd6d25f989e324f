"""What a set of filters knows of a part: whether a crop shows it, and where; and how often it is right."""

import dataclasses

import numpy as np

from partsjax.data.crops import Crops
from partsjax.emergence.bootstrap import Resampled
from partsjax.emergence.fixed_boxes import LIST_PRIOR
from partsjax.emergence.ground import Ground
from partsjax.emergence.place_prior import PriorDetections
from partsjax.emergence.ranked import Union, hit_rate


@dataclasses.dataclass(frozen=True)
class Knowledge:
    """What a set knows of a part; fields as in `Verdict`."""

    where: Resampled
    whether: Resampled
    hit_rate: float


def what_it_knows(found: Union, ap: Resampled, ground: Ground, part: int) -> Knowledge:
    """Tells knowing whether a crop shows the part from knowing where it is (our choice).

    The list prior's boxes are ranked by the set: all first boxes before all second ones, and each box's crops
    by the set's strongest score on them. With AP(.) held out,

      WHETHER = AP(list prior's boxes, ranked by the set) - AP(list prior)
      WHERE   = AP(set) - AP(list prior's boxes, ranked by the set)

    Args:
      found: the set's detections on unseen crops; ap: their AP.
    """
    boxes = ground.detected(LIST_PRIOR, part)[1]
    ranked = ground.resampled(ground.judge_unseen(ranked_by(found, boxes, len(ground.val)), part), part)
    return Knowledge(
        where=ap - ranked,
        whether=ranked - ground.judged(LIST_PRIOR, part).ap_val,
        hit_rate=hit_rate(found, ground.positives(part) > 0),
    )


def ranked_by(found: Union, boxes: PriorDetections, crops: int) -> PriorDetections:
    """Detections by their own score, those of equal score by the strongest of `found` on their crop.

    Crops on which nothing is found come last, tied.
    """
    strongest = np.full(crops, -np.inf)
    np.maximum.at(strongest, found.crops, found.scores)
    _, level = np.unique(boxes.scores, return_inverse=True)
    _, within = np.unique(strongest, return_inverse=True)
    scores = level + within[boxes.crops] / (within.max(initial=0) + 1)
    return PriorDetections(boxes.boxes, scores, boxes.crops)


def coverage(found: Union, positives: np.ndarray) -> float:
    """Share of the boxes to be found that any detection finds: recall, whatever the ranking (the paper).

    Args:
      positives: int [N], boxes to be found in each crop.
    """
    wanted = int(positives.sum())
    return int(found.true.sum()) / wanted if wanted else np.nan


def mean_area(crops: Crops, part: int) -> float:
    """Mean area of a part's boxes inside their crops, as a fraction of the crop; NaN where there are none."""
    truth = crops.truth
    usable = truth.valid[part] & ~truth.difficult[part]
    x1, y1, x2, y2 = np.clip(truth.boxes[:, part][:, usable].astype(np.float64), 0, crops.size)
    return float(np.mean((x2 - x1) * (y2 - y1)) / crops.size**2) if usable.any() else np.nan
