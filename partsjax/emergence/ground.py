"""What the evidence on a class shares over layers: its crops in both splits, resamples, place priors."""

import dataclasses
import functools
import hashlib

import numpy as np

from partsjax.data.crops import Crops
from partsjax.emergence.bootstrap import Resampled, resampled_ap, resamples
from partsjax.emergence.fixed_boxes import MEDIAN_BOX, ONE_BOX, SEVERAL_BOXES
from partsjax.emergence.method import Method
from partsjax.emergence.place_prior import JudgedDetections, PlacePrior, PriorDetections, judge_place, of_part
from partsjax.emergence.ranked import Union
from partsjax.ops.average_precision import Curve, curve


@dataclasses.dataclass(frozen=True)
class JudgedPrior:
    """A place prior on one part: its APs, and the most boxes it shows on a train crop."""

    boxes: int
    ap_train: float
    ap_val: Resampled


@dataclasses.dataclass(frozen=True)
class Ground:
    """One class's crops.

    train, val: those that could be read. seed: of the bootstrap.
    further_priors: place priors besides the three that every part is compared with.
    """

    train: Crops
    val: Crops
    method: Method
    seed: int
    further_priors: tuple[PlacePrior, ...] = ()

    @functools.cached_property
    def _val_images(self) -> tuple[int, np.ndarray]:
        """How many images the unseen crops come from, and each crop's, counted from 0."""
        images, index = np.unique(self.val.image_index, return_inverse=True)
        return len(images), index

    @functools.cached_property
    def weights(self) -> np.ndarray:
        """Bootstrap resamples of the unseen images, float32 [I, 1000]; paired over all detectors."""
        return resamples(self._val_images[0], (self.seed, self._val_images[0]))

    def curve(self, found: Union | JudgedDetections, positives: np.ndarray) -> Curve:
        """Of detections on unseen crops; positives: int [N]."""
        count, images = self._val_images
        wanted = np.bincount(images, weights=positives, minlength=count)
        return curve(found.scores, found.true, images[found.crops], wanted)

    @functools.cached_property
    def prior_detections(self) -> list[dict[PlacePrior, tuple[PriorDetections, PriorDetections]]]:
        """(train, val) detections of every part by each prior; none of a part without a train box."""
        priors = (MEDIAN_BOX, ONE_BOX, SEVERAL_BOXES, *self.further_priors)
        found = []
        for part, boxes in enumerate(self.train.truth.positives):
            train, val = of_part(self.train, part), of_part(self.val, part, hidden=True)
            found.append(
                {
                    prior: tuple(prior.on(train, crops, self.method) for crops in (train, val))
                    for prior in priors
                    if boxes
                }
            )
        return found

    @functools.cached_property
    def priors_digest(self) -> str:
        """Of all that the further priors detect, with their names and labels."""
        digest = hashlib.sha256()
        for found in self.prior_detections:
            for prior in self.further_priors:
                digest.update(repr((prior.name, prior.label, len(found))).encode())
                for detections in found.get(prior, ()):
                    for array in (detections.boxes, detections.scores, detections.crops):
                        digest.update(f"{array.shape} {array.dtype}".encode() + array.tobytes())
        return digest.hexdigest()

    @functools.cached_property
    def judged_priors(self) -> list[dict[PlacePrior, JudgedPrior]]:
        """Of every part by each prior; none of a part without a train box."""
        return [
            {prior: self._judged(part, *found) for prior, found in priors.items()}
            for part, priors in enumerate(self.prior_detections)
        ]

    def _judged(self, part: int, on_train: PriorDetections, on_val: PriorDetections) -> JudgedPrior:
        train, val = (of_part(crops, part).truth for crops in (self.train, self.val))
        known = judge_place(on_train, train, self.method)
        unseen = judge_place(on_val, val, self.method)
        everything = np.zeros(len(known.crops), np.int64), train.positives
        return JudgedPrior(
            boxes=int(np.bincount(on_train.crops).max(initial=0)),
            ap_train=curve(known.scores, known.true, *everything).average_precision(),
            ap_val=resampled_ap(
                self.curve(unseen, (val.valid & ~val.difficult)[0].sum(axis=0)), self.weights
            ),
        )
