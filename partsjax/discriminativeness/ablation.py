"""Ablation: class scores with each filter's map set to zero, for every filter of a layer, from one pass.

A map that is zero stays zero through maximum pooling, which works map by map, up to the next linear layer.
There the pre-activation is a sum over filters, so that without filter f it is

    a_f = a - x_f * W_f,

x_f being f's pooled map and W_f its slice of the kernel: the shares of all filters together cost what the
layer itself costs. Only what comes after its ReLU is run for every (crop, filter), many at a time:
for the last convolution before AlexNet's 4096-4096 fully connected layers, one layer and the
scores. A filter of a grouped convolution has a share in its own group alone. Local response normalisation
between the two mixes the maps, so that there is no such share: the map is zeroed and the network goes on from
there (`Network.after`), as for a network that is not ours.
"""

import dataclasses
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from partsjax.discriminativeness.scores import of_class, on_every_device, require_scores, standardised
from partsjax.networks.activations import activations, scores_after
from partsjax.networks.architectures import Architecture
from partsjax.networks.assembly import weights_of
from partsjax.networks.layers import LRN, Conv, Dense, MaxPool
from partsjax.networks.operations import max_pool
from partsjax.networks.protocol import Network

MEMORY = 1 << 28  # bytes: the ablated maps of as many (crop, filter) pairs are worked on at once, per device


class Drops(NamedTuple):
    """What crops lose without each filter; float32.

    scores: [B, C], intact, before the softmax.
    before, after: [B, F], the score, and the probability, of each crop's class minus the same
      with filter f's map set to zero.
    """

    scores: jax.Array
    before: jax.Array
    after: jax.Array


def ablator(
    network: Network,
    layer: str,
    *,
    probability: Callable[[jax.Array], jax.Array] = jax.nn.softmax,
    memory: int = MEMORY,
) -> Callable[[np.ndarray, np.ndarray], Drops]:
    """The compiled step from crops to drops, every device working on its share of the crops.

    Args:
      layer: a convolution of `network.fields`.
      probability: scores [..., C] -> probabilities; `jax.nn.sigmoid` where classes do not exclude each other.
      memory: see `MEMORY`.

    Returns:
      `(pixels, labels) -> Drops` of device arrays, for float32 [B, S, S, 3] pixels in [0, 255] and int32 [B]
      classes, B a multiple of the number of devices.

    Raises:
      InputError: the network has no class scores.
    """
    ablate = ablated_scores(network, layer, memory)

    def step(pixels, labels, params):
        activation = activations(network, params, standardised(network, pixels), (layer,))[layer]
        intact, ablated = ablate(params, activation)
        return intact, [
            (of_class(intact, labels)[:, None], of_class(ablated, labels)),
            (of_class(probability(intact), labels)[:, None], of_class(probability(ablated), labels)),
        ]

    run = on_every_device(network, step)

    def drops(pixels, labels) -> Drops:
        intact, pairs = run(pixels, np.asarray(labels, np.int32))
        # Not in the same program, where a multiplication in the scores could be fused with the subtraction:
        # equal scores differ by 0.
        return Drops(intact, *(one - other for one, other in pairs))

    return drops


def ablated_scores(network: Network, layer: str, memory: int = MEMORY) -> Callable:
    """`(params, activation) -> (scores, ablated)`, to be traced.

    activation: float32 [B, H, W, F], what `network.apply` gives for `layer`. scores: float32 [B, C], before
    the softmax. ablated: float32 [B, F, C], the same with filter f's map set to zero; equal to the
    scores to the bit where the map is zero already.
    """
    require_scores(network)
    route = _next_linear(network.architecture, layer) if network.architecture else None

    def ablate(params, activation):
        pair = activation[0].size * activation.dtype.itemsize
        at_once = max(1, memory // (pair * len(activation)))
        if route:
            scores, without, shares = _by_subtraction(network, *route, params, activation)
        else:
            scores, without, shares = _by_zeroing(network, layer, params, activation)
        ablated = jax.lax.map(without, shares, batch_size=at_once)  # [F, B, C]
        alive = (activation != 0).any(axis=(1, 2))
        ablated = jnp.where(alive[..., None], ablated.swapaxes(0, 1), scores[:, None])
        return scores.astype(jnp.float32), ablated.astype(jnp.float32)

    return ablate


def _next_linear(table: Architecture, layer: str) -> tuple[list[MaxPool], Conv | Dense] | None:
    """The pooling after a convolution and the linear layer after that; None where LRN lies between."""
    names = [getattr(step, "name", None) for step in table.layers]
    pools: list[MaxPool] = []
    for step in table.layers[names.index(layer) + 1 :]:
        if isinstance(step, LRN):
            return None
        if isinstance(step, Conv):
            return pools, step
        pools.append(step)
    return pools, table.head[0]


def _by_zeroing(network: Network, layer: str, params, activation: jax.Array):
    filters = jnp.arange(activation.shape[-1])

    def without(f):
        return scores_after(network, params, layer, jnp.where(filters == f, 0, activation))

    return scores_after(network, params, layer, activation), without, filters


def _by_subtraction(network: Network, pools, linear: Conv | Dense, params, activation: jax.Array):
    table = network.architecture
    weights = weights_of(dataclasses.replace(network, params=params))
    for pool in pools:
        activation = max_pool(activation, pool)
    filters, bias = activation.shape[-1], weights[f"{linear.name}/bias"]
    kernel = weights[f"{linear.name}/kernel"]
    if isinstance(linear, Conv):
        side, stride, pad = linear.kernel, linear.stride, linear.pad
        kernel = _ungrouped(kernel, linear.groups)
    else:
        side, stride, pad = table.head_side, 1, 0
    kernel = kernel.reshape(side * side, filters, -1)
    seen = _patches(activation, side, stride, pad)
    whole = jnp.einsum("byxkf,kfd->byxd", seen, kernel) + bias

    def rest(x):
        if isinstance(linear, Conv):
            return scores_after(network, params, linear.name, jax.nn.relu(x))
        x = jax.nn.relu(x) if linear.relu else x
        for dense in table.head[1:]:
            x = x @ weights[f"{dense.name}/kernel"] + weights[f"{dense.name}/bias"]
            x = jax.nn.relu(x) if dense.relu else x
        return x.mean((1, 2)) if table.pooling == "mean" else x.max((1, 2))

    def without(share):
        of_filter, its_kernel = share
        return rest(whole - of_filter @ its_kernel)

    return rest(whole), without, (jnp.moveaxis(seen, -1, 0), jnp.moveaxis(kernel, 1, 0))


def _patches(x: jax.Array, side: int, stride: int, pad: int) -> jax.Array:
    """What a window of `side` x `side` cells sees at every position: [B, H, W, F] -> [B, h, w, side², F]."""
    x = jnp.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    rows, columns = ((n - side) // stride + 1 for n in x.shape[1:3])
    down, across = stride * (rows - 1) + 1, stride * (columns - 1) + 1
    shifted = [x[:, i : i + down : stride, j : j + across : stride] for i in range(side) for j in range(side)]
    return jnp.stack(shifted, axis=3)


def _ungrouped(kernel: jax.Array, groups: int) -> jax.Array:
    """The kernel [k, k, F / groups, D] of a grouped convolution, with zeros between groups: [k, k, F, D]."""
    inputs, outputs = kernel.shape[2:]
    same = np.arange(groups * inputs)[:, None] // inputs == np.arange(outputs) * groups // outputs
    return jnp.tile(kernel, (1, 1, groups, 1)) * same
