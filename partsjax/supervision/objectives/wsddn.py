"""`wsddn`: which window holds each class, from image-level labels alone (Bilen and Vedaldi 2016)."""

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from partsjax.networks.heads import CLASS_SCORES
from partsjax.networks.operations import WindowLinear
from partsjax.supervision.objectives.images import ImageLabels
from partsjax.supervision.objectives.maps import central, whereabouts
from partsjax.supervision.regions import pool_regions

_LEAST = 1e-6  # of a probability, so that its logarithm is finite


class TwoStreams(ImageLabels):
    """One stream says what a window holds, the other which windows count; their product says both.

    With a_rc and d_rc the scores of window r and class c in the two streams,
      x_rc = softmax over classes of a_r  *  softmax over the image's windows of d_c,
    and the image's probability of class c is the sum over r of x_rc. The loss is its binary
    log-loss, the mean over classes. (The paper's spatial regulariser and its weighting of windows
    by their objectness are left out.)

    Both streams are linear in the head's last hidden layer, of features pooled from the last
    convolution. The first is the head's own last layer, so that the trained network's scores of a
    crop are that stream's, read off the whole crop as one window; the second is the layer "detection".

    A batch holds "labels", bool [B, C], "windows", float32 [B, R, 4], xyxy as fractions of the
    image, and "valid", bool [B, R], which of them are real. An image without a real window has
    probability 0 of everything, and no gradient.
    """

    name = "wsddn"
    headline = "corloc"

    def extend(self, network, seed) -> None:
        """Kernel normal with standard deviation 0.01 (our choice), from `seed`; bias zero."""
        shape = network.table.shapes()[f"{network.table.layers[-1].name}/kernel"]
        network.detection = WindowLinear(1, *shape, dtype=network.dtype, rngs=nnx.Rngs(0))
        draws = np.random.default_rng((seed, *b"detection")).standard_normal(shape, np.float32)
        network.detection.kernel[...] = jnp.asarray(np.float32(0.01) * draws)

    def losses(self, network, batch, key) -> jax.Array:
        return log_loss(self._products(network, batch, key).sum(axis=1), batch["labels"])

    def outputs(self, network, batch) -> dict[str, jax.Array]:
        """Probabilities [B, C] under "scores"; "boxes" [B, C, 4], each class's best window; its center."""
        products = self._products(network, batch, None)
        boxes = best_windows(products, batch["windows"], batch["valid"])
        return {
            CLASS_SCORES: products.sum(axis=1),
            "boxes": boxes,
            "points": (boxes[..., :2] + boxes[..., 2:]) / 2,
        }

    def metrics(self, outputs, truth) -> dict[str, float]:
        boxes, points = np.asarray(outputs["boxes"]), np.asarray(outputs["points"])
        return super().metrics(outputs, truth) | whereabouts(boxes, points, truth)

    def baselines(self, train, truth) -> dict[str, float]:
        return super().baselines(train, truth) | central(train, truth)

    def _products(self, network, batch, key) -> jax.Array:
        """x_rc: float32 [B, R, C]."""
        table = network.table
        hidden = table.layers[-2].name
        activation = network.last_activation(batch["images"]).astype(network.dtype)
        regions = pool_regions(activation, batch["windows"], table.side)
        found = network.head(
            regions.reshape(-1, *regions.shape[2:]), (hidden, CLASS_SCORES), dropout=key
        )  # of all windows of all images, one after another
        features = found[hidden].reshape(len(found[hidden]), 1, 1, -1)
        shape = (*batch["valid"].shape, -1)
        detection = network.detection(features).reshape(shape)
        return two_streams(found[CLASS_SCORES].reshape(shape), detection, batch["valid"])


def two_streams(class_scores: jax.Array, detection_scores: jax.Array, valid: jax.Array) -> jax.Array:
    """Product of the two softmaxes; its sum over windows lies in [0, 1] for every class.

    Args:
      class_scores, detection_scores: float [B, R, C].
      valid: bool [B, R].

    Returns:
      float32 [B, R, C]; 0 for windows that are not valid.
    """
    valid = valid[:, :, None]
    detection = jnp.where(valid, detection_scores.astype(jnp.float32), -jnp.inf)
    # Neither -inf nor a sum of 0 where nothing is valid: both would give NaN, also in gradients.
    highest = jnp.maximum(detection.max(axis=1, keepdims=True), jnp.finfo(jnp.float32).min)
    weights = jnp.exp(detection - jax.lax.stop_gradient(highest))
    total = jnp.where(valid.any(axis=1, keepdims=True), weights.sum(axis=1, keepdims=True), 1)
    return jax.nn.softmax(class_scores.astype(jnp.float32), axis=-1) * weights / total


def log_loss(probabilities: jax.Array, labels: jax.Array) -> jax.Array:
    """Binary log-loss of [B, C], the mean over classes: float32 [B].

    Probabilities are kept 1e-6 off 0 and 1, beyond which they have no gradient.
    """
    probabilities = jnp.clip(probabilities, _LEAST, 1 - _LEAST)
    return -jnp.where(labels, jnp.log(probabilities), jnp.log1p(-probabilities)).mean(axis=-1)


def best_windows(products: jax.Array, windows: jax.Array, valid: jax.Array) -> jax.Array:
    """Each class's window of the largest x_rc, the first of equal ones: [B, C, 4]; NaN without any."""
    best = jnp.argmax(jnp.where(valid[:, :, None], products, -1), axis=1)
    boxes = jnp.take_along_axis(windows, best[:, :, None], axis=1)
    return jnp.where(valid.any(axis=1)[:, None, None], boxes, jnp.nan)
