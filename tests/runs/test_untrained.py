"""The null of random weights: run and listed where there is one, and said why where there is none."""

import dataclasses
import json

import numpy as np
import pytest

from partsjax.errors import InputError
from partsjax.networks.architectures import ARCHITECTURES
from partsjax.networks.identity import content_digest
from partsjax.networks.loading import random_network
from partsjax.networks.protocol import Preprocessing
from partsjax.reporting.terminal import Terminal
from partsjax.runs.options import Options
from partsjax.runs.untrained import untrained_network
from tests import tiny
from tests.runs.running import run

LAYERS = ("conv1", "conv2")


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


REASONS = {
    "nameless": "computes the same as without: its weights are not random",
    "failing": "the function failed: ValueError: no such checkpoint: random (test_untrained.py",
    "refusing": "this network cannot be random",
    "broken": "returned a list; it must return a dictionary",
    "shallow": "has no layer conv2",
    "unasked": "takes no `weights`",
}


def made(function):
    terminal = Terminal(quiet=True)
    options = Options(net=f"tests.runs.test_untrained:{function}")
    with terminal.noting():
        network = globals()[function]()
        return network, untrained_network(options, network, LAYERS, terminal), terminal.noted


@pytest.mark.parametrize("function", REASONS)
def test_a_null_that_cannot_be_made_says_why(function):
    _, found, (note,) = made(function)
    assert found is None
    assert note.startswith("no comparison with random weights: ") and REASONS[function] in note
    assert ("takes no `weights`" in note) == (function == "unasked")


def test_one_that_can_be_made_is_another_network():
    network, found, notes = made("trained")
    assert found.name == "tiny with random weights" and not notes
    assert not np.array_equal(found.params["conv1"], network.params["conv1"])


@pytest.fixture(scope="module")
def silent(folder, tmp_path_factory):
    """A finished run of a network whose first layer never fires, with a null that cannot be made."""
    workdir = tmp_path_factory.mktemp("run")
    net = "tests.runs.test_untrained:never_fires"
    run(folder, workdir, net=net, nulls=("random",), all_searches=False, layers=("conv1",), limit=4)
    return json.loads((workdir / "manifest.json").read_text()), workdir


def never_fires():
    """Its conv1 gives what was before the ReLU, and that is below 0 everywhere."""
    network = tiny.network()

    def apply(params, images, layers):
        found = network.apply(params, images, layers)
        return {layer: -1 - found[layer] if layer == "conv1" else found[layer] for layer in layers}

    return dataclasses.replace(network, apply=apply)


def test_only_nulls_that_ran_are_listed(silent):
    manifest, workdir = silent
    assert manifest["options"]["nulls"] == ["random"] and manifest["nulls_ran"] == []
    assert "Not run: random weights." in (workdir / "report" / "index.html").read_text()


def test_a_layer_that_never_fires_is_noted(silent):
    notes = [note for note in silent[0]["notes"] if "never fires" in note]
    assert len(notes) == 1 and notes[0].startswith("layer conv1 of tiny never fires: no filter")


def test_activations_that_are_not_finite_end_the_run(folder, tmp_path):
    """Of its null too, which is named."""
    net = "tests.runs.test_untrained:diverges_untrained"
    with pytest.raises(InputError, match="tiny with random weights: layer conv2: activations are NaN"):
        run(folder, tmp_path, net=net, nulls=("random",), layers=("conv2",), limit=4)
    assert not (tmp_path / "manifest.json").exists()


def diverged():
    network = tiny.network()
    return dataclasses.replace(network, params={**network.params, "conv2": network.params["conv2"] * np.inf})


def diverges_untrained(weights="imagenet"):
    return diverged() if weights == "random" else tiny.network()


def test_the_null_of_a_file_has_its_order_of_layers_and_its_input():
    table = dataclasses.replace(
        ARCHITECTURES["caffenet"].pooling_first(),
        preprocessing=Preprocessing((1.0, 2.0, 3.0), (4.0, 5.0, 6.0)),
    )
    network = random_network(table, seed=0)
    found = untrained_network(
        Options(net="caffenet", weights="a file"), network, ("conv5",), Terminal(quiet=True)
    )
    assert found.architecture == network.architecture and found.preprocessing == table.preprocessing
    assert content_digest(found) == content_digest(network)  # the same seed


def test_of_random_weights_the_null_has_others():
    network = random_network(ARCHITECTURES["alexnet"], seed=3)
    options = Options(net="alexnet", weights="random", seed=3)
    found = untrained_network(options, network, ("conv1",), Terminal(quiet=True))
    assert content_digest(found) != content_digest(network)
