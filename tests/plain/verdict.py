"""The verdict on one part: a detector against the priors on resampled images, and what it knows.

Detections of one part on N crops are `boxes`, N arrays [D, 4] in crop coordinates, and `scores`, N
arrays [D]. `truth` is N arrays [G, 4], the part's boxes in each crop.
"""

import dataclasses

import numpy as np

from tests.plain.bias_corrected import interval, p_value
from tests.plain.detections import overlapped

ORDERS = 20


@dataclasses.dataclass(frozen=True)
class Ranked:
    """Detections from the highest score down.

    Attributes:
      crops: int [D], the crop each lies in.
      true: bool [D], whether it is the first to find its box.
      ends: bool [D], whether a step of the curve ends with it.
    """

    crops: np.ndarray
    true: np.ndarray
    ends: np.ndarray


def ranked(boxes, scores, truth, order=None):
    """Detections in their order: equal scores as one step, or one by one in a random order of its own."""
    crops = np.repeat(np.arange(len(boxes)), [len(b) for b in boxes])
    found = np.concatenate([overlapped(np.reshape(b, (-1, 4)), t) for b, t in zip(boxes, truth, strict=True)])
    score = np.concatenate(scores)
    chance = np.zeros(len(score)) if order is None else np.random.default_rng([77, order]).random(len(score))
    down = np.lexsort([chance, -score])
    claimed, true = set(), []
    for d in down:
        box = (crops[d], found[d])
        true.append(found[d] >= 0 and box not in claimed)
        claimed.add(box)
    ends = np.append(np.diff(score[down]) != 0, True) if order is None else np.ones(len(score), bool)
    return Ranked(crops[down], np.array(true, bool), ends[: len(score)])


def in_orders(boxes, scores, truth):
    """A prior's detections in 20 random orders."""
    return [ranked(boxes, scores, truth, order) for order in range(ORDERS)]


def average_precision(detections, truth, times):
    """AP with every crop there `times` [N] over; NaN with no box to find, 0 with no detection."""
    wanted = np.dot(times, [len(t) for t in truth])
    here = times[detections.crops]
    if not wanted:
        return np.nan
    if not here.sum():
        return 0.0
    true, count = np.cumsum(here * detections.true), np.cumsum(here)
    kept = detections.ends & (count > 0)
    precision, recall = true[kept] / count[kept], true[kept] / wanted
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(np.diff(recall, prepend=0.0) * envelope))


def resampled(orders, truth, image_of, draws):
    """Mean AP over some orders: on all images, and on each draw [R] of images with repetition.

    Args:
      image_of: int [N], the image of each crop.
      draws: R arrays of images drawn.
    """
    once = np.ones(len(truth))
    times = [once, *(np.array([(draw == image).sum() for image in image_of]) for draw in draws)]
    aps = [np.mean([average_precision(one, truth, of) for one in orders]) for of in times]
    return aps[0], np.array(aps[1:])


def q_values(p_values):
    """Benjamini and Hochberg: from the largest down, p m / rank, never above that of a larger p."""
    count, least, found = len(p_values), 1.0, np.zeros(len(p_values))
    for rank, i in reversed(list(enumerate(np.argsort(p_values, kind="stable"), start=1))):
        least = min(least, p_values[i] * count / rank)
        found[i] = least
    return found


def hit_rate(boxes, scores, truth):
    """Of the crops that show the part, the share whose strongest detection is on it.

    Of several strongest ones of equal score, each stands for its share.
    """
    right = []
    for b, s, t in zip(boxes, scores, truth, strict=True):
        if len(t):
            strongest = np.asarray(b)[s == s.max()] if len(s) else np.zeros((0, 4))
            right.append(np.mean(overlapped(strongest, t) >= 0) if len(s) else 0.0)
    return float(np.mean(right)) if right else np.nan


def coverage(boxes, truth):
    """Share of all boxes of the part that some detection finds."""
    wanted = sum(len(t) for t in truth)
    found = [set(overlapped(np.reshape(b, (-1, 4)), t)) - {-1} for b, t in zip(boxes, truth, strict=True)]
    return sum(map(len, found)) / wanted if wanted else np.nan


def on_all(fixed, truth):
    """A list of boxes [B, 4] on every crop, the surest first."""
    return [fixed] * len(truth), [-np.arange(len(fixed), dtype=float)] * len(truth)


def ranked_by(scores, fixed):
    """A list of boxes on every crop, box by box, the crops of each by the strongest of their `scores`."""
    strongest = np.array([s.max() if len(s) else -np.inf for s in scores])
    place = np.unique(strongest, return_inverse=True)[1] / len(strongest)
    return [fixed] * len(scores), [p - np.arange(len(fixed)) for p in place]


@dataclasses.dataclass(frozen=True)
class Verdict:
    """Of a detector on unseen crops; value, low, high where three figures stand together."""

    ap: tuple[float, float, float]
    place_ap: float
    list_ap: float
    excess: tuple[float, float, float]
    p_value: float
    where: tuple[float, float, float]
    whether: tuple[float, float, float]
    hit_rate: float
    place_hit_rate: float


def judge(detections, place, fixed, truth, image_of, draws):
    """The verdict on a detector.

    Args:
      detections: its (boxes, scores) on unseen crops; place: those of the place prior.
      fixed: [B, 4], the list prior's boxes.
      truth, image_of, draws: as for `resampled`.
    """

    def of(orders):
        return resampled(orders, truth, image_of, draws)

    def figure(value, samples):
        return (value, *interval(value, samples))

    own = of([ranked(*detections, truth)])
    known, listed = of(in_orders(*place, truth)), of(in_orders(*on_all(fixed, truth), truth))
    by_detector = of(in_orders(*ranked_by(detections[1], fixed), truth))

    def minus(one, other):
        return one[0] - other[0], one[1] - other[1]

    return Verdict(
        ap=figure(*own),
        place_ap=known[0],
        list_ap=listed[0],
        excess=figure(*minus(own, known)),
        p_value=p_value(*minus(own, known)),
        where=figure(*minus(own, by_detector)),
        whether=figure(*minus(by_detector, listed)),
        hit_rate=hit_rate(*detections, truth),
        place_hit_rate=hit_rate(*place, truth),
    )
