"""How good a trained network is at classifying windows, at naming what an image holds, at localizing it.

All figures are fractions in [0, 1] and means over classes, so that a common class weighs no more
than a rare one; NaN where there was nothing to judge.
"""

import itertools

import jax
import jax.numpy as jnp
import numpy as np

from partsjax.ops.average_precision import average_precision, rank
from partsjax.ops.boxes import Boxes, iou
from partsjax.supervision.examples import ImageTruth

SAME_OBJECT = 0.5
"""The overlap at which a box counts as an object's (PASCAL VOC, and CorLoc since Deselaers et al. 2012)."""


def top1(scores: np.ndarray, labels: np.ndarray) -> float:
    """Share of examples whose label has the highest score: float [N, K], int [N]; NaN for none.

    The one figure that is not a mean over classes. An example with a NaN among its scores is wrong.
    """
    return float(_right(scores, labels).mean()) if len(labels) else float("nan")


def class_accuracy(scores: np.ndarray, labels: np.ndarray) -> float:
    """Mean over the classes that occur of the share of their examples that `top1` calls right."""
    present = labels[:, None] == np.arange(scores.shape[1])
    return _mean_over_classes(_right(scores, labels)[:, None], present)


def class_average_precisions(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Average precision of ranking the images by each class's score.

    The area under the precision envelope of `partsjax.ops.average_precision`, the images taking
    the place of detections; equal scores enter together.

    Args:
      scores: float [I, C].
      labels: bool [I, C], which classes an image holds.

    Returns:
      float32 [C]; NaN for a class that no image holds, or with a NaN among its scores.
    """
    if not len(scores):
        return np.full(scores.shape[1], np.nan, np.float32)
    return np.asarray(_average_precisions(jnp.asarray(scores.T), jnp.asarray(labels.T)))


def mean_average_precision(scores: np.ndarray, labels: np.ndarray) -> float:
    """Mean of `class_average_precisions` over the classes that some image holds."""
    return _mean(class_average_precisions(scores, labels)[labels.any(axis=0)])


def corloc(boxes: np.ndarray, truth: ImageTruth) -> float:
    """Correct localization: how often a class's one box in an image is one of its objects.

    Over all pairs of an image and a class that has objects in it, the share whose box overlaps
    one of these objects by IoU >= 0.5; the mean of these shares over classes.

    Args:
      boxes: float [I, C, 4], xyxy as fractions of the image; NaN: no box, and none right.
    """
    images, classes, objects = _objects(truth)
    right = _overlaps(boxes[images, classes], objects) >= SAME_OBJECT
    return _share_of_pairs(right, images, classes, truth.labels.shape)


def pointing(points: np.ndarray, truth: ImageTruth) -> float:
    """Pointing accuracy: how often a class's one point in an image lies inside one of its objects' boxes.

    Pairs and mean as in `corloc` (Oquab et al. 2015 and Zhang et al. 2016, without their 15 or 18
    pixels of tolerance, our choice).

    Args:
      points: float [I, C, 2], (x, y) as fractions of the image; NaN: no point.
    """
    images, classes, objects = _objects(truth)
    point = points[images, classes]
    right = ((objects[:, :2] <= point) & (point < objects[:, 2:])).all(axis=1)
    return _share_of_pairs(right, images, classes, truth.labels.shape)


def centred_box(truth: ImageTruth) -> np.ndarray:
    """The box about the image's center, sides in tenths of the image's, of the best `corloc` on `truth`.

    What can be said of where an object is without looking. It is chosen with boxes, which weak
    supervision never sees: a baseline that is given more than what it is compared with.

    Returns:
      float32 [4], xyxy as fractions; of equally good ones the smaller. The whole image where
      `truth` has no objects.
    """
    tenths = np.arange(1, 11) / 10
    sides = sorted(itertools.product(tenths, tenths), key=np.prod)
    boxes = [np.array([0.5 - w / 2, 0.5 - h / 2, 0.5 + w / 2, 0.5 + h / 2], np.float32) for w, h in sides]
    found = [corloc(at_every_image(box, truth), truth) for box in boxes]
    return boxes[-1] if np.isnan(found).all() else boxes[int(np.argmax(found))]


def at_every_image(place: np.ndarray, truth: ImageTruth) -> np.ndarray:
    """One box [4] or point [2] as the answer for every image and class of `truth`: [I, C, 4 or 2]."""
    return np.broadcast_to(place, (*truth.labels.shape, len(place)))


@jax.jit
def _average_precisions(scores: jax.Array, labels: jax.Array) -> jax.Array:
    """[C, I] scores and labels -> [C]; every class has a ranking of its own."""

    def of_class(scores, labels):
        alive = jnp.ones((1, 1, len(scores)), bool)
        return average_precision(rank(scores[None]), alive, labels[None, None], labels.sum()[None])[0, 0]

    return jax.vmap(of_class)(scores, labels)


def _right(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return (scores.argmax(axis=1) == labels) & ~np.isnan(scores).any(axis=1)


def _objects(truth: ImageTruth) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All objects in one row: int [n] image, int [n] class, float32 [n, 4] box."""
    counts = [len(boxes) for boxes in truth.boxes]
    images = np.repeat(np.arange(len(counts)), counts)
    classes = np.concatenate([np.zeros(0, int), *(np.asarray(c, int) for c in truth.box_classes)])
    boxes = np.concatenate([np.zeros((0, 4)), *(np.reshape(b, (-1, 4)) for b in truth.boxes)])
    return images, classes, boxes.astype(np.float32)


def _overlaps(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """IoU of boxes [n, 4] one by one: [n]; 0 with a NaN. (Fractions serve: scaling an axis keeps IoU.)"""
    return np.asarray(iou(Boxes(*a.T), Boxes(*b.T)))


def _share_of_pairs(right: np.ndarray, images: np.ndarray, classes: np.ndarray, shape) -> float:
    """From objects to pairs of an image and a class: a pair is right when one of its objects is."""
    present = np.zeros(shape, bool)
    present[images, classes] = True
    found = np.zeros(shape, bool)
    found[images[right], classes[right]] = True
    return _mean_over_classes(found, present)


def _mean_over_classes(right: np.ndarray, present: np.ndarray) -> float:
    """Mean over columns of the share of the `present` that are `right`; without columns that have none."""
    number = present.sum(axis=0)
    return _mean((right & present).sum(axis=0)[number > 0] / number[number > 0])


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else float("nan")
