"""The permuted network: the trained one with the weights of every filter in random order."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

from partsjax.errors import InputError
from partsjax.networks.activations import called
from partsjax.networks.kernels import NO_FILTER, filters_of_weights
from partsjax.networks.make import network_digest
from partsjax.networks.protocol import Network


def permuted_network(network: Network, seed: int) -> Network:
    """`network` with the weights of every filter permuted within the filter; all else is kept.

    Each filter has the weights it had, over its window and its input channels, in other places (our choice):
    what it answers to is lost, how large its answers are is about the same. Biases and norms stay; class
    scores are left out.

    Args:
      seed: of the permutations; each kernel has a stream of its own, in the order of `params`.

    Raises:
      InputError: what makes up a filter cannot be read off the network's program (`filters_of_weights`), or
        there is nothing to permute.
    """
    if network.permuted is not None:
        return called(f"network {network.name}: its `permuted`", network.permuted, seed)
    leaves, tree = jax.tree.flatten(network.params)
    filters = filters_of_weights(network)
    found = [
        _permuted(leaf, of, np.random.default_rng((seed, number)))
        for number, (leaf, of) in enumerate(zip(leaves, filters, strict=True))
    ]
    if all(new is old for new, old in zip(found, leaves, strict=True)):
        raise InputError(
            f"network {network.name}: no filter in `params` has two weights that differ; give its kernels as "
            "`params`, not as constants of `apply`"
        )
    permuted = dataclasses.replace(
        network,
        name=f"{network.name} with permuted weights",
        params=jax.tree.unflatten(tree, found),
        after=None,
        classes=(),
    )
    return dataclasses.replace(permuted, digest=network_digest(permuted))


def _permuted(leaf, filters: np.ndarray, random: np.random.Generator):
    """The leaf itself where nothing in it changes."""
    places = np.flatnonzero(filters != NO_FILTER)
    if not len(places):
        return leaf
    values, of = np.asarray(leaf).reshape(-1), filters.reshape(-1)[places]
    into = np.argsort(of, kind="stable")
    order = random.permutation(len(places))
    out_of = order[np.argsort(of[order], kind="stable")]
    new = values.copy()
    new[places[into]] = values[places[out_of]]
    if np.array_equal(new, values):
        return leaf
    new = new.reshape(filters.shape)
    return jnp.asarray(new) if isinstance(leaf, jax.Array) else new
