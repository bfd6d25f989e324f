"""Evidence on the parts of one class in one layer: best filters, sets, priors, intervals, pictures."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from partsjax.emergence.bootstrap import RESAMPLES, resampled_ap
from partsjax.emergence.calibration import Calibration, calibrate
from partsjax.emergence.combination import Combination, Search, Target, combine, members_union
from partsjax.emergence.decode_boxes import BoxDecoder
from partsjax.emergence.fixed_boxes import MEDIAN_BOX, ONE_BOX, SEVERAL_BOXES
from partsjax.emergence.layer_data import LayerData
from partsjax.emergence.ranked import PartDetections, RankedLayer, Union
from partsjax.emergence.scoring import Found, Scores
from partsjax.emergence.verdict import Estimate, PriorVerdict, Verdict
from partsjax.ops.average_precision import Curve

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
    """

    verdicts: tuple[Verdict, ...]
    trials: tuple[Trial, ...]
    strongest: tuple[Strongest, ...]
    resamples: np.ndarray


def examine(data: LayerData, scores: Scores, found: Found, searches: Sequence[Search], seed: int) -> Evidence:
    """Searches for sets on train and judges them and the best filters on val, with the priors.

    Args:
      scores, found: of the layer's filters on the class's parts, from `score_layer`.
      searches: the first is the one that verdicts and pictures are of.
      seed: of the searches; results depend on it and on names, not on order.
    """
    layer_view, parts = _Layer(data, scores, found, seed), data.parts
    sets = [layer_view.search(search) for search in searches]
    verdicts, trials, strongest = [], [], []
    resamples = np.full((len(parts), RESAMPLES), np.nan, np.float32)
    for part in range(len(parts)):
        verdict, pictures, resamples[part] = layer_view.verdict(part, searches[0], sets[0].get(part))
        verdicts.append(verdict)
        strongest.append(pictures)
        for search, of_search in zip(searches, sets, strict=True):
            if part in of_search:
                known = verdict.combination_ap_val if search is searches[0] else None
                trials.append(layer_view.trial(part, search, of_search[part], known))
    return Evidence(tuple(verdicts), tuple(trials), tuple(strongest), resamples)


class _Layer:
    """One class in one layer, its detections ranked, its resamples drawn."""

    def __init__(self, data: LayerData, scores: Scores, found: Found, seed: int):
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

    def detections(self, part: int, split: int, score: str) -> PartDetections:
        """The part's detections in a split (0 train, 1 val), ranked by `score`."""
        truth = (self.ground.train, self.ground.val)[split].truth
        usable = truth.valid[part] & ~truth.difficult[part]
        found = self.found[split][:, part]
        plain = self._ranked[split].part(found, usable.sum(axis=0))
        return plain if score == "activation" else self._calibration(part).apply(plain)

    def _calibration(self, part: int) -> Calibration:
        if part not in self._calibrations:
            self._calibrations[part] = calibrate(self.detections(part, 0, "activation"), self.scores.scale)
        return self._calibrations[part]

    def search(self, search: Search) -> dict[int, Combination]:
        """The best set of each part that has a train box."""
        targets = [
            Target(
                part,
                f"{self.layer} {self.object_class} {self.parts[part]}",
                best,
                self.detections(part, 0, search.score),
            )
            for part in range(len(self.parts))
            if (best := self.best(part)) is not None
        ]
        if not targets:
            return {}
        found = combine(targets, search, self.method, self.decoders[0], self.seed)
        return {target.number: of for target, of in zip(targets, found, strict=True)}

    def _held_out(self, part: int, search: Search, filters) -> tuple[Union, Curve]:
        detections = self.detections(part, 1, search.score)
        found = members_union(detections, filters, part, search, self.method, self.decoders[1])
        return found, self.ground.curve(found, detections.positives)

    def trial(self, part: int, search: Search, found: Combination, ap_val: Estimate | None) -> Trial:
        if ap_val is None:
            ap_val = resampled_ap(
                self._held_out(part, search, found.filters)[1], self.ground.weights
            ).estimate
        names = (self.layer, self.object_class, self.parts[part])
        return Trial(*names, search.search, search.score, found.filters, found.ap_train, ap_val)

    def verdict(
        self, part: int, search: Search, found: Combination | None
    ) -> tuple[Verdict, Strongest, np.ndarray]:
        """The verdict on a part, its pictures, and the set's held-out AP on every bootstrap sample [R]."""
        best = self.best(part)
        facts = {
            "layer": self.layer,
            "object_class": self.object_class,
            "part": self.parts[part],
            "num_train": int(self.ground.train.truth.positives[part]),
            "num_val": int(self.ground.val.truth.positives[part]),
            "best_filter": best,
            "emergence_ap": self.method.emergence_ap,
            "min_val_boxes": self.method.min_val_boxes,
        }
        if found is None:
            return Verdict(**facts), Strongest(), np.full(RESAMPLES, np.nan)
        alone, alone_curve = self._held_out(part, Search(), (best,))
        together, together_curve = self._held_out(part, search, found.filters)
        together_ap = resampled_ap(together_curve, self.ground.weights)
        judged = dict(self.ground.judged_priors[part])
        several, one, median = (judged.pop(prior) for prior in (SEVERAL_BOXES, ONE_BOX, MEDIAN_BOX))
        verdict = Verdict(
            **facts,
            best_filter_ap_train=float(self.scores.ap_train[best, part]),
            best_filter_ap_val=resampled_ap(alone_curve, self.ground.weights).estimate,
            combination=found.filters,
            combination_ap_train=found.ap_train,
            combination_ap_val=together_ap.estimate,
            prior_boxes=several.boxes,
            prior_ap_train=several.ap_train,
            prior_ap_val=several.ap_val.estimate,
            excess=(together_ap - several.ap_val).estimate,
            one_box_ap_train=one.ap_train,
            one_box_ap_val=one.ap_val.estimate,
            one_box_excess=(together_ap - one.ap_val).estimate,
            median_box_ap_val=median.ap_val.value,
            priors={
                prior.name: PriorVerdict(
                    prior.label, of.ap_train, of.ap_val.estimate, (together_ap - of.ap_val).estimate
                )
                for prior, of in judged.items()
            },
        )
        pictures = Strongest(*self._strongest(part, alone), *self._strongest(part, together))
        return verdict, pictures, together_ap.samples

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
