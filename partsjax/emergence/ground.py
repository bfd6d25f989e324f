"""What the evidence on a class shares over layers: its parts in both splits, resamples, location priors."""

import dataclasses
import functools

import numpy as np

from partsjax.data.crops import Truth
from partsjax.emergence.bootstrap import Resampled, resampled_ap, resamples
from partsjax.emergence.method import Method
from partsjax.emergence.prior import Prior, priors
from partsjax.emergence.ranked import Union
from partsjax.ops.average_precision import Curve, curve


@dataclasses.dataclass(frozen=True)
class JudgedPrior:
    """A prior and its AP on unseen images."""

    prior: Prior
    ap_val: Resampled


@dataclasses.dataclass(frozen=True)
class Ground:
    """One class's crops.

    train, val: parts of its crops; images_train, images_val: int [N], the image each crop comes from.
    seed: of the bootstrap.
    """

    train: Truth
    val: Truth
    images_train: np.ndarray
    images_val: np.ndarray
    method: Method
    seed: int

    @functools.cached_property
    def _val_images(self) -> tuple[int, np.ndarray]:
        """How many images the unseen crops come from, and each crop's, counted from 0."""
        images, index = np.unique(self.images_val, return_inverse=True)
        return len(images), index

    @functools.cached_property
    def weights(self) -> np.ndarray:
        """Bootstrap resamples of the unseen images, float32 [I, 1000]; paired over all detectors."""
        return resamples(self._val_images[0], (self.seed, self._val_images[0]))

    def curve(self, found: Union, positives: np.ndarray) -> Curve:
        """Of detections on unseen crops; positives: int [N]."""
        count, images = self._val_images
        wanted = np.bincount(images, weights=positives, minlength=count)
        return curve(found.scores, found.true, images[found.crops], wanted)

    @functools.cached_property
    def priors(self) -> list[tuple[JudgedPrior, JudgedPrior, JudgedPrior] | None]:
        """(median box, one box, several boxes) of every part; None where it has no train box."""

        def judged(prior: Prior) -> JudgedPrior:
            return JudgedPrior(prior, resampled_ap(prior.val, self.weights))

        splits = self.train, self.val, self.images_train, self._val_images[1]
        found = [priors(part, *splits, self.method) for part in range(len(self.train.valid))]
        return [of_part and tuple(judged(prior) for prior in of_part) for of_part in found]
