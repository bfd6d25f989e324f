"""Ground truth that was changed: for nulls, so that it says nothing of parts; for sanity, so that it errs."""

import dataclasses

import numpy as np

from partsjax.data.crops import CONTEXT, Truth

DRAWS = 8  # of each kind of wrong labels (our choice)


def shuffled(truth: Truth, seed) -> Truth:
    """The same ground truth with its crops permuted: what a crop shows no longer tells its parts.

    All parts of a crop move together. What is still scored with it is place, and the fitting (our
    choice: both splits are permuted, each by itself).
    """
    return truth.select(np.random.default_rng(seed).permutation(truth.valid.shape[-1]))


def unfounded(truth: Truth, size: int, seed) -> Truth:
    """The same ground truth with every box at a random place inside its object, its size kept.

    What is still scored with it is the fitting alone (our choice, in both splits). An object fills its crop
    but for `CONTEXT` pixels on each side; along an axis on which a box is longer than the object, it covers
    the object, at a random place.

    Args:
      size: of the crops, in pixels.
    """
    near, far = truth.boxes[:2], truth.boxes[2:]
    room = size - 2 * CONTEXT - (far - near)  # below 0 where the box is the longer one
    moved = CONTEXT + np.random.default_rng(seed).random(room.shape, np.float32) * room
    return dataclasses.replace(truth, boxes=np.concatenate([moved, moved + (far - near)]))


def missing(truth: Truth, seed: tuple[int, ...]) -> Truth:
    """The same ground truth without half of each part's boxes, drawn at random (our choice).

    Of n boxes n // 2 are gone; difficult ones are not counted, and stay.
    """
    return dataclasses.replace(truth, valid=truth.valid & ~drawn_half(truth, seed))


def extra(truth: Truth, size: int, seed: tuple[int, ...]) -> Truth:
    """The same ground truth with boxes where there is no part, as many as `missing` drops (our choice).

    Each box that `missing` drops with this seed is there twice: as it is, and, after the G of its part and
    crop, moved as `unfounded` moves it.

    Args:
      size: of the crops, in pixels.
    """
    copied = drawn_half(truth, seed)
    moved = unfounded(truth, size, (*seed, 1))
    return Truth(
        np.concatenate([truth.boxes, moved.boxes], axis=2),
        np.concatenate([truth.valid, copied], axis=1),
        np.concatenate([truth.difficult, np.zeros_like(copied)], axis=1),
    )


def drawn_half(truth: Truth, seed: tuple[int, ...]) -> np.ndarray:
    """Half of each part's boxes that are not difficult, rounded down, drawn at random: bool [P, G, N]."""
    usable = truth.valid & ~truth.difficult
    place = np.where(usable, np.random.default_rng(seed).random(usable.shape), 2).reshape(len(usable), -1)
    rank = place.argsort(axis=1).argsort(axis=1)
    return (rank < usable.sum(axis=(1, 2))[:, None] // 2).reshape(usable.shape)


def mislabeled(truth: Truth, size: int, seed: int) -> dict[str, tuple[Truth, ...]]:
    """Wrong labels by kind, `DRAWS` of each: arguments as for `extra`."""
    seeds = [(seed, draw) for draw in range(DRAWS)]
    return {
        "missing": tuple(missing(truth, of_draw) for of_draw in seeds),
        "extra": tuple(extra(truth, size, of_draw) for of_draw in seeds),
    }
