"""Gradient x activation: the first-order estimate of what a score loses without a filter."""

from collections.abc import Callable

import jax
import numpy as np

from partsjax.discriminativeness.scores import of_class, on_every_device, require_scores
from partsjax.networks.activations import activations, scores_after
from partsjax.networks.protocol import Network


def attributor(network: Network, layer: str) -> Callable[[np.ndarray, np.ndarray], jax.Array]:
    """The compiled step from crops to gradient x activation, spread over all devices.

    With A a layer's activation, the score's Taylor expansion at A gives, for A with filter f's map set to
    zero, the drop to first order: the sum over f's map of A_f · d score_c / d A_f.

    Args:
      layer: a convolution of `network.fields`.

    Returns:
      `(pixels, labels) -> float32 [B, F]`, the score being that of each crop's class before the softmax;
      pixels float32 [B, S, S, 3] in [0, 255], labels int32 [B], B a multiple of the number of devices.

    Raises:
      InputError: the network has no class scores.
    """
    require_scores(network)

    def step(pixels, labels, params):
        activation = activations(network, params, pixels, (layer,))[layer]

        def total(activation):
            return of_class(scores_after(network, params, layer, activation), labels).sum()

        return (activation * jax.grad(total)(activation)).sum(axis=(1, 2))

    return on_every_device(network, step)
