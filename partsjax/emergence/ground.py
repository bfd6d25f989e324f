"""What the evidence on a class shares over layers: its crops in both splits, resamples, place priors."""

import dataclasses
import functools
import hashlib
import threading
from collections.abc import Sequence

import numpy as np

from partsjax.data.crops import Crops, Truth
from partsjax.emergence.bootstrap import Resampled, mean_over_crops, resampled_ap, resamples
from partsjax.emergence.changed_truth import mislabeled
from partsjax.emergence.fixed_boxes import LIST_PRIOR
from partsjax.emergence.method import Method
from partsjax.emergence.nearest import PLACE_PRIOR
from partsjax.emergence.place_prior import (
    JudgedDetections,
    PlacePrior,
    PriorDetections,
    judge_place,
    mean_ap,
    of_part,
    truth_of_part,
)
from partsjax.emergence.ranked import Union, hit_rate
from partsjax.ops.average_precision import Curve, curve, curve_of_orders


@dataclasses.dataclass(frozen=True)
class JudgedPrior:
    """A place prior on one part: its APs, and its hit rate on unseen crops; means over random orders."""

    ap_train: float
    ap_val: Resampled
    hit_rate: float


@dataclasses.dataclass(frozen=True)
class Ground:
    """One class's crops.

    train, val: those that could be read. seed: of the bootstrap.
    further_priors: place priors besides those that every part is compared with.
    sanity: whether detections are judged with wrong labels, too.
    """

    train: Crops
    val: Crops
    method: Method
    seed: int
    further_priors: tuple[PlacePrior, ...] = ()
    sanity: bool = False
    _locks: dict = dataclasses.field(default_factory=dict, init=False, repr=False, compare=False)
    _detected: dict = dataclasses.field(default_factory=dict, init=False, repr=False, compare=False)
    _judged: dict = dataclasses.field(default_factory=dict, init=False, repr=False, compare=False)
    _mislabeled: dict = dataclasses.field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def priors(self) -> tuple[PlacePrior, ...]:
        """The place prior that verdicts are compared with, the list prior, and further ones."""
        return (PLACE_PRIOR, LIST_PRIOR, *self.further_priors)

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
        return curve(found.scores, found.true, self._val_images[1][found.crops], self._by_image(positives))

    def curve_of_orders(self, judged: Sequence[JudgedDetections], positives: np.ndarray) -> Curve:
        """Of the same detections in several orders."""
        true, crops = (np.stack([getattr(found, name) for found in judged]) for name in ("true", "crops"))
        return curve_of_orders(true, self._val_images[1][crops], self._by_image(positives))

    def _by_image(self, positives: np.ndarray) -> np.ndarray:
        """Boxes to be found in each unseen image, of those in each crop: float64 [I]."""
        count, images = self._val_images
        return np.bincount(images, weights=positives, minlength=count)

    def mean(self, values: np.ndarray, crops: np.ndarray) -> Resampled:
        """Of a figure of each of some unseen crops, float [N], over these crops, by number or bool mask."""
        return mean_over_crops(values, self._val_images[1][crops], self.weights)

    def positives(self, part: int) -> np.ndarray:
        """Boxes of a part to be found in each unseen crop: int [N]."""
        truth = self.val.truth
        return (truth.valid[part] & ~truth.difficult[part]).sum(axis=0)

    def detected(self, prior: PlacePrior, part: int) -> tuple[PriorDetections, PriorDetections]:
        """(train, val) detections of a part that has a train box that is not difficult."""
        with self._locks.setdefault((prior, part), threading.RLock()):
            if (prior, part) not in self._detected:
                train, val = of_part(self.train, part), of_part(self.val, part, hidden=True)
                self._detected[prior, part] = tuple(
                    prior.on(train, crops, self.method) for crops in (train, val)
                )
            return self._detected[prior, part]

    def judged(self, prior: PlacePrior, part: int) -> JudgedPrior:
        """A prior on such a part."""
        with self._locks.setdefault((prior, part), threading.RLock()):
            if (prior, part) not in self._judged:
                self._judged[prior, part] = self._judge(prior, part)
            return self._judged[prior, part]

    def _judge(self, prior: PlacePrior, part: int) -> JudgedPrior:
        on_train, on_val = self.detected(prior, part)
        train, shows = truth_of_part(self.train.truth, part), self.positives(part) > 0
        unseen = self.judge_unseen(on_val, part)
        return JudgedPrior(
            ap_train=mean_ap(judge_place(on_train, train, self.method), train),
            ap_val=self.resampled(unseen, part),
            hit_rate=float(np.mean([hit_rate(in_order, shows) for in_order in unseen])),
        )

    def judge_unseen(self, found: PriorDetections, part: int) -> list[JudgedDetections]:
        """Detections of a part on unseen crops, as `judge_place`."""
        return judge_place(found, truth_of_part(self.val.truth, part), self.method)

    def resampled(self, judged: Sequence[JudgedDetections], part: int) -> Resampled:
        """Held-out AP of a part's detections, mean over the orders in which they were judged."""
        return resampled_ap(self.curve_of_orders(judged, self.positives(part)), self.weights)

    @functools.cached_property
    def val_mislabeled(self) -> dict[str, tuple[Truth, ...]]:
        """The truth of unseen crops with wrong labels, by kind, one of each draw."""
        return mislabeled(self.val.truth, self.val.size, self.seed)

    def mislabeled(self, part: int) -> dict[str, list[Truth]]:
        """The same of one part."""
        return {
            error: [truth_of_part(truth, part) for truth in draws]
            for error, draws in self.val_mislabeled.items()
        }

    def prior_mislabeled(self, part: int) -> np.ndarray:
        """AP of the place prior with each kind of wrong labels, mean over draws: float64 [2]."""
        with self._locks.setdefault((mislabeled, part), threading.RLock()):
            if part not in self._mislabeled:
                found = self.detected(PLACE_PRIOR, part)[1]
                self._mislabeled[part] = np.mean(
                    [
                        [mean_ap(judge_place(found, truth, self.method), truth) for truth in draws]
                        for draws in self.mislabeled(part).values()
                    ],
                    axis=1,
                )
            return self._mislabeled[part]

    @functools.cached_property
    def priors_digest(self) -> str:
        """Of all that the further priors detect, with their names and labels."""
        digest = hashlib.sha256()
        for part in np.flatnonzero(self.train.truth.positives).tolist():
            for prior in self.further_priors:
                digest.update(repr((prior.name, prior.label, part)).encode())
                for detections in self.detected(prior, part):
                    for array in (detections.boxes, detections.scores, detections.crops):
                        digest.update(f"{array.shape} {array.dtype}".encode() + array.tobytes())
        return digest.hexdigest()
