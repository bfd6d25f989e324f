"""Are the parts that matter for a class those that emerge? Three answers, none of them the answer."""

import dataclasses
import math
from collections.abc import Sequence

import numpy as np

from partsjax.discriminativeness.correlation import RankCorrelation, rank_correlation
from partsjax.discriminativeness.part_drops import PartDrops
from partsjax.emergence.bootstrap import Resampled
from partsjax.emergence.verdict import Verdict

RELATIONS = ("difference_and_excess", "drop_and_excess_given_area", "drop_and_ap_val")
"""Names of what `part_relations` gives."""


@dataclasses.dataclass(frozen=True)
class DetectedParts:
    """What emergence found of the P parts of a class in a layer.

    verdicts: in order of the class's parts. ap_samples, excess_samples: float [P, 1000], held-out AP of each
    part's set, and its excess over the place prior, on the bootstrap samples of `emergence.ground.Ground`.
    """

    verdicts: tuple[Verdict, ...]
    ap_samples: np.ndarray
    excess_samples: np.ndarray

    @property
    def ap(self) -> Resampled:
        """[P]; NaN where a part is not judged."""
        return Resampled(self._judged([v.combination_ap_val.value for v in self.verdicts]), self.ap_samples)

    @property
    def excess(self) -> Resampled:
        """The same of the excess."""
        return Resampled(self._judged([v.excess.value for v in self.verdicts]), self.excess_samples)

    def _judged(self, values: Sequence[float]) -> np.ndarray:
        pairs = zip(self.verdicts, values, strict=True)
        return np.array([value if v.judged else math.nan for v, value in pairs])


def part_relations(
    parts: Sequence[PartDrops], detected: Sequence[DetectedParts], seed: int = 0
) -> dict[str, RankCorrelation]:
    """Three rank correlations over the parts that are judged, by name.

    A large part takes much of the crop with it, and large parts have high APs: what size alone brings about
    is left in or taken out in three ways. Each is over the parts that have its figures, so that their numbers
    may differ.

        difference_and_excess: of drop minus control with the excess over place: size is out of both. Parts
          with controls on too few crops to be called discriminative or not are left out.
        drop_and_excess_given_area: of the plain drop with the excess, given the area replaced with the part;
          also for parts that no control fits beside.
        drop_and_ap_val: of the plain drop with the held-out AP: size is left in.

    Args:
      parts: of all classes, one after another; detected: of each class.
      seed: of the bootstrap over parts.
    """
    difference, drop, area = (
        _together([getattr(part, name) for part in parts]) for name in ("difference", "drop", "area")
    )
    compared = np.array([part.discriminative is not None for part in parts])
    difference = Resampled(np.where(compared, difference.value, math.nan), difference.samples)
    ap, excess = (_joined([getattr(of, name) for of in detected]) for name in ("ap", "excess"))
    found = (
        rank_correlation(difference, excess, seed=seed),
        rank_correlation(drop, excess, area, seed=seed),
        rank_correlation(drop, ap, seed=seed),
    )
    return dict(zip(RELATIONS, found, strict=True))


def _together(figures: Sequence[Resampled]) -> Resampled:
    """Single figures as one of P."""
    return Resampled(np.array([f.value for f in figures]), np.stack([f.samples for f in figures]))


def _joined(figures: Sequence[Resampled]) -> Resampled:
    return Resampled(*(np.concatenate([getattr(f, name) for f in figures]) for name in ("value", "samples")))
