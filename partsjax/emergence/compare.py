"""Differences between networks judged on the same images: paired over images, and over seeds of training.

Over images. All networks' held-out APs are known on the same 1,000 bootstrap samples of each class's images,
so a figure's difference is known on each of them too; its interval is bias-corrected as all are
(`bootstrap.interval`). A sample r of the whole is sample r of every class; a class's are put in an order of
their own first, or classes with equally many images would be drawn alike. Classes are drawn independently,
also where a photograph is in two of them.

Over seeds. With figures θ_1 ... θ_S of S >= 2 seeds the figure is their mean. Its distance to either end is

  sqrt((mean - low)² + (t · s / √S)²)

`low` (or `high`): the end by images alone, of the seeds' mean on every sample; s: the standard deviation of
the seeds' figures; t: Student's quantile at 97.5% for S - 1 degrees of freedom. So two independent
uncertainties are squared and added, side by side (Zou & Donner 2008, "method of variance estimates recovery";
our choice). Drawing three seeds again, as images are, would not do: where all luck is the seeds' such an
interval holds the truth three times of four, this one 95 of 100; where both sources matter, up to 97.5.

Of three seeds t is 4.3: the interval is wide because three figures say little about a spread, and it takes
the seeds' figures to be normal, which three cannot show. It covers other images of these classes and other
seeds of the same recipe. It does not cover other training images, other recipes or other classes.
"""

import dataclasses
import zlib
from collections.abc import Sequence

import numpy as np

from partsjax.emergence.bootstrap import interval
from partsjax.emergence.estimate import CHANCE, Estimate
from partsjax.emergence.method import Method


@dataclasses.dataclass(frozen=True)
class JudgedLayer:
    """One network in one layer, its P judged parts.

    parts: (object class, part); ap_val: float [P], held-out AP of each part's set; resamples: float32 [P, R],
    the same on every bootstrap sample, NaN where a sample holds no box of the part.
    emergence_ap: AP over which a part emerges, of the method it was judged by.
    """

    parts: tuple[tuple[str, str], ...]
    ap_val: np.ndarray
    resamples: np.ndarray
    emergence_ap: float = Method.emergence_ap


@dataclasses.dataclass(frozen=True)
class Difference:
    """A network minus another in one layer, APs as fractions.

    mean: difference of mean held-out AP; by_seed: the same, seed by seed.
    over: difference in the number of parts with held-out AP over `emergence_ap`. A count jumps where an
      AP is near it, so its interval is rough.
    parts: of every part, in order; better, worse: how many of them significantly so, their interval on
      one side of 0; by_chance: how many to expect of each if no part differed.
    """

    mean: Estimate
    by_seed: tuple[float, ...]
    over: Estimate
    parts: tuple[Estimate, ...]
    better: int
    worse: int
    by_chance: float


def mean_held_out_ap(networks: Sequence[JudgedLayer]) -> Estimate:
    """Mean held-out AP over parts, and over seeds where there are several: one `JudgedLayer` for each."""
    _check(networks)
    return over_seeds([_mean(n.ap_val) for n in networks], [_mean(_drawn(n)) for n in networks])


def network_difference(networks: Sequence[JudgedLayer], others: Sequence[JudgedLayer]) -> Difference:
    """One network minus another, on the same parts and bootstrap samples.

    Args:
      networks, others: one per seed, or a single one that has no seeds. Where both have several they are
        paired in order, as a network is with the random weights it was trained from.

    Raises:
      ValueError: other parts, or other numbers of seeds, neither of them one.
    """
    _check([*networks, *others])
    seeds = max(len(networks), len(others))
    if {len(networks), len(others)} - {1, seeds}:
        raise ValueError(f"{len(networks)} seeds of one network, {len(others)} of the other")
    pairs = [(networks[i % len(networks)], others[i % len(others)]) for i in range(seeds)]
    values = [(one.ap_val, other.ap_val) for one, other in pairs]
    drawn = [(_drawn(one), _drawn(other)) for one, other in pairs]

    def over(aps: np.ndarray):
        """How many parts have an AP over the threshold: int [R] of [P, R], an int of [P]."""
        return (aps > networks[0].emergence_ap).sum(axis=0)

    gain, gains = ([one - other for one, other in of] for of in (values, drawn))
    parts = tuple(
        over_seeds([g[p] for g in gain], [g[p] for g in gains]) for p in range(len(networks[0].parts))
    )
    by_seed = [_mean(g) for g in gain]
    return Difference(
        mean=over_seeds(by_seed, [_mean(g) for g in gains]),
        by_seed=tuple(by_seed),
        over=over_seeds(*([over(one) - over(other) for one, other in of] for of in (values, drawn))),
        parts=parts,
        better=sum(p.low > 0 for p in parts),
        worse=sum(p.high < 0 for p in parts),
        by_chance=CHANCE * len(parts),
    )


def over_seeds(values: Sequence[float], drawn: Sequence[np.ndarray]) -> Estimate:
    """A figure's mean over S seeds and its 95% interval: over images alone of one seed, over both of several.

    Args:
      values: the figure by seed; drawn: float [R] each, on bootstrap samples of the images.
    """
    value = float(np.mean(values))
    low, high = interval(np.mean(drawn, axis=0), value)
    if len(values) == 1:
        return Estimate(value, low, high)
    from scipy import stats  # takes long to import

    t = stats.t.ppf(0.975, len(values) - 1)
    of_seeds = t * np.std(values, ddof=1) / np.sqrt(len(values))
    # Samples may all lie on one side of their figure.
    below, above = max(value - low, 0.0), max(high - value, 0.0)
    return Estimate(value, value - float(np.hypot(below, of_seeds)), value + float(np.hypot(above, of_seeds)))


def _check(networks: Sequence[JudgedLayer]) -> None:
    if len({(n.parts, n.emergence_ap) for n in networks}) != 1:
        raise ValueError("networks judged on other parts, or by another threshold, cannot be compared")


def _drawn(network: JudgedLayer) -> np.ndarray:
    """The bootstrap's values [P, R], each class's samples in an order that is its own; float64."""
    drawn = np.array(network.resamples, np.float64)
    classes = np.array([object_class for object_class, _ in network.parts])
    for object_class in dict.fromkeys(classes.tolist()):
        order = np.random.default_rng(zlib.crc32(object_class.encode())).permutation(drawn.shape[1])
        mine = classes == object_class
        drawn[mine] = drawn[mine][:, order]
    return drawn


def _mean(aps: np.ndarray):
    """Over the parts whose AP is known: float [R] of [P, R], a float of [P]; NaN of none."""
    known = ~np.isnan(aps)
    count = known.sum(axis=0)
    mean = np.where(known, aps, 0).sum(axis=0) / np.maximum(count, 1)
    mean = np.where(count > 0, mean, np.nan)
    return mean if aps.ndim > 1 else float(mean)
