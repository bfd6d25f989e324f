"""`object`: which object is in this window, or none (R-CNN's fine-tuning, Girshick et al. 2014)."""

import jax
import numpy as np
import optax

from partsjax.networks.heads import CLASS_SCORES
from partsjax.supervision.metrics import class_accuracy, top1
from partsjax.supervision.sampling import FOREGROUND_EVERY


class WindowClassification:
    """Softmax cross-entropy over the classes and, last, background.

    A batch holds "labels", int32 [B].
    """

    name = "object"
    headline = "top1"

    def scores(self, classes) -> int:
        return classes + 1

    def extend(self, network, seed) -> None:
        pass

    def losses(self, network, batch, key) -> jax.Array:
        scores = network.classify(batch["images"], dropout=key)[CLASS_SCORES]
        return optax.softmax_cross_entropy_with_integer_labels(scores, batch["labels"])

    def outputs(self, network, batch) -> dict[str, jax.Array]:
        return network.classify(batch["images"])

    def metrics(self, outputs, truth) -> dict[str, float]:
        """`truth`: int [N].

        top1: in the ratio of training, one window with an object in four.
        object_accuracy: of windows that show an object, background left out; mean over classes.
        balanced_accuracy: mean over classes and background of the share named rightly, with log(3 C) off
          background's score, which is what it owes to being 3 C times as common in training as each of
          the C classes (balanced classes; our choice).
        """
        scores = np.asarray(outputs[CLASS_SCORES])
        objects = truth < scores.shape[1] - 1
        told_apart = class_accuracy(scores[objects, :-1], truth[objects])
        alike = scores - np.log((FOREGROUND_EVERY - 1) * (scores.shape[1] - 1)) * _background(scores)
        return {
            "top1": top1(scores, truth),
            "object_accuracy": told_apart,
            "balanced_accuracy": class_accuracy(alike, truth),
        }

    def baselines(self, train, truth) -> dict[str, float]:
        """Always the label that is commonest in `train`."""
        counts = np.bincount(train, minlength=np.max(truth, initial=0) + 1)
        always = np.broadcast_to(counts.astype(np.float32), (len(truth), len(counts)))
        return self.metrics({CLASS_SCORES: always}, truth)


def _background(scores: np.ndarray) -> np.ndarray:
    """1 in background's place, 0 in the classes': [C + 1]."""
    return np.arange(scores.shape[1]) == scores.shape[1] - 1
