"""`image`: which classes this image holds, from image-level labels alone."""

import jax
import numpy as np
import optax

from partsjax.networks.heads import CLASS_SCORES
from partsjax.supervision.metrics import mean_average_precision


class ImageLabels:
    """Binary cross-entropy of each class's sigmoid, the mean over classes.

    A batch holds "labels", bool [B, C]. The scores are [B, C], before the sigmoid.
    """

    name = "image"
    headline = "map"

    def scores(self, classes) -> int:
        return classes

    def extend(self, network, seed) -> None:
        pass

    def losses(self, network, batch, key) -> jax.Array:
        scores = network.classify(batch["images"], dropout=key)[CLASS_SCORES]
        return optax.sigmoid_binary_cross_entropy(scores, batch["labels"]).mean(axis=-1)

    def outputs(self, network, batch) -> dict[str, jax.Array]:
        return network.classify(batch["images"])

    def metrics(self, outputs, truth) -> dict[str, float]:
        return {"map": mean_average_precision(np.asarray(outputs[CLASS_SCORES]), truth.labels)}

    def baselines(self, train, truth) -> dict[str, float]:
        """One score for all images: a class's AP is then the share of images that hold it."""
        return {"map": mean_average_precision(np.zeros(truth.labels.shape, np.float32), truth.labels)}
