"""Fractions of filters by kind, with intervals over filters and raters."""

import dataclasses
from collections.abc import Iterator

import numpy as np
from scipy.special import ndtri

from partsjax.emergence.bootstrap import resamples
from partsjax.emergence.estimate import CHANCE, UNKNOWN, Estimate
from partsjax.judging.asked import Asked
from partsjax.judging.dawid_skene import Believed, resampled_probability
from partsjax.judging.items import KINDS, NONE
from partsjax.judging.majority import UNDECIDED, consistency, majority
from partsjax.judging.votes import SAID, Votes

SILENT = "silent"  # the kind of a filter that fires on too few images to be shown
CONSISTENT = "consistent"  # any kind but none, by a majority of its own
ANOTHER = "another"  # any kind but a semantic part and none
COUNTED = (CONSISTENT, *KINDS, ANOTHER, NONE, SILENT)
"""What fractions are of, in the order of tables."""
_PIECE = 100  # bootstrap samples at once
_MODEL_PIECES = 2  # of the 10, for Dawid and Skene's model: a variance takes no more


@dataclasses.dataclass(frozen=True)
class Fraction:
    """Of the pairs of class and filter with a judgment, how many are of a kind.

    kind: one of `COUNTED`. object_class: "all" for all of them together.
    judged, number: how many have a judgment, and how many of these are of the kind.
    majority, dawid_skene: the fraction by either judgment.
    """

    layer: str
    object_class: str
    kind: str
    judged: int
    number: int
    majority: Estimate
    dawid_skene: Estimate


@dataclasses.dataclass(frozen=True, eq=False)
class Drawn:
    """How often each filter, float32 [U, B], and each rater, [R, B], is drawn in bootstrap samples.

    Filters are drawn within their layer, and one brings the items of all its classes; a rater brings all of
    their answers.
    """

    filters: np.ndarray
    raters: np.ndarray


def drawn(asked: Asked, raters: int, seed: int) -> Drawn:
    """1,000 bootstrap samples of the filters of each layer, and of the raters."""
    filters = np.zeros((len(set(asked.unit)), resamples(1, 0).shape[1]), np.float32)
    for number, layer in enumerate(dict.fromkeys(asked.layer)):
        units = np.unique(asked.unit[asked.layer == layer])
        filters[units] = resamples(len(units), (seed, number))
    return Drawn(filters, resamples(raters, (seed, len(filters))))


def effective(value: float, samples: np.ndarray, number: int) -> Estimate:
    """A fraction with its 95% interval: Wilson's, of the effective number of observations (our choice).

    The effective number is that at which independent observations would vary as the samples do,
    n = m (1 - m) / v with m and v the mean and the variance of the samples; at most `number`. (So Korn
    and Graubard do for fractions from surveys. Where raters are drawn again, an item keeps fewer of them and
    its majority errs more often: ends taken from the samples themselves would move with that, and bias
    correction would take it for a bias of the fraction.) As Wilson's interval it has a width at 0 and 1.
    """
    known = samples[~np.isnan(samples)]
    if np.isnan(value) or not len(known):
        return UNKNOWN
    mean, variance = float(known.mean()), float(known.var())
    n = min(number, mean * (1 - mean) / variance) if variance > 0 else number
    z = float(ndtri(1 - CHANCE))
    center = (value + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * np.sqrt(value * (1 - value) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return Estimate(float(value), float(max(0, center - half)), float(min(1, center + half)))


def fractions(asked: Asked, votes: Votes, believed: Believed | None, seed: int) -> list[Fraction]:
    """Of each class of each layer, and of all its classes, the fraction of each kind.

    By majority: the number of a kind over the number with a judgment, a silent filter having that of being
    silent. By Dawid and Skene's model: the mean probability of a kind, over what has an answer. Intervals
    are `effective`'s of a bootstrap over filters and raters (`drawn`); each of its samples is judged again,
    by the answers of the raters drawn.

    Args:
      votes: of which the first I items are those of `asked`, in order.
      believed: the model of `votes`; None: without it, which is quicker.
    """
    draws, once = drawn(asked, votes.raters, seed), np.ones((len(asked.unit), 1))
    counts = votes.counts()[..., None]
    number, judged = (of[..., 0] for of in _counted(_by_majority(counts, asked), once, asked))
    by_majority = _estimates(number, judged, _majority_samples(asked, votes, draws))
    if believed is None:
        by_model = [[UNKNOWN] * number.shape[1]] * len(number)
    else:
        judgment = _by_model(believed.probability[..., None], counts, asked)
        probable, answered = (of[..., 0] for of in _counted(judgment, once, asked))
        by_model = _estimates(probable, answered, _model_samples(asked, votes, believed, draws))
    return [
        Fraction(
            *(layer, object_class, kind, int(judged[g, k]), int(number[g, k])),
            *(by_majority[g][k], by_model[g][k]),
        )
        for g, (layer, object_class, _) in enumerate(asked.groups)
        for k, kind in enumerate(COUNTED)
    ]


def _estimates(number: np.ndarray, judged: np.ndarray, samples: np.ndarray) -> list[list[Estimate]]:
    """Of each group and kind: number, judged [G, J]; samples [G, J, B]."""
    value = np.divide(number, judged, out=np.full(number.shape, np.nan), where=judged > 0)
    return [
        [effective(*each) for each in zip(*rows, strict=True)]
        for rows in zip(value, samples, judged, strict=True)
    ]


def _majority_samples(asked: Asked, votes: Votes, draws: Drawn) -> np.ndarray:
    """Fractions in bootstrap samples, float64 [G, J, 1000], in pieces that fit in memory."""
    return np.concatenate(
        [
            _fraction(_by_majority(votes.counts(raters), asked), filters, asked)
            for filters, raters in _pieces(asked, draws)
        ],
        axis=-1,
    )


def _model_samples(asked: Asked, votes: Votes, believed: Believed, draws: Drawn) -> np.ndarray:
    """The same by the model, in fewer samples."""
    found = []
    gold = np.ones((votes.items - len(asked.items), _PIECE), np.float32)
    for filters, raters in list(_pieces(asked, draws))[:_MODEL_PIECES]:
        of_items = np.concatenate([filters[: len(asked.items)], gold])
        probability = resampled_probability(votes, believed, of_items, raters)
        found.append(_fraction(_by_model(probability, votes.counts(raters), asked), filters, asked))
    return np.concatenate(found, axis=-1)


def _pieces(asked: Asked, draws: Drawn) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """How often each pair of class and filter, [N, B], and each rater, [R, B], is drawn."""
    for start in range(0, draws.raters.shape[1], _PIECE):
        piece = slice(start, start + _PIECE)
        yield draws.filters[asked.unit, piece], draws.raters[:, piece]


Judgment = tuple[np.ndarray, np.ndarray]
"""Of N pairs of class and filter: float [N, J, B], how far each is of each of the J `COUNTED`; and whether
that is judged, bool of that shape."""


def _by_majority(counts: np.ndarray, asked: Asked) -> Judgment:
    """counts: votes for each kind, [I or more, K, B]."""
    counts = counts[: len(asked.items)]
    consistent, kind = majority(consistency(counts)), majority(counts)
    of_kind = np.stack([kind == k for k in range(len(SAID))], axis=1)
    return _judgment(consistent == 1, of_kind, (consistent != UNDECIDED, kind != UNDECIDED), asked)


def _by_model(probability: np.ndarray, counts: np.ndarray, asked: Asked) -> Judgment:
    """probability: of each kind, [I or more, K, B]; counts: as above."""
    of_kind, counts = probability[: len(asked.items)], counts[: len(asked.items)]
    answered = counts.sum(axis=1) > 0
    return _judgment(1 - of_kind[:, SAID.index(NONE)], of_kind, (answered, answered), asked)


def _judgment(consistent: np.ndarray, of_kind: np.ndarray, judged, asked: Asked) -> Judgment:
    """consistent: [I, B]; of_kind: [I, K, B]; judged: whether either is, bool [I, B] each."""
    items, samples = consistent.shape
    member = np.zeros((len(asked.unit), len(COUNTED), samples))
    known = np.ones(member.shape, bool)
    for j, name in enumerate(COUNTED):
        if name == CONSISTENT:
            member[:items, j], known[:items, j] = consistent, judged[0]
        else:
            names = [name] if name in SAID else [k for k in KINDS if k != "part"] if name == ANOTHER else []
            member[:items, j] = of_kind[:, [SAID.index(k) for k in names]].sum(axis=1)
            known[:items, j] = judged[1]
    member[items:, COUNTED.index(SILENT)] = 1
    return member, known


def _counted(judgment: Judgment, weights: np.ndarray, asked: Asked) -> tuple[np.ndarray, np.ndarray]:
    """Of each group the number of each kind, and of those judged: float64 [G, J, B]; weights: [N, B]."""
    groups = np.stack([of for _, _, of in asked.groups]).astype(np.float64)
    member, judged = judgment
    weighted = judged * weights[:, None]
    number, whole = (groups @ each.reshape(len(each), -1) for each in (member * weighted, weighted))
    shape = (len(groups), *member.shape[1:])
    return number.reshape(shape), whole.reshape(shape)


def _fraction(judgment: Judgment, weights: np.ndarray, asked: Asked) -> np.ndarray:
    number, judged = _counted(judgment, weights, asked)
    return np.divide(number, judged, out=np.full(number.shape, np.nan), where=judged > 0)
