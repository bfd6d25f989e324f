"""Simulated images with a known truth, and how often intervals and p-values are wrong about it."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from partsjax.emergence.bootstrap import Resampled, p_value, resampled_ap, resamples
from partsjax.ops.average_precision import curve

FIGURES = ("AP of one detector", "of another", "their paired difference")


def photographs(images: int, random: np.random.Generator):
    """Two detectors on simulated images: (scores [2, M], true [M], images [M], positives [I]).

    An image is easy or hard as a whole: so are all its boxes, of which there are none to five, and the
    false detections on it. That is what intervals over images have to take in.
    """
    ease = random.normal(0, 1, images)
    positives = random.integers(0, 6, images)
    right = random.binomial(positives, 1 / (1 + np.exp(-1.5 - ease)))
    wrong = random.poisson(2 * np.exp(-0.5 * ease))
    of = np.concatenate([np.repeat(np.arange(images), right), np.repeat(np.arange(images), wrong)])
    true = np.arange(len(of)) < right.sum()
    score = random.normal(0, 1, len(of)) + np.where(true, 1.2 + 0.7 * ease[of], 0)
    return np.stack([score, 0.8 * score + random.normal(0, 0.8, len(of))]), true, of, positives


def truth() -> np.ndarray:
    """`FIGURES` on very many images: float64 [3]."""
    scores, true, _, positives = photographs(300_000, np.random.default_rng(0))
    everywhere = np.zeros(len(true), np.int64)
    one, other = (curve(s, true, everywhere, [positives.sum()]).average_precision() for s in scores)
    return np.array([one, other, one - other])


def on_one_set(images: int, number: int) -> list[Resampled]:
    """`FIGURES` on one of many sets of images."""
    scores, true, of, positives = photographs(images, np.random.default_rng((1, number)))
    weights = resamples(images, (2, number))
    one, other = (resampled_ap(curve(s, true, of, positives), weights) for s in scores)
    return [one, other, one - other]


@dataclasses.dataclass(frozen=True)
class Errors:
    """Whether figures on many sets of images are wrong about the truth; bool [sets, figures] each.

    low: the lower end of the 95% interval is too high. high: its upper end is too low.
    plain_low, plain_high: so are the 2.5% and 97.5% percentiles.
    above: at 5% one-sided the figure is above what it is in truth.
    """

    low: np.ndarray
    high: np.ndarray
    plain_low: np.ndarray
    plain_high: np.ndarray
    above: np.ndarray


def errors(figures: Sequence[Sequence[Resampled]], truth: np.ndarray) -> Errors:
    """Of figures [sets][figures] about the truth [figures]."""

    def each(wrong) -> np.ndarray:
        return np.array([[wrong(f, t) for f, t in zip(row, truth, strict=True)] for row in figures])

    return Errors(
        low=each(lambda f, t: f.low > t),
        high=each(lambda f, t: f.high < t),
        plain_low=each(lambda f, t: np.nanpercentile(f.samples, 2.5) > t),
        plain_high=each(lambda f, t: np.nanpercentile(f.samples, 97.5) < t),
        above=each(lambda f, t: p_value(f.samples - t, f.value - t) <= 0.05),
    )
