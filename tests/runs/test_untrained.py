"""The null of random weights: listed where it ran, and said why where it could not."""

import dataclasses
import json

import numpy as np
import pytest

from partsjax.errors import InputError
from tests import tiny
from tests.runs.running import run


@pytest.fixture(scope="module")
def silent(folder, tmp_path_factory):
    """A finished run of a network whose first layer never fires, with a null that cannot be made."""
    workdir = tmp_path_factory.mktemp("run")
    net = "tests.runs.test_untrained:never_fires"
    run(
        folder,
        workdir,
        net=net,
        nulls=("random",),
        all_searches=False,
        layers=("conv1",),
        limit=4,
        report=True,
    )
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
