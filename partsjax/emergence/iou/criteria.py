"""Which filters of a layer Network Dissection's criterion and ours call detectors, and how far they agree."""

import dataclasses
import math
from collections.abc import Mapping, Sequence

import numpy as np

from partsjax.emergence.bootstrap import interval, resamples
from partsjax.emergence.iou.overlap import FilterIou
from partsjax.emergence.sharing import serving
from partsjax.emergence.verdict import UNKNOWN, Estimate, Verdict

IOU_DETECTOR = 0.04  # a filter is a detector of the part it has its highest IoU with, over this (the paper)
_AT_ONCE = 50  # resamples
_FEWEST = 5  # filters under which no interval is given (our choice)


@dataclasses.dataclass(frozen=True)
class PartCriteria:
    """The best filter of one part by each criterion, both chosen on train; figures are held out.

    by_iou: the filter with the highest train IoU, None: no train pixel shows the part; iou, iou_ap: its IoU
      and its AP.
    by_ap: the one with the highest train AP; ap, ap_iou: its AP and its IoU.
    agreement: Spearman's correlation, over all filters, of IoU with AP; NaN where either is constant.
    """

    object_class: str
    part: str
    by_iou: int | None
    iou: float
    iou_ap: float
    by_ap: int | None
    ap: float
    ap_iou: float
    agreement: float


@dataclasses.dataclass(frozen=True)
class LayerCriteria:
    """One layer. A filter's part by IoU is the one, of all classes, it has its highest train IoU with.

    Attributes:
      filters: how many it has.
      iou_parts: the part by IoU of each filter, as `class:part`; "" where it has none.
      iou_train: the filters, ascending, whose train IoU with that part is over 0.04.
      iou_val: those whose held-out IoU with it is.
      serving: those that serve a part beyond place, our criterion.
      same_part: how many are in both of the last two, and serve their part by IoU.
      parts: of each judged part.
      agreement: mean over these of Spearman's correlation of held-out IoU with held-out AP over all filters,
        with a 95% interval over filters.
      null_detectors: by null that has a network of its own, how many of its filters would be in `iou_train`
        and in `iou_val`.
    """

    filters: int
    iou_parts: tuple[str, ...]
    iou_train: tuple[int, ...]
    iou_val: tuple[int, ...]
    serving: tuple[int, ...]
    same_part: int
    parts: tuple[PartCriteria, ...]
    agreement: Estimate
    null_detectors: Mapping[str, tuple[int, int]]

    @property
    def both(self) -> tuple[int, ...]:
        """Detectors by both criteria, held out."""
        return tuple(sorted({*self.iou_val} & {*self.serving}))

    @property
    def iou_alone(self) -> tuple[int, ...]:
        """Detectors by IoU, held out, that serve no part beyond place."""
        return tuple(sorted({*self.iou_val} - {*self.serving}))

    @property
    def serving_alone(self) -> tuple[int, ...]:
        """Filters that serve a part beyond place, and are no detector by IoU, held out."""
        return tuple(sorted({*self.serving} - {*self.iou_val}))

    @property
    def figures(self) -> dict:
        """What `summary.json` holds of it."""
        return {
            "filters": self.filters,
            "detectors_train": len(self.iou_train),
            "detectors_val": len(self.iou_val),
            "serving": len(self.serving),
            "both": len(self.both),
            "same_part": self.same_part,
            "null_detectors": {name: list(counts) for name, counts in self.null_detectors.items()},
            "agreement": [None if math.isnan(value) else round(value, 6) for value in self.agreement],
        }


def compared_criteria(
    verdicts: Sequence[Verdict], ap_val: np.ndarray, iou: FilterIou, nulls: Mapping[str, FilterIou], seed: int
) -> LayerCriteria:
    """Both criteria on one layer.

    Args:
      verdicts: on the parts of all classes, with their q-values; ap_val: held-out AP of all filters, [F, P].
      iou: of all filters with these parts; nulls: the same of networks of nulls, by name.
      seed: of the bootstrap over filters.
    """
    best, train, val = _detectors(iou)
    names = [f"{v.object_class}:{v.part}" for v in verdicts]
    served = serving(verdicts)
    both = {f for f in val if (verdicts[0].layer, f) in served}
    same = [f for f in both if any(v is verdicts[best[f]] for v in served[verdicts[0].layer, f])]
    judged = [p for p, v in enumerate(verdicts) if v.judged]
    correlations = _Correlations(ap_val[:, judged], iou.val[:, judged])
    return LayerCriteria(
        filters=len(iou.train),
        iou_parts=tuple(names[p] if p >= 0 else "" for p in best),
        iou_train=train,
        iou_val=val,
        serving=tuple(f for _, f in served),
        same_part=len(same),
        parts=tuple(
            _of_part(verdicts[p], ap_val[:, p], iou.train[:, p], iou.val[:, p], rho)
            for p, rho in zip(judged, correlations.values.tolist(), strict=True)
        ),
        agreement=correlations.mean(seed),
        null_detectors={name: tuple(map(len, _detectors(of)[1:])) for name, of in nulls.items()},
    )


def _detectors(iou: FilterIou) -> tuple[list[int], tuple[int, ...], tuple[int, ...]]:
    """The part by IoU of each filter, -1 for none; detectors on train, and held out."""
    known = np.nan_to_num(iou.train, nan=-1)
    best = np.where(known.max(axis=1, initial=-1) > 0, known.argmax(axis=1), -1)
    filters = np.arange(len(best))
    over = [(best >= 0) & (of[filters, best] > IOU_DETECTOR) for of in (iou.train, iou.val)]
    return best.tolist(), *(tuple(np.flatnonzero(which).tolist()) for which in over)


def _of_part(v: Verdict, ap: np.ndarray, train: np.ndarray, val: np.ndarray, rho: float) -> PartCriteria:
    by_iou = None if np.isnan(train).all() else int(np.nanargmax(train))
    return PartCriteria(
        v.object_class,
        v.part,
        by_iou,
        *((math.nan, math.nan) if by_iou is None else (float(val[by_iou]), float(ap[by_iou]))),
        v.best_filter,
        float(ap[v.best_filter]),
        float(val[v.best_filter]),
        rho,
    )


class _Correlations:
    """Spearman's correlation over filters, part by part, of float [F, P]; NaN where either is constant."""

    def __init__(self, one: np.ndarray, other: np.ndarray):
        self._pairs = list(zip(map(_Ranks, one.T), map(_Ranks, other.T), strict=True))
        self._filters = len(one)
        self.values = self._of(np.ones((1, self._filters), np.float32))[0]

    def _of(self, weights: np.ndarray) -> np.ndarray:
        """float64 [R, P], of resamples [R, F]."""
        found = [_correlation(a(weights), b(weights), weights) for a, b in self._pairs]
        return np.stack(found, axis=1) if found else np.zeros((len(weights), 0))

    def mean(self, seed: int) -> Estimate:
        """Over the parts that have one."""
        known = ~np.isnan(self.values)
        if not known.any():
            return UNKNOWN
        value = float(self.values[known].mean())
        if self._filters < _FEWEST:
            return Estimate(value, math.nan, math.nan)
        weights = resamples(self._filters, seed).T
        pieces = [self._of(weights[i : i + _AT_ONCE]) for i in range(0, len(weights), _AT_ONCE)]
        return Estimate(value, *interval(np.concatenate(pieces)[:, known].mean(axis=1), value))


class _Ranks:
    """Ranks of values [F] among any resample of them; of equal ones the mean."""

    def __init__(self, values: np.ndarray):
        self._order = np.argsort(values)
        in_order = values[self._order]
        self._first, self._last = (np.searchsorted(in_order, values, side) for side in ("left", "right"))

    def __call__(self, weights: np.ndarray) -> np.ndarray:
        """float64 [R, F], how often each value was drawn -> its rank among those drawn, less a half."""
        below = np.zeros((len(weights), weights.shape[1] + 1))
        np.cumsum(weights[:, self._order], axis=1, out=below[:, 1:])
        return (below[:, self._first] + below[:, self._last]) / 2


def _correlation(a: np.ndarray, b: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Pearson's, along rows [R, F]: float64 [R]."""

    def mean(of: np.ndarray) -> np.ndarray:
        return (of * weights).sum(axis=1) / weights.shape[1]

    a, b = a - weights.shape[1] / 2, b - weights.shape[1] / 2  # the mean of all ranks
    spread = np.sqrt(mean(a * a) * mean(b * b))
    return np.divide(mean(a * b), spread, out=np.full(len(a), np.nan), where=spread > 0)
