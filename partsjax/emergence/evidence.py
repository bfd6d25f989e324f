"""Evidence on the parts of one class in one layer: best filters, sets, priors, intervals, pictures."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from partsjax.emergence.bootstrap import RESAMPLES, Resampled, resampled_ap
from partsjax.emergence.calibration import Calibration, calibrate
from partsjax.emergence.combination import Combination, Search, Target, combine, members_union
from partsjax.emergence.decode_boxes import BoxDecoder
from partsjax.emergence.drift import part_drifts
from partsjax.emergence.fitted_set import FittedSet
from partsjax.emergence.knowledge import coverage, mean_area, what_it_knows
from partsjax.emergence.layer_data import LayerData
from partsjax.emergence.mislabeled import part_sanity
from partsjax.emergence.nearest import PLACE_PRIOR
from partsjax.emergence.place_prior import PriorDetections
from partsjax.emergence.ranked import PartDetections, RankedLayer, Union
from partsjax.emergence.scoring import Found, Scores
from partsjax.emergence.verdict import Estimate, PriorVerdict, Verdict

DETECTIONS_SHOWN, FALSE_ALARMS = 10, 5  # detections kept for pictures


@dataclasses.dataclass(frozen=True)
class Trial:
    """What one search found for one part; APs as in `Verdict`."""

    layer: str
    object_class: str
    part: str
    search: str
    score: str
    filters: tuple[int, ...]
    ap_train: float
    ap_val: Estimate


@dataclasses.dataclass(frozen=True)
class Detection:
    """One detection on an unseen crop; box: `xyxy` in crop pixels."""

    crop: int
    filter: int
    score: float
    box: tuple[float, float, float, float]
    correct: bool


@dataclasses.dataclass(frozen=True)
class Strongest:
    """The strongest detections of a part on unseen images, one per crop, and the first false alarms."""

    best: tuple[Detection, ...] = ()
    best_false: tuple[Detection, ...] = ()
    combination: tuple[Detection, ...] = ()
    combination_false: tuple[Detection, ...] = ()


@dataclasses.dataclass(frozen=True)
class Evidence:
    """Of all P parts of one class in one layer, in order; trials: of every search, part by part.

    resamples: float32 [P, 1000], held-out AP of each part's set on each bootstrap sample of `Ground.weights`;
      what a paired difference to another network's sets is made from. NaN as in `Verdict`.
    excess_resamples: float32 [P, 1000], the same minus the place prior's.
    sets: of each part, None where nothing could be fitted; of a null none.
    """

    verdicts: tuple[Verdict, ...]
    trials: tuple[Trial, ...]
    strongest: tuple[Strongest, ...]
    resamples: np.ndarray
    excess_resamples: np.ndarray
    sets: tuple[FittedSet | None, ...] = ()


def examine(
    data: LayerData,
    scores: Scores,
    found: Found,
    searches: Sequence[Search],
    seed: int,
    *,
    null: bool = False,
) -> Evidence:
    """Searches for sets on train and judges them and the best filters on val, with the priors.

    Args:
      scores, found: of the layer's filters on the class's parts, from `score_layer`.
      searches: the first is the one that verdicts and pictures are of.
      seed: of the searches; results depend on it and on names, not on order.
      null: compare with the place prior alone, and leave out what the sets know, and pictures.
    """
    layer_view, parts = _Layer(data, scores, found, seed, null), data.parts
    sets = layer_view.search(searches)
    drifts = [()] * len(parts) if null else part_drifts(data.ground.train, data.ground.val)
    verdicts, trials, strongest = [], [], []
    fitted = (
        []
        if null
        else [layer_view.fitted(part, searches[0], sets[0].get(part)) for part in range(len(parts))]
    )
    resamples, excesses = (np.full((len(parts), RESAMPLES), np.nan, np.float32) for _ in range(2))
    for part in range(len(parts)):
        found_of_part = sets[0].get(part)
        if found_of_part is None:
            verdict, pictures = layer_view.unfitted(part), Strongest()
        else:
            verdict, pictures, ap, excess = layer_view.verdict(part, searches[0], found_of_part)
            resamples[part], excesses[part] = ap.samples, excess.samples
        verdicts.append(dataclasses.replace(verdict, drifts=drifts[part]))
        strongest.append(pictures)
        for search, of_search in zip(searches, sets, strict=True):
            if part in of_search:
                known = verdict.combination_ap_val if search is searches[0] else None
                trials.append(layer_view.trial(part, search, of_search[part], known))
    return Evidence(tuple(verdicts), tuple(trials), tuple(strongest), resamples, excesses, tuple(fitted))


class _Layer:
    """One class in one layer, its detections ranked, its resamples drawn."""

    def __init__(self, data: LayerData, scores: Scores, found: Found, seed: int, null: bool):
        self.null = null
        self.layer, self.object_class, self.parts = data.layer, data.object_class, data.parts
        self.scores, self.found = scores, found
        self.ground, self.method, self.seed = data.ground, data.ground.method, seed
        self.decoders = tuple(
            BoxDecoder(of_split, scores.weights, scores.scale, data.geometry) for of_split in data.stimuli
        )
        self._ranked = tuple(RankedLayer(of_split.scores) for of_split in data.stimuli)
        self._calibrations: dict[int, Calibration] = {}

    def best(self, part: int) -> int | None:
        """The single filter with the highest train AP, of equal ones the lowest number."""
        ap_train = self.scores.ap_train[:, part]
        return None if np.isnan(ap_train).all() else int(np.nanargmax(ap_train))

    def detections(self, part: int, split: int, score: str, filters=None) -> PartDetections:
        """The part's detections in a split (0 train, 1 val), ranked by `score`; filters: whose, None: all."""
        truth = (self.ground.train, self.ground.val)[split].truth
        usable = truth.valid[part] & ~truth.difficult[part]
        plain = self._ranked[split].part(self.found[split][:, part], usable.sum(axis=0), filters)
        return plain if score == "activation" else self._calibration(part).apply(plain)

    def _calibration(self, part: int) -> Calibration:
        if part not in self._calibrations:
            self._calibrations[part] = calibrate(self.detections(part, 0, "activation"), self.scores.scale)
        return self._calibrations[part]

    def search(self, searches: Sequence[Search]) -> list[dict[int, Combination]]:
        """What each search finds: the best set of each part that has a train box."""
        found = {}
        for score in dict.fromkeys(search.score for search in searches):
            targets = self._targets(score)
            for search in searches:
                if search.score == score and targets:
                    sets = combine(targets, search, self.method, self.decoders[0], self.seed)
                    found[search] = {of.number: one for of, one in zip(targets, sets, strict=True)}
        return [found.get(search, {}) for search in searches]

    def _targets(self, score: str) -> list[Target]:
        return [
            Target(
                part,
                f"{self.layer} {self.object_class} {self.parts[part]}",
                best,
                self.detections(part, 0, score),
            )
            for part in range(len(self.parts))
            if (best := self.best(part)) is not None
        ]

    def _union(self, part: int, split: int, search: Search, filters) -> tuple[Union, np.ndarray]:
        """A set's detections in a split, and the boxes to be found in each crop."""
        detections = self.detections(part, split, search.score, filters)
        found = members_union(detections, filters, part, search, self.method, self.decoders[split])
        return found, detections.positives

    def _held_out(self, part: int, search: Search, filters) -> tuple[Union, Resampled]:
        found, positives = self._union(part, 1, search, filters)
        return found, resampled_ap(self.ground.curve(found, positives), self.ground.weights)

    def trial(self, part: int, search: Search, found: Combination, ap_val: Estimate | None) -> Trial:
        if ap_val is None:
            ap_val = self._held_out(part, search, found.filters)[1].estimate
        names = (self.layer, self.object_class, self.parts[part])
        return Trial(*names, search.search, search.score, found.filters, found.ap_train, ap_val)

    def fitted(self, part: int, search: Search, found: Combination | None) -> FittedSet | None:
        """A part's set as it was fitted."""
        if found is None:
            return None
        members = list(found.filters)
        calibration = self._calibration(part).of(members) if search.score == "calibrated" else None
        scores = self.scores
        return FittedSet(found.filters, scores.weights[members, part], scores.scale[members], calibration)

    def unfitted(self, part: int) -> Verdict:
        """The verdict on a part without a train box: its names and counts."""
        return Verdict(
            layer=self.layer,
            object_class=self.object_class,
            part=self.parts[part],
            num_train=int(self.ground.train.truth.positives[part]),
            num_val=int(self.ground.val.truth.positives[part]),
            best_filter=None,
            priors={} if self.null else {p.name: PriorVerdict(p.label) for p in self.ground.priors},
            mean_area=mean_area(self.ground.val, part),
            emergence_ap=self.method.emergence_ap,
            false_discovery_rate=self.method.false_discovery_rate,
            min_val_boxes=self.method.min_val_boxes,
        )

    def verdict(
        self, part: int, search: Search, found: Combination
    ) -> tuple[Verdict, Strongest, Resampled, Resampled]:
        """The verdict on a part, its pictures, the set's held-out AP and its excess over the place prior."""
        best = self.best(part)
        alone, alone_ap = self._held_out(part, Search(), (best,))
        together, together_ap = self._held_out(part, search, found.filters)
        compared = self.ground.priors[: 1 if self.null else None]
        judged = {prior: self.ground.judged(prior, part) for prior in compared}
        excesses = {prior: together_ap - of.ap_val for prior, of in judged.items()}
        verdict = dataclasses.replace(
            self.unfitted(part),
            best_filter=best,
            best_filter_ap_train=float(self.scores.ap_train[best, part]),
            best_filter_ap_val=alone_ap.estimate,
            combination=found.filters,
            combination_ap_train=found.ap_train,
            combination_ap_val=together_ap.estimate,
            priors={
                prior.name: PriorVerdict(
                    prior.label,
                    of.ap_train,
                    of.ap_val.estimate,
                    excesses[prior].estimate,
                    excesses[prior].p_value,
                )
                for prior, of in judged.items()
            },
        )
        excess = excesses[PLACE_PRIOR]
        if self.null:
            return verdict, Strongest(), together_ap, excess
        knows = what_it_knows(together, together_ap, self.ground, part)
        verdict = dataclasses.replace(
            verdict,
            where=knows.where.estimate,
            whether=knows.whether.estimate,
            hit_rate=knows.hit_rate,
            prior_hit_rate=judged[PLACE_PRIOR].hit_rate,
            coverage_train=coverage(*self._union(part, 0, search, found.filters)),
        )
        if self.ground.sanity:
            placed = (self._placed(part, found) for found in (together, alone))
            verdict = dataclasses.replace(verdict, sanity=part_sanity(verdict, *placed, self.ground, part))
        pictures = Strongest(*self._strongest(part, alone), *self._strongest(part, together))
        return verdict, pictures, together_ap, excess

    def _placed(self, part: int, found: Union) -> PriorDetections:
        """A union's detections on unseen crops with their boxes."""
        return PriorDetections(self.decoders[1].boxes(part, found), found.scores, found.crops)

    def _strongest(self, part: int, found: Union) -> tuple[tuple[Detection, ...], tuple[Detection, ...]]:
        wrong = np.flatnonzero(~found.true)
        return (
            self._with_boxes(part, found, _one_a_crop(found.crops)[:DETECTIONS_SHOWN]),
            self._with_boxes(part, found, wrong[_one_a_crop(found.crops[wrong])][:FALSE_ALARMS]),
        )

    def _with_boxes(self, part: int, found: Union, index: np.ndarray) -> tuple[Detection, ...]:
        """The detections at `index`, ascending, with their boxes."""
        keep = np.zeros(len(found.scores), bool)
        keep[index] = True
        boxes = self.decoders[1].boxes(part, found.select(keep))
        return tuple(
            Detection(
                crop=int(found.crops[i]),
                filter=int(found.filters[i]),
                score=round(float(found.scores[i]), 6),
                box=tuple(round(float(v), 1) for v in box),
                correct=bool(found.true[i]),
            )
            for i, box in zip(index, boxes, strict=True)
        )


def _one_a_crop(crops: np.ndarray) -> np.ndarray:
    """int: the first detection of each crop, in order."""
    return np.sort(np.unique(crops, return_index=True)[1])
