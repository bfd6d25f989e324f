"""AlexNet with a layer of 32,000 units, as many as a dictionary has: a random projection of conv5 with ReLU.

  python -m experiments.emergence --net=benchmarks.dictionary:dictionary --layers=units --limit=100 \\
      --classes=horse --nulls= --memory_budget=4GB
"""

import jax
import jax.numpy as jnp
import numpy as np

import partsjax as pj

UNITS = 32_000


def dictionary(weights: str = "imagenet", seed: int = 0) -> pj.Network:
    """The units' weights are the same whatever the network's are."""
    network = pj.load_network("alexnet", weights, seed=seed)
    matrix = np.random.default_rng(0).standard_normal((256, UNITS), np.float32)
    return pj.with_units(network, "conv5", _encode, "units", matrix)


def _encode(matrix: jax.Array, activation: jax.Array) -> jax.Array:
    return jnp.maximum(activation @ matrix, 0)
