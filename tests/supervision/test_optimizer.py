"""Two speeds and weight decay, against AdamW's first step written down."""

import jax
import numpy as np
import pytest
from flax import nnx

from partsjax.networks.modules import named
from partsjax.supervision.optimizer import learning_rate, two_speeds
from partsjax.supervision.recipe import Recipe

pytestmark = pytest.mark.slow

RECIPE = Recipe(steps=100, learning_rate=0.01, new_learning_rate=0.04, weight_decay=0.5)


class Two(nnx.Module):
    def __init__(self):
        self.old, self.fresh = (nnx.Linear(3, 2, rngs=nnx.Rngs(seed)) for seed in (0, 1))


def test_new_layers_are_faster_and_kernels_alone_decay():
    """A gradient of 1 everywhere: Adam's first step is the rate, decay takes off a share of the value."""
    module = Two()
    for layer in (module.old, module.fresh):
        layer.bias[...] = layer.bias[...] + 1  # of zeros no decay shows
    before = {name: np.array(value) for name, value in named(nnx.state(module)).items()}
    optimizer = nnx.Optimizer(
        module, two_speeds(RECIPE, frozenset({"fresh/kernel", "fresh/bias"})), wrt=nnx.Param
    )
    total = nnx.grad(lambda module: sum(leaf.sum() for leaf in jax.tree.leaves(nnx.state(module))))
    optimizer.update(module, total(module))
    for name, value in named(nnx.state(module)).items():
        rate = (0.04 if name.startswith("fresh") else 0.01) / 5  # the first of five steps of rise
        decay = 0.5 * before[name] if name.endswith("kernel") else 0
        np.testing.assert_allclose(before[name] - value, rate * (1 + decay), rtol=1e-4, err_msg=name)


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [("constant", [1, 1, 1]), ("steps", [1, 0.1, 0.01]), ("cosine", [0.9, 0.4, 0.0])],
)
def test_schedules(schedule, expected):
    rate = learning_rate(Recipe(steps=100, schedule=schedule), 1.0)
    np.testing.assert_allclose([rate(step) for step in (0, 1, 4)], [0.2, 0.36, 0.84], rtol=1e-5)
    np.testing.assert_allclose([rate(step) for step in (25, 60, 100)], expected, atol=0.05)
