"""Checkpoints read back as networks, and refused where they are not whole or not this network's."""

import json
import shutil

import numpy as np
import orbax.checkpoint as ocp
import pytest

from partsjax.errors import InputError
from partsjax.networks import load_network
from partsjax.networks.heads import head_for
from partsjax.networks.layers import LRN
from partsjax.networks.weights import checkpoints


def _write(folder, table, weights, step=5, told=None):
    said = checkpoints.CheckpointFacts(table.name, table, ("cat", "dog", "background"), "object", step)
    told = told or checkpoints.written(said, weights)
    with checkpoints.manager(folder) as steps:
        items = {"weights": ocp.args.StandardSave(weights), "about": ocp.args.JsonSave(told)}
        steps.save(step, args=ocp.args.Composite(**items))
    return folder


@pytest.fixture
def written(tmp_path, small, weights_for):
    table = head_for(small("caffenet").pooling_first().headless(), "object", 3)
    weights = weights_for(table)
    return _write(tmp_path / "W" / "checkpoint", table, weights), table, weights


def test_a_checkpoint_comes_back_as_it_was(written):
    folder, table, weights = written
    found = checkpoints.read_checkpoint(folder)
    assert found.about == checkpoints.CheckpointFacts(
        "caffenet", table, ("cat", "dog", "background"), "object", 5
    )
    assert found.weights.keys() == weights.keys()
    for name in weights:
        np.testing.assert_array_equal(found.weights[name], weights[name])
    assert sum(isinstance(layer, LRN) for layer in found.about.table.layers) == 2


@pytest.mark.slow
def test_the_run_s_folder_serves_too_and_the_network_has_classes(written):
    network = load_network("caffenet", str(written[0].parent))
    assert network.classes == ("cat", "dog", "background")
    assert network.module().architecture == written[1]
    scores = network.apply(network.params, np.zeros((1, 227, 227, 3), np.float32), ("scores",))["scores"]
    assert scores.shape == (1, 3)


def test_another_architecture_is_told(written):
    with pytest.raises(InputError, match="a checkpoint of caffenet, not of alexnet; use --net=caffenet"):
        load_network("alexnet", str(written[0]))


def test_a_folder_without_a_finished_step_is_told(tmp_path):
    (tmp_path / "checkpoint" / "7.orbax-checkpoint-tmp-1").mkdir(parents=True)
    with pytest.raises(InputError, match="no finished checkpoint in this folder"):
        load_network("alexnet", str(tmp_path / "checkpoint"))
    (tmp_path / "bare").mkdir()
    with pytest.raises(InputError, match="no finished checkpoint in this folder"):
        load_network("alexnet", str(tmp_path / "bare"))


def test_a_checkpoint_of_another_version_is_told(tmp_path, small, weights_for):
    table = small("alexnet").headless()
    weights = weights_for(table)
    told = checkpoints.sealed({"architecture": {"name": "alexnet"}}, weights)
    with pytest.raises(InputError, match="checkpoint of another version of partsjax; train again"):
        load_network("alexnet", str(_write(tmp_path, table, weights, told=told)))


def test_half_of_a_step_is_told(written):
    folder = written[0]
    shutil.rmtree(folder / "5" / "weights")
    with pytest.raises(InputError, match="no checkpoint of partsjax: has no weights"):
        load_network("caffenet", str(folder))


def test_damaged_arrays_are_told(written):
    folder = written[0]
    for path in (folder / "5" / "weights").rglob("*"):
        if path.is_file() and "d" in path.parent.name:
            path.write_bytes(path.read_bytes()[:20])
    with pytest.raises(InputError, match="half-written or damaged checkpoint"):
        load_network("caffenet", str(folder))


def test_damaged_json_is_told(written):
    about = next((written[0] / "5" / "about").rglob("metadata"))
    about.write_text(json.dumps({"classes": []}))
    with pytest.raises(InputError, match="half-written or damaged checkpoint"):
        load_network("caffenet", str(written[0]))


def test_missing_misshapen_and_infinite_weights_are_told(tmp_path, small, weights_for):
    table = head_for(small("alexnet").headless(), "cam", 3)
    weights = weights_for(table)
    fewer = {name: value for name, value in weights.items() if name != "conv2/bias"}
    with pytest.raises(InputError, match="missing or misshapen: conv2/bias"):
        load_network("alexnet", str(_write(tmp_path / "a", table, fewer)))
    broken = {**weights, "conv1/bias": np.full_like(weights["conv1/bias"], np.inf)}
    with pytest.raises(InputError, match="NaN or infinite weights: conv1/bias"):
        load_network("alexnet", str(_write(tmp_path / "b", table, broken)))
