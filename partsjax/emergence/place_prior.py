"""Place priors: detectors that know where a part usually is, and never look at a pixel.

A part in an object crop is half found by its usual place. So every set of filters is compared with detectors
that know place alone, by the criterion that filters are held to, on the same images.
"""

import dataclasses
from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax
import numpy as np

from partsjax.data.crops import Crops, Truth
from partsjax.emergence.criterion import HITS_NOTHING
from partsjax.emergence.method import Method
from partsjax.emergence.ranked import first_on_box
from partsjax.emergence.verdict import require_column_name
from partsjax.errors import InputError
from partsjax.ops import boxes as bx
from partsjax.ops.average_precision import curve

ORDERS = 20  # random orders in which detections of equal scores are judged (our choice)
_iou = jax.jit(bx.iou)
_DETECTIONS_STEP = 4096  # so many are looked at at once: one shape, one compilation


@dataclasses.dataclass(frozen=True)
class PriorDetections:
    """D detections of one part.

    Attributes:
      boxes: float [D, 4], `xyxy` in crop pixels.
      scores: float [D], the higher the surer.
      crops: int [D], the crop each lies in.
    """

    boxes: np.ndarray
    scores: np.ndarray
    crops: np.ndarray


@dataclasses.dataclass(frozen=True)
class PlacePrior:
    """A detector that knows place alone.

    Attributes:
      name: of its columns in `parts.csv`, as `{name}_ap_val`: lower-case letters, digits and underscores.
      label: what people read, as "mean box".
      detect: (train, crops, method) -> its detections on `crops`. Both are `Crops` of one class and one part,
        objects without their parts. `train.truth` has the boxes of the part. `crops` has no truth; or it is
        `train` itself, whose detections are judged as the prior's train AP. Called where `train` has a box of
        the part that is not difficult.
    """

    name: str
    label: str
    detect: Callable[[Crops, Crops, Method], PriorDetections]

    def on(self, train: Crops, crops: Crops, method: Method) -> PriorDetections:
        """Its detections.

        Raises:
          InputError: they are of other shapes, not finite, or of crops that do not exist.
        """
        found = self.detect(train, crops, method)
        boxes, scores, index = (np.asarray(a) for a in (found.boxes, found.scores, found.crops))
        count = len(scores) if scores.ndim == 1 else -1
        wrong = None
        if boxes.shape != (count, 4) or index.shape != (count,):
            wrong = (
                f"boxes {boxes.shape}, scores {scores.shape}, crops {index.shape}; give [D, 4], [D] and [D]"
            )
        elif not (np.isfinite(boxes).all() and np.isfinite(scores).all()):
            wrong = "a box or a score is NaN or infinite; give finite numbers"
        elif count and not (index.dtype.kind in "iu" and index.min() >= 0 and index.max() < len(crops)):
            wrong = f"crops are not whole numbers from 0 to {len(crops) - 1}; give each detection's crop"
        if wrong:
            raise InputError(f"place prior {self.name!r}, {train.object_class} {train.parts[0]}: {wrong}")
        return PriorDetections(boxes, scores, index.astype(np.int64))


def require_priors(priors: Sequence[PlacePrior], others: Sequence[str]) -> None:
    """Raises `InputError` where columns cannot have a prior's name; others: that have columns, too."""
    names = [*others, *(prior.name for prior in priors)]
    for prior in priors:
        require_column_name("place prior", prior.name)
        if names.count(prior.name) > 1:
            raise InputError(
                f"place prior {prior.name!r}: the name is given twice; give each a name of its own"
            )


def of_part(crops: Crops, part: int, *, hidden: bool = False) -> Crops:
    """What a prior is shown: crops with the boxes of one part, or with none; objects without their parts."""
    one = crops.truth.boxes[:, [part]], crops.truth.valid[[part]], crops.truth.difficult[[part]]
    shown = dataclasses.replace(
        crops,
        parts=(crops.parts[part],),
        objects=tuple(dataclasses.replace(found, parts=()) for found in crops.objects),
        truth=Truth(*map(np.zeros_like, one)) if hidden else Truth(*one),
    )
    vars(shown)["image_sizes"] = crops.image_sizes  # read from every image once, not once a part
    return shown


class JudgedDetections(NamedTuple):
    """Detections that count, in their order.

    scores: float64 [M], all different, descending; true: bool [M]; crops: int [M], the crop each lies in.
    """

    scores: np.ndarray
    true: np.ndarray
    crops: np.ndarray


def judge_place(found: PriorDetections, truth: Truth, method: Method) -> list[JudgedDetections]:
    """Which detections of a part are true, by the criterion of `criterion.judge`, without NMS.

    A detection is true when the box of the part it overlaps most in its crop is overlapped by
    IoU >= 0.4 and was not claimed by a higher detection. One whose box is difficult counts neither way.

    A prior gives the same score to many detections. They are judged in `ORDERS` random orders (our choice):
    judged as one tie, the same boxes would always score lower than in any order, for the envelope of the
    precision never comes down to a tie's beginning.

    Args:
      truth: of the one part.

    Returns:
      One for each order; a single one where no two scores are equal.
    """
    hits = box_found(found, truth, method)
    counted = ~(hits & truth.difficult[0][:, found.crops]).any(axis=0)
    box = np.where(hits.any(axis=0), hits.argmax(axis=0), HITS_NOTHING)[counted]
    scores, crops = found.scores[counted], found.crops[counted]
    tied = len(np.unique(scores)) < len(scores)
    judged = []
    for number in range(ORDERS if tied else 1):
        at_random = np.random.default_rng(number).permutation(len(scores))
        order = np.lexsort((at_random, -scores))
        true = first_on_box(box[order], crops[order])
        judged.append(JudgedDetections(-np.arange(len(order), dtype=np.float64), true, crops[order]))
    return judged


def mean_ap(judged: Sequence[JudgedDetections], truth: Truth) -> float:
    """AP over all crops, mean over the orders of `judge_place`."""
    wanted = truth.positives[:1]
    curves = (
        curve(found.scores, found.true, np.zeros(len(found.crops), np.int64), wanted) for found in judged
    )
    return float(np.mean([of_order.average_precision() for of_order in curves]))


def box_found(found: PriorDetections, truth: Truth, method: Method) -> np.ndarray:
    """Which ground-truth box of the one part each detection overlaps most and enough: bool [G, D]."""
    count = len(found.crops)
    padding = (0, -count % _DETECTIONS_STEP)
    crops = np.pad(found.crops, padding)
    boxes = np.pad(found.boxes.astype(np.float32), (padding, (0, 0)))
    of_crop = truth.boxes[:, 0][..., crops]
    overlap = np.zeros(of_crop.shape[1:], np.float32)
    for number, start in np.ndindex(len(overlap), len(crops) // _DETECTIONS_STEP):
        some = slice(start * _DETECTIONS_STEP, (start + 1) * _DETECTIONS_STEP)
        overlap[number, some] = _iou(bx.Boxes(*boxes[some].T), bx.Boxes(*of_crop[:, number, some]))
    overlap = np.where(truth.valid[0][:, crops], overlap, 0)[:, :count]
    nearest = np.arange(len(overlap))[:, None] == overlap.argmax(axis=0)
    return nearest & (overlap >= method.correct_iou)
