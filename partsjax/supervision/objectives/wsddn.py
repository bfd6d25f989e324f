"""`wsddn`: which window holds each class, from image-level labels alone (Bilen and Vedaldi 2016)."""

import jax
import jax.numpy as jnp
import numpy as np

from partsjax.networks import CLASS_SCORES, ConvNet
from partsjax.networks.initial import weight_shapes
from partsjax.networks.operations import convolve_dense
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
    crop are that stream's, read off the whole crop as one window; the second has the parameters
    "detection/kernel" and "detection/bias".

    A batch holds "labels", bool [B, C], "windows", float32 [B, R, 4], xyxy as fractions of the
    image, and "valid", bool [B, R], which of them are real. An image without a real window has
    probability 0 of everything, and no gradient.
    """

    name = "wsddn"
    headline = "corloc"

    def extra_parameters(self, architecture, seed) -> dict[str, np.ndarray]:
        """Kernel normal with standard deviation 0.01 (our choice), from `seed`; bias zero."""
        shape = weight_shapes(architecture)[f"{architecture.head[-1].name}/kernel"]
        draws = np.random.default_rng((seed, *b"detection")).standard_normal(shape, np.float32)
        return {
            "detection/kernel": np.float32(0.01) * draws,
            "detection/bias": np.zeros(shape[-1], np.float32),
        }

    def losses(self, architecture, parameters, batch, dtype, key) -> jax.Array:
        products = self._products(architecture, parameters, batch, dtype, key)
        return log_loss(products.sum(axis=1), batch["labels"])

    def outputs(self, architecture, parameters, batch, dtype) -> dict[str, jax.Array]:
        """Probabilities [B, C] under "scores"; "boxes" [B, C, 4], each class's best window; its centre."""
        products = self._products(architecture, parameters, batch, dtype, None)
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

    def _products(self, architecture, parameters, batch, dtype, key) -> jax.Array:
        """x_rc: float32 [B, R, C]."""
        network = ConvNet(architecture, parameters, dtype=dtype)
        convolution, hidden = architecture.convolutions[-1].name, architecture.head[-2].name
        activation = network(batch["images"], (convolution,))[convolution].astype(dtype)
        regions = pool_regions(activation, batch["windows"], architecture.head_side)
        found = network.head(
            regions.reshape(-1, *regions.shape[2:]), (hidden, CLASS_SCORES), dropout=key
        )  # of all windows of all images, one after another
        kernel, bias = (parameters[f"detection/{part}"] for part in ("kernel", "bias"))
        features, kernel, bias = (x.astype(dtype) for x in (found[hidden], kernel, bias))
        detection = convolve_dense(features, kernel, 1) + bias
        shape = (*batch["valid"].shape, -1)
        return two_streams(found[CLASS_SCORES].reshape(shape), detection.reshape(shape), batch["valid"])


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
