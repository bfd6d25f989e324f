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
from partsjax.emergence.method import Method
from partsjax.emergence.verdict import require_column_name
from partsjax.errors import InputError
from partsjax.ops import boxes as bx
from partsjax.ops.average_precision import envelope

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


def truth_of_part(truth: Truth, part: int) -> Truth:
    """The boxes of one part alone, padded to the most that a crop has of it."""
    most = 1 + int(np.flatnonzero(truth.valid[part].any(axis=1)).max(initial=0))
    boxes, valid, difficult = truth.boxes[:, [part]], truth.valid[[part]], truth.difficult[[part]]
    return Truth(boxes[:, :, :most], valid[:, :most], difficult[:, :most])


def of_part(crops: Crops, part: int, *, hidden: bool = False) -> Crops:
    """What a prior is shown: crops with the boxes of one part, or with none; objects without their parts."""
    one = truth_of_part(crops.truth, part)
    shown = dataclasses.replace(
        crops,
        parts=(crops.parts[part],),
        objects=crops.bare_objects,
        truth=Truth(*map(np.zeros_like, (one.boxes, one.valid, one.difficult))) if hidden else one,
    )
    for name in ("image_sizes", "object_boxes"):  # read from every image and object once, not once a part
        vars(shown)[name] = getattr(crops, name)
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
    hits, crops = hits[:, counted], found.crops[counted]
    levels, level = np.unique(-found.scores[counted], return_inverse=True)
    count = len(crops)
    at_random = [
        np.random.default_rng(n).permutation(count) for n in range(ORDERS if len(levels) < count else 1)
    ]
    order = np.argsort(level * count + np.stack(at_random), axis=1)
    places, scores = np.arange(count)[None], -np.arange(count, dtype=np.float64)
    place = np.empty_like(order)
    np.put_along_axis(place, order, places, axis=1)
    true = np.zeros(order.shape, bool)
    hit = np.flatnonzero(hits.any(axis=0))
    if len(hit):
        box = crops[hit] * len(hits) + hits[:, hit].argmax(axis=0)
        by_box = np.argsort(box, kind="stable")
        starts = np.flatnonzero(np.diff(box[by_box], prepend=-1))
        first = np.minimum.reduceat(place[:, hit[by_box]], starts, axis=1)
        np.put_along_axis(true, first, True, axis=1)
    return [JudgedDetections(scores, in_order, crops[of]) for in_order, of in zip(true, order, strict=True)]


def mean_ap(judged: Sequence[JudgedDetections], truth: Truth) -> float:
    """AP over all crops, mean over the orders of `judge_place`."""
    wanted = int(truth.positives[0])
    if not wanted:
        return np.nan
    hits = np.stack([np.flatnonzero(of_order.true) for of_order in judged])  # as many in every order
    precision = np.arange(1, hits.shape[1] + 1) / (hits + 1)
    return float((envelope(precision).sum(axis=1) / wanted).mean())


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
