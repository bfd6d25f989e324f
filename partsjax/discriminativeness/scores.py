"""Class scores of any network, from crops or from an activation."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from partsjax.errors import InputError
from partsjax.networks.activations import activations, scores_after
from partsjax.networks.class_map import deciding_classes
from partsjax.networks.devices import over_devices, shardings
from partsjax.networks.protocol import Network


def require_scores(network: Network) -> None:
    """Raises `InputError` for a network without class scores."""
    if network.after is None:
        raise InputError(
            f"network {network.name} has no class scores; give --weights=a checkpoint of "
            "partsjax supervision or a file with fully connected layers (a network of your own: `after`)"
        )


def require_finite_scores(network: Network, scores: np.ndarray) -> None:
    """Raises `InputError` where class scores, float32 [N, C], are NaN or infinite."""
    wrong = ~np.isfinite(scores).all(axis=1)
    if wrong.any():
        raise InputError(
            f"network {network.name}: class scores are NaN or infinite on {wrong.sum()} of {len(wrong)} "
            "crops of a batch; check its weights and the input it expects"
        )


def class_scores(network: Network, params, pixels: jax.Array) -> jax.Array:
    """Scores before the softmax, float32 [B, C], of pixels [B, S, S, 3] in [0, 255]."""
    last = list(network.fields)[-1]
    return scores_after(network, params, last, activations(network, params, pixels, (last,))[last])


def recognized(network: Network, params, pixels: jax.Array, labels: jax.Array) -> jax.Array:
    """Whether a crop's highest class score is that of its own class, or of a class that this is made of.

    bool [B], for pixels [B, S, S, 3] in [0, 255] and int32 [B] classes. Of equal scores the first counts.
    """
    deciding, of = deciding_classes(network)
    return jnp.asarray(of)[class_scores(deciding, params, pixels).argmax(axis=1), labels]


def blacked_out(network: Network, pixels: jax.Array, masks: jax.Array) -> jax.Array:
    """Pixels [B, S, S, 3] with the network's mean color where masks, bool [B, S, S], are true."""
    return jnp.where(masks[..., None], np.array(network.preprocessing.mean, np.float32), pixels)


def of_class(scores: jax.Array, labels: jax.Array) -> jax.Array:
    """Each crop's score of its own class: [B, ..., C] and int [B] -> [B, ...]."""
    index = labels.reshape(-1, *[1] * (scores.ndim - 1))
    return jnp.take_along_axis(scores, index, axis=-1)[..., 0]


def on_every_device(network: Network, step: Callable) -> Callable[[np.ndarray, np.ndarray], jax.Array]:
    """`(pixels, of_crops) -> result` of a step `(pixels, of_crops, params) -> result`, compiled.

    Every device works on its share of the crops and has the weights, which are sent once. Both arguments and
    the result have a row per crop, their number a multiple of the number of devices.
    """
    compiled, params = over_devices(step, 2), jax.device_put(network.params, shardings()[1])
    return lambda pixels, of_crops: compiled(pixels, of_crops, params)
