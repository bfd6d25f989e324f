"""Networks with random weights: those there are differ in weights alone; where there is none, it says why."""

import dataclasses

import numpy as np
import pytest

from partsjax.errors import InputError
from partsjax.networks import load_network, untrained_network
from partsjax.networks.architectures import ARCHITECTURES
from partsjax.networks.assembly import as_network, random_network
from partsjax.networks.identity import content_digest
from partsjax.networks.initial import initial_weights
from partsjax.networks.protocol import Preprocessing
from tests import tiny


def trained(weights="imagenet", seed=0):
    return tiny.network(weights, seed)


def nameless(weights="imagenet"):
    """Its name says that it is random, its weights say that it is not."""
    network = tiny.network()
    return dataclasses.replace(network, name=f"tiny {weights}", digest=weights)


def failing(weights="imagenet"):
    if weights == "random":
        raise ValueError("no such checkpoint: random")
    return tiny.network()


def refusing(weights="imagenet"):
    if weights == "random":
        raise InputError("this network cannot be random")
    return tiny.network()


def broken(weights="imagenet"):
    network = tiny.network(weights)
    if weights == "random":
        return dataclasses.replace(network, apply=lambda p, x, layers: [])
    return network


def shallow(weights="imagenet"):
    network = tiny.network(weights)
    fields = dict(network.fields)
    if weights == "random":
        del fields["conv2"]
    return dataclasses.replace(network, fields=fields)


def unasked():
    return tiny.network()


def moved(weights="imagenet"):
    return dataclasses.replace(tiny.network(weights), input_size=tiny.SIZE + 2 * (weights == "random"))


REASONS = {
    "nameless": "computes the same as without: its weights are not random",
    "failing": "the function failed: ValueError: no such checkpoint: random \\(test_untrained.py",
    "refusing": "this network cannot be random",
    "broken": "returned a list; it must return a dictionary",
    "shallow": "has no layer conv2",
    "moved": "takes images of 66 pixels, not 64",
    "unasked": "tiny does not say how .* give the function of --net a parameter `weights`",
}


@pytest.mark.parametrize("function", REASONS)
def test_one_that_cannot_be_made_says_why(function):
    network = load_network(f"{__name__}:{function}", "imagenet")
    with pytest.raises(InputError, match=REASONS[function]):
        untrained_network(network, 0)


def test_a_function_is_asked_for_random_weights():
    network = load_network(f"{__name__}:trained", "imagenet", seed=1)
    found = untrained_network(network, 1)
    assert found.name == "tiny with random weights"
    assert np.array_equal(found.params["conv1"], tiny.network("random", 1).params["conv1"])


def test_a_function_is_asked_for_other_weights_where_they_are_random():
    network = load_network(f"{__name__}:trained", "random", seed=1)
    found = untrained_network(network, 1)
    assert np.array_equal(found.params["conv1"], tiny.network("random", 2).params["conv1"])


def test_that_of_a_file_has_its_order_of_layers_and_its_input():
    table = dataclasses.replace(
        ARCHITECTURES["caffenet"].pooling_first(),
        preprocessing=Preprocessing((1.0, 2.0, 3.0), (4.0, 5.0, 6.0)),
    )
    network = as_network(table.headless(), initial_weights(table.headless(), seed=1))
    found = untrained_network(network, 0)
    assert found.name == "caffenet with random weights"
    assert (
        found.module().architecture == network.module().architecture
        and found.preprocessing == table.preprocessing
    )
    assert content_digest(found) == content_digest(random_network(table, seed=0))


def test_of_random_weights_it_has_others():
    network = random_network(ARCHITECTURES["alexnet"], seed=3)
    found = untrained_network(network, 3)
    assert content_digest(found) == content_digest(random_network(ARCHITECTURES["alexnet"], seed=4))
