"""The tiny network with class scores, for runs of discriminativeness in processes of their own."""

import dataclasses

import jax.numpy as jnp
import numpy as np

from partsjax.networks.protocol import Network
from tests import tiny

CLASSES = ("stone", "beast")


def network(weights: str = "imagenet", seed: int = 0) -> Network:
    """Its scores are linear in the highest activations of conv2, by random weights."""
    bare = tiny.network(weights, seed)
    head = np.random.default_rng((seed, 7)).standard_normal((5, len(CLASSES))).astype(np.float32)

    def after(params, layer, activation):
        if layer == "conv1":
            raise ValueError("only conv2 can be gone on from")
        return jnp.matmul(activation.max(axis=(1, 2)), params["head"], precision="highest")

    return dataclasses.replace(
        bare,
        params={**bare.params, "head": head},
        digest=bare.digest[:32] + f"{seed:032d}",
        classes=CLASSES,
        after=after,
    )


def without_beasts(weights: str = "imagenet", seed: int = 0) -> Network:
    """It has scores, but none for the class of the tiny folder."""
    return dataclasses.replace(network(weights, seed), classes=("stone", "tree"))
