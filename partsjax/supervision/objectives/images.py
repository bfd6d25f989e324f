"""`image`: which classes this image holds, from image-level labels alone."""

import jax
import numpy as np
import optax

from partsjax.networks import CLASS_SCORES, Architecture, ConvNet
from partsjax.networks.heads import HIDDEN, head_for
from partsjax.supervision.metrics import mean_average_precision


class ImageLabels:
    """Binary cross-entropy of each class's sigmoid, the mean over classes.

    A batch holds "labels", bool [B, C]. The scores are [B, C], before the sigmoid.
    """

    name = "image"
    headline = "map"

    def architecture(self, base: Architecture, classes: int, hidden: int = HIDDEN) -> Architecture:
        return head_for(base, self.name, classes, hidden)

    def extra_parameters(self, architecture, seed) -> dict[str, np.ndarray]:
        return {}

    def losses(self, architecture, parameters, batch, dtype, key) -> jax.Array:
        network = ConvNet(architecture, parameters, dtype=dtype)
        scores = network(batch["images"], (CLASS_SCORES,), dropout=key)[CLASS_SCORES]
        return optax.sigmoid_binary_cross_entropy(scores, batch["labels"]).mean(axis=-1)

    def outputs(self, architecture, parameters, batch, dtype) -> dict[str, jax.Array]:
        return ConvNet(architecture, parameters, dtype=dtype)(batch["images"], (CLASS_SCORES,))

    def metrics(self, outputs, truth) -> dict[str, float]:
        return {"map": mean_average_precision(np.asarray(outputs[CLASS_SCORES]), truth.labels)}

    def baselines(self, train, truth) -> dict[str, float]:
        """One score for all images: a class's AP is then the share of images that hold it."""
        return {"map": mean_average_precision(np.zeros(truth.labels.shape, np.float32), truth.labels)}
