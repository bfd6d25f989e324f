"""Layers of very many filters: which of them sets are looked for among, so that no more need be held."""

import dataclasses

import jax
import numpy as np

from partsjax.emergence.evidence import Detection, Evidence, Strongest, Trial
from partsjax.emergence.fitted_set import FittedSet
from partsjax.emergence.scoring import Found, Scores
from partsjax.emergence.stimuli import FILTERS_HELD, Stimuli
from partsjax.emergence.verdict import Verdict


@dataclasses.dataclass(frozen=True)
class Candidates:
    """Some filters of a layer, with all that is known of them.

    numbers: int [F], ascending, in the layer; stimuli: on (train, val); scores, found: as of `score_layer`.
    """

    numbers: np.ndarray
    stimuli: tuple[Stimuli, Stimuli]
    scores: Scores
    found: Found

    def among(self, others: "Candidates | None") -> "Candidates":
        """The candidates of these filters and of others of lower numbers.

        All of the first `FILTERS_HELD` filters. Of more, those that are, for some of the P parts, among the
        `FILTERS_HELD` / P filters with the highest train AP; of equal ones the lowest number (our choice).
        Which they are in the end does not depend on how a layer is taken apart.
        """
        together = self if others is None else joined([others, self])
        if self.numbers[-1] < FILTERS_HELD:
            return together
        ap = np.nan_to_num(together.scores.ap_train, nan=-1)
        rank = np.argsort(np.argsort(-ap, axis=0, kind="stable"), axis=0)
        keep = (rank < max(1, FILTERS_HELD // max(1, ap.shape[1]))).any(axis=1)
        return jax.tree.map(lambda array: array[keep], together)


jax.tree_util.register_dataclass(Candidates)


def joined(pieces):
    """Records of several blocks of filters as one; all their arrays have filters first."""
    return jax.tree.map(lambda *arrays: np.concatenate(arrays), *pieces)


def renumbered(evidence: Evidence, numbers: np.ndarray) -> Evidence:
    """Evidence on candidates, with filters as they are numbered in the layer."""

    def of_verdict(verdict: Verdict) -> Verdict:
        best = verdict.best_filter
        best = None if best is None else int(numbers[best])
        return dataclasses.replace(verdict, best_filter=best, combination=several(verdict.combination))

    def of_trial(trial: Trial) -> Trial:
        return dataclasses.replace(trial, filters=several(trial.filters))

    def of_detection(detection: Detection) -> Detection:
        return dataclasses.replace(detection, filter=int(numbers[detection.filter]))

    def of_pictures(strongest: Strongest) -> Strongest:
        fields = dataclasses.fields(strongest)
        return Strongest(*(tuple(map(of_detection, getattr(strongest, field.name))) for field in fields))

    def of_set(fitted: FittedSet | None) -> FittedSet | None:
        return fitted and dataclasses.replace(fitted, filters=several(fitted.filters))

    def several(filters: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(int(numbers[filter_]) for filter_ in filters)

    return dataclasses.replace(
        evidence,
        verdicts=tuple(map(of_verdict, evidence.verdicts)),
        trials=tuple(map(of_trial, evidence.trials)),
        strongest=tuple(map(of_pictures, evidence.strongest)),
        sets=tuple(map(of_set, evidence.sets)),
    )
