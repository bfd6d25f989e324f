"""Candidate windows of an image, by chance or around an object, and what a window shows.

Boxes here are float64 [n, 4], `xyxy` in image pixels, inside their image. These are small NumPy
functions, not the kernels of `ops`: they run on host threads, on a handful of boxes whose number varies.
"""

import numpy as np

FOREGROUND = 0.5
"""IoU with an object from which a window shows it (R-CNN); below it with all, a window is background."""
HARD = 0.1
"""IoU from which background is hard: a piece of an object, or one with too much around it (Fast R-CNN)."""

_NEAR = 0.3, 1.6
_FAR = 0.9, 3.0
"""Largest shift, in sides of the object, and largest factor on a side of a jittered window (our choice)."""
_SMALLEST = 0.01  # share of the image (our choice)
_ASPECT = 3.0  # our choice
_NARROWEST = 0.02  # share of the image's side; what is left of a window that has moved out of its image
_HARD_SHARE = 0.5
_CANDIDATES = 32
_TRIES = 8


def overlaps(windows: np.ndarray, objects: np.ndarray) -> np.ndarray:
    """Intersection over union, float64 [n, m], of boxes [n, 4] and [m, 4]; 0 where both are empty."""
    low = np.maximum(windows[:, None, :2], objects[None, :, :2])
    high = np.minimum(windows[:, None, 2:], objects[None, :, 2:])
    inner = np.maximum(high - low, 0).prod(axis=-1)
    union = _areas(windows)[:, None] + _areas(objects)[None] - inner
    return np.divide(inner, union, out=np.zeros_like(inner), where=union > 0)


def shown_windows(windows: np.ndarray, objects: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The object each window overlaps most, int [n] (the first of equals), and its IoU, float64 [n].

    Without objects the numbers are -1 and the IoUs 0.
    """
    if not len(objects):
        return np.full(len(windows), -1), np.zeros(len(windows))
    found = overlaps(windows, objects)
    return found.argmax(axis=1), found.max(axis=1)


def assign(
    windows: np.ndarray, objects: np.ndarray, object_classes: np.ndarray, background: int
) -> np.ndarray:
    """R-CNN's labels, int32 [n]: the class of the object a window overlaps most, background below IoU 0.5.

    Args:
      windows, objects: boxes [n, 4] and [m, 4].
      object_classes: int [m].
      background: the number that stands for it.
    """
    number, overlap = shown_windows(windows, objects)
    labels = np.full(len(windows), background, np.int32)
    sure = overlap >= FOREGROUND
    labels[sure] = object_classes[number[sure]]
    return labels


def random(draws: np.random.Generator, count: int, size: tuple[int, int]) -> np.ndarray:
    """Windows anywhere in an image, [count, 4], without a look at it.

    Area log-uniform between a hundredth of the image and all of it, width over height log-uniform
    between 1/3 and 3, a side cut to the image's, the place uniform among those inside (our choice).

    Args:
      size: (width, height) of the image in pixels.
    """
    width, height = size
    area = width * height * np.exp(draws.uniform(np.log(_SMALLEST), 0, count))
    aspect = np.exp(draws.uniform(-np.log(_ASPECT), np.log(_ASPECT), count))
    sides = np.stack([np.minimum(np.sqrt(area * aspect), width), np.minimum(np.sqrt(area / aspect), height)])
    corner = draws.uniform(size=(2, count)) * (np.array([[width], [height]]) - sides)
    return np.concatenate([corner, corner + sides]).T


def jittered(
    draws: np.random.Generator, objects: np.ndarray, number: int, size: tuple[int, int]
) -> np.ndarray:
    """A window around one object that shows it, box [4].

    Its center is shifted by up to 0.3 of a side on each axis and each side is scaled by a factor
    log-uniform up to 1.6 either way, then it is cut to the image (our choice). Of 32 such windows the
    first whose largest IoU is with this object and at least 0.5; the object's own box if there is none.

    Args:
      objects: boxes [m, 4] of all objects of the image.
      number: which of them.
      size: (width, height) of the image in pixels.
    """
    windows = _around(draws, np.repeat(objects[number][None], _CANDIDATES, axis=0), size, *_NEAR)
    fit = np.flatnonzero(_shows(windows, objects, number))
    return windows[fit[0]] if fit.size else objects[number]


def around(windows: np.ndarray, objects: np.ndarray, number: int) -> np.ndarray:
    """Those of `windows` that show one object, and the object's own box at the end: boxes [n, 4]."""
    return np.concatenate([windows[_shows(windows, objects, number)], objects[number][None]])


def background(draws: np.random.Generator, objects: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A window that shows none of the objects, box [4]: IoU below 0.5 with each.

    By the law of `pick_background`, from random windows and windows jittered widely around the objects,
    32 of each (our choice). Should 8 such attempts find none, the one that overlaps least.

    Args:
      objects: boxes [m, 4] of all objects of the image; m may be 0.
      size: (width, height) of the image in pixels.
    """
    for _ in range(_TRIES):
        windows = random(draws, _CANDIDATES, size)
        if len(objects):
            those = objects[draws.integers(len(objects), size=_CANDIDATES)]
            wide = _around(draws, those, size, *_FAR)
            inside = (wide[:, 2:] - wide[:, :2] >= _NARROWEST * np.array(size)).all(axis=1)
            windows = np.concatenate([windows, wide[inside]])
        chosen = pick_background(draws, windows, objects)
        if chosen is not None:
            return chosen
    return windows[shown_windows(windows, objects)[1].argmin()]


def pick_background(
    draws: np.random.Generator, windows: np.ndarray, objects: np.ndarray
) -> np.ndarray | None:
    """One of `windows` that shows none of the objects, box [4]; None if all show one, or there are none.

    Half of the time a hard one (IoU of at least 0.1 with an object), where there is one (our choice).
    """
    _, overlap = shown_windows(windows, objects)
    choice = np.flatnonzero(overlap < FOREGROUND)
    hard = choice[overlap[choice] >= HARD]
    if draws.random() < _HARD_SHARE and hard.size:
        choice = hard
    return windows[draws.choice(choice)] if choice.size else None


def _around(
    draws: np.random.Generator, boxes: np.ndarray, size: tuple[int, int], shift: float, factor: float
) -> np.ndarray:
    """Each box moved and stretched, cut to the image. One that leaves it altogether is empty."""
    sides = boxes[:, 2:] - boxes[:, :2]
    center = (boxes[:, 2:] + boxes[:, :2]) / 2 + draws.uniform(-shift, shift, sides.shape) * sides
    half = sides * np.exp(draws.uniform(-np.log(factor), np.log(factor), sides.shape)) / 2
    return np.concatenate([np.clip(center - half, 0, size), np.clip(center + half, 0, size)], axis=1)


def _shows(windows: np.ndarray, objects: np.ndarray, number: int) -> np.ndarray:
    most, overlap = shown_windows(windows, objects)
    return (most == number) & (overlap >= FOREGROUND)


def _areas(boxes: np.ndarray) -> np.ndarray:
    return np.maximum(boxes[:, 2:] - boxes[:, :2], 0).prod(axis=1)
