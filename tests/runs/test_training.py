"""Training runs: they learn, resume exactly, do not depend on the devices, and keep what was good."""

from pathlib import Path

import numpy as np
import pytest

from partsjax.errors import InputError
from partsjax.networks import load_network
from partsjax.networks.architectures import ARCHITECTURES
from tests.runs import training
from tests.runs.running import rows, tree

pytestmark = pytest.mark.slow


def curve(workdir: Path) -> list[float]:
    return [float(row["value"]) for row in rows(workdir / "metrics.csv") if row["metric"] == "loss"]


@pytest.mark.parametrize("objective", ["object", "image", "mil", "cam", "wsddn"])
def test_every_objective_learns_from_scratch_and_leaves_a_network(objective, tmp_path, monkeypatch):
    more = {"num_windows": 16} if objective == "wsddn" else {}
    training.train(tmp_path, steps=30, evaluate_every=15, supervision=objective, **more)
    losses = curve(tmp_path)
    assert len(losses) == 30
    assert np.mean(losses[-5:]) < np.mean(losses[:5])
    monkeypatch.setitem(ARCHITECTURES, "alexnet", training.NARROW)
    network = load_network("alexnet", str(tmp_path / "checkpoint"))
    assert len(network.classes) == 4 + (objective == "object")
    images = np.zeros((1, 224, 224, 3), np.float32)
    scores = network.apply(network.params, images, ("scores",))["scores"]
    assert scores.shape == (1, len(network.classes)) and np.isfinite(scores).all()


def test_killed_and_resumed_is_as_in_one_go(tmp_path):
    """60 steps; and 40 and a few, SIGKILL, and on to 60."""
    steps = {"steps": 60, "evaluate_every": 20, "batch_size": 4}
    training.apart(tmp_path / "whole", **steps)
    training.apart(tmp_path / "killed", die_after=47, **steps)
    assert not (tmp_path / "killed" / "manifest.json").exists()
    training.apart(tmp_path / "killed", **steps)
    whole, killed = (training.parameters(tmp_path / name) for name in ("whole", "killed"))
    assert whole.keys() == killed.keys()
    for name in whole:
        np.testing.assert_array_equal(whole[name], killed[name], err_msg=name)
    assert (tmp_path / "whole" / "metrics.csv").read_bytes() == (
        tmp_path / "killed" / "metrics.csv"
    ).read_bytes()


def test_one_device_or_four_the_same_loss(tmp_path):
    """At a learning rate at which rounding is not blown up: the curves part when it is."""
    for devices in (1, 4):
        training.apart(
            tmp_path / str(devices), devices=devices, steps=12, evaluate_every=6, new_learning_rate=0.0001
        )
    one, four = (curve(tmp_path / name) for name in ("1", "4"))
    assert len(one) == 12
    assert len(set(one)) == 12
    np.testing.assert_allclose(one, four, rtol=1e-3)
    # Commands make each core a device, a notebook does not: it reads what they trained all the same.
    of_four = training.parameters(tmp_path / "4")
    for name, value in training.parameters(tmp_path / "1").items():
        np.testing.assert_allclose(of_four[name], value, atol=1e-3, err_msg=name)


def test_stopped_on_four_devices_it_goes_on_with_one(tmp_path):
    steps = {"steps": 4, "evaluate_every": 2}
    training.apart(tmp_path, devices=4, die_after=3, **steps)
    assert not (tmp_path / "manifest.json").exists()
    training.apart(tmp_path, **steps)
    assert len(curve(tmp_path)) == 4


def test_frozen_layers_stay_and_the_others_move(tmp_path):
    training.train(tmp_path / "a", steps=2, evaluate_every=2, seed=3)
    given = training.parameters(tmp_path / "a")
    training.train(
        tmp_path / "b", steps=2, weights=str(tmp_path / "a" / "checkpoint"), train_from="conv4", seed=4
    )
    after = training.parameters(tmp_path / "b")
    frozen = {name for name in given if name[:5] in ("conv1", "conv2", "conv3")}
    assert len(frozen) == 6
    for name in given:
        assert np.array_equal(given[name], after[name]) == (name in frozen), name


def test_the_same_command_again_changes_nothing(tmp_path):
    training.train(tmp_path)
    before = tree(tmp_path / "checkpoint")
    training.train(tmp_path)
    assert tree(tmp_path / "checkpoint") == before
    told = rows(tmp_path / "metrics.csv")
    assert [row["step"] for row in told if row["metric"] == "top1"] == ["0", "3", "6"]


def test_a_loss_that_is_not_finite_stops_and_keeps_the_last_checkpoint(tmp_path):
    with pytest.raises(InputError, match=r"not finite|is nan|is inf") as stop:
        training.train(tmp_path, steps=40, learning_rate=1e30, new_learning_rate=1e30)
    assert "checkpoint of step 0 is kept" in str(stop.value)
    assert all(np.isfinite(value).all() for value in training.parameters(tmp_path).values())
    assert not (tmp_path / "manifest.json").exists()


def test_what_cannot_be_trained_is_told(tmp_path):
    cases = (
        ({"supervision": "objects"}, "did you mean .object"),
        ({"train_from": "conv9"}, "--train_from: no layer 'conv9'"),
    )
    for changed, said in cases:
        with pytest.raises(InputError, match=said):
            training.train(tmp_path / "W", **changed)
    assert not (tmp_path / "W" / "options.json").exists()
