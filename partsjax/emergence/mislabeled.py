"""Detections judged again where unseen crops are labeled wrongly; all that was fitted stays."""

import numpy as np

from partsjax.data.crops import Truth
from partsjax.emergence.criterion import HITS_NOTHING
from partsjax.emergence.ground import Ground
from partsjax.emergence.method import Method
from partsjax.emergence.place_prior import JudgedDetections, PriorDetections, box_found
from partsjax.emergence.ranked import first_on_box, hit_rate
from partsjax.emergence.sanity import Sanity
from partsjax.emergence.verdict import Verdict
from partsjax.ops.average_precision import curve


def part_sanity(
    verdict: Verdict, together: PriorDetections, alone: PriorDetections, ground: Ground, part: int
) -> dict[str, Sanity]:
    """Held-out scores of a part, by their columns in `parts.csv`.

    Args:
      verdict: the part's. together, alone: what its set and its best filter detect on unseen crops, by
        descending score, but for what difficult boxes account for.
      ground: with wrong labels.
    """
    of_set, of_filter = (_figures(found, ground, part) for found in (together, alone))
    of_prior = ground.prior_mislabeled(part)
    return {
        "combination_ap_val": Sanity(verdict.combination_ap_val.value, *of_set[:, 0].tolist()),
        "best_filter_ap_val": Sanity(verdict.best_filter_ap_val.value, *of_filter[:, 0].tolist()),
        "prior_ap_val": Sanity(verdict.prior.ap_val.value, *of_prior.tolist()),
        "excess_over_prior": Sanity(verdict.excess.value, *(of_set[:, 0] - of_prior).tolist()),
        "hit_rate": Sanity(verdict.hit_rate, *of_set[:, 1].tolist()),
    }


def _figures(found: PriorDetections, ground: Ground, part: int) -> np.ndarray:
    """AP and hit rate with each kind of wrong labels, mean over draws: float64 [2, 2]."""

    draws = ground.mislabeled(part).values()
    figures = [[detector_figures(found, truth, ground.method) for truth in of_error] for of_error in draws]
    return np.mean(figures, axis=1)


def detector_figures(found: PriorDetections, truth: Truth, method: Method) -> tuple[float, float]:
    """AP over all crops and hit rate of what a detector finds of a part.

    Args:
      found: by descending score. truth: of the one part.
    """
    judged, positives = _judged(found, truth, method), truth.in_crops[0]
    everywhere = np.zeros(len(judged.scores), np.int64)
    ap = curve(judged.scores, judged.true, everywhere, [positives.sum()]).average_precision()
    return ap, hit_rate(judged, positives > 0)


def _judged(found: PriorDetections, truth: Truth, method: Method) -> JudgedDetections:
    """Which detections are true, by the criterion of `criterion.judge`, without NMS."""
    hits = box_found(found, truth, method)  # [G, D]
    counted = ~(hits & truth.difficult[0][:, found.crops]).any(axis=0)
    hits, crops = hits[:, counted], found.crops[counted]
    number = np.where(hits.any(axis=0), hits.argmax(axis=0), HITS_NOTHING)
    return JudgedDetections(found.scores[counted], first_on_box(number, crops), crops)
