"""`train` as a call: from values to a value, any network, and a network again at its end."""

import dataclasses

import jax
import numpy as np
import pytest

from partsjax.data.loading import load_dataset
from partsjax.errors import InputError
from partsjax.networks import load_network
from partsjax.networks.activations import activations, scores_after
from partsjax.runs.supervision import train
from partsjax.supervision.recipe import Recipe
from tests import tiny
from tests.runs import training
from tests.runs.running import rows

pytestmark = pytest.mark.slow

NET = "tests.tiny:network"
RECIPE = Recipe(
    steps=6, batch_size=4, evaluate_every=3, hidden=16, new_learning_rate=0.01, learning_rate=0.01
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny.write_folder(tmp_path_factory.mktemp("data") / "photos", images=6)


@pytest.fixture(scope="module")
def dataset(folder):
    return load_dataset("coco_parts", folder)


def trained(dataset, network=None, **options):
    given = {"supervision": "image", "recipe": RECIPE, "progress": False, **options}
    return train(network or load_network(NET), dataset, **given)


def arrays(network):
    return [np.asarray(leaf) for leaf in jax.tree.leaves(network.params)]


@pytest.mark.slow
@pytest.mark.parametrize("objective", ["object", "image", "mil", "cam", "wsddn"])
def test_anyones_network_is_trained_and_is_a_network_again(objective, dataset, tmp_path, capfd):
    recipe = dataclasses.replace(RECIPE, num_windows=6)
    before = load_network(NET)
    found = trained(dataset, before, supervision=objective, recipe=recipe)
    assert capfd.readouterr() == ("", "")
    for one, other in zip(arrays(before), arrays(load_network(NET)), strict=True):
        np.testing.assert_array_equal(one, other)
    frame = found.metrics
    assert list(frame.columns) == ["step", "split", "metric", "value"]
    assert frame[frame.metric == "loss"].step.tolist() == [1, 2, 3, 4, 5, 6]
    assert list(found.validation()) == [0, 3, 6] and found.headline in found.baselines
    assert objective in repr(found) and "step 6" in found._repr_html_()
    network = found.network
    assert network.classes == ("beast", "background") if objective == "object" else ("beast",)
    assert list(network.fields) == list(before.fields) and network.digest != before.digest
    pixels = np.random.default_rng(0).uniform(0, 255, (2, tiny.SIZE, tiny.SIZE, 3)).astype(np.float32)
    maps = activations(network, network.params, pixels, ("conv1", "conv2"))
    assert not np.allclose(maps["conv1"], activations(before, before.params, pixels, ("conv1",))["conv1"])
    first, last = (scores_after(network, network.params, layer, maps[layer]) for layer in ("conv1", "conv2"))
    np.testing.assert_allclose(first, last, rtol=1e-4, atol=1e-5)

    found.save(tmp_path)
    again = load_network(NET, str(tmp_path / "checkpoint"))
    assert (again.digest, again.classes) == (network.digest, network.classes)
    for one, other in zip(arrays(network), arrays(again), strict=True):
        np.testing.assert_array_equal(one, other)
    with pytest.raises(InputError, match="a checkpoint of tiny, not one of ours"):
        load_network("alexnet", str(tmp_path / "checkpoint"))


@pytest.mark.slow
def test_in_a_folder_it_goes_on_and_ends_as_in_one_go(dataset, tmp_path, monkeypatch):
    whole = trained(dataset, folder=tmp_path / "whole")
    step = training.Trainer.step

    def stopping(self, batch, number):
        if number == 4:
            raise KeyboardInterrupt
        return step(self, batch, number)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(training.Trainer, "step", stopping)
        trained(dataset, folder=tmp_path / "stopped")
    resumed = trained(dataset, folder=tmp_path / "stopped")
    assert resumed.network.digest == whole.network.digest == trained(dataset).network.digest
    assert resumed.rows == whole.rows
    assert rows(tmp_path / "stopped" / "metrics.csv") == rows(tmp_path / "whole" / "metrics.csv")
    with pytest.raises(InputError, match=r"made with other options .*seed"):
        trained(dataset, folder=tmp_path / "whole", seed=1)


@pytest.mark.slow
def test_the_command_trains_anyones_network(folder, tmp_path):
    data = {"dataset": "coco_parts", "data_dir": str(folder), "supervision": "image"}
    options = {"net": NET, "weights": "imagenet", "steps": 2, "hidden": 8, **data}
    training.train(tmp_path / "a", **options, train_from="conv2", seed=1)
    first = load_network(NET, str(tmp_path / "a"))
    given = arrays(load_network(NET, seed=1))
    kept = [np.array_equal(*pair) for pair in zip(arrays(first)[:2], given, strict=True)]
    assert kept == [True, False]
    start = str(tmp_path / "a" / "checkpoint")
    training.train(tmp_path / "b", **{**options, "weights": start}, train_from="head", seed=2)
    second = load_network(NET, str(tmp_path / "b"))
    assert first.digest != second.digest
    for one, other in zip(arrays(first)[:2], arrays(second)[:2], strict=True):
        np.testing.assert_array_equal(one, other)
    with pytest.raises(InputError, match=r"--train_from: no layer 'conv3'; did you mean .*conv"):
        training.train(tmp_path / "c", **options, train_from="conv3")


def test_a_network_alone_is_no_training_to_go_on_from(dataset, tmp_path):
    trained(dataset, recipe=dataclasses.replace(RECIPE, steps=1)).save(tmp_path)
    with pytest.raises(InputError, match="a checkpoint that holds a network alone"):
        trained(dataset, folder=tmp_path)


def test_what_cannot_be_meant_is_one_line(dataset):
    for wrong, said in (
        ({"supervision": "cams"}, "no such objective; did you mean"),
        ({"recipe": Recipe(schedule="cos")}, "schedule=cos: no such schedule"),
        ({"supervision": "wsddn", "recipe": Recipe(hidden=0)}, "hidden=0: wsddn's two streams"),
        ({"recipe": Recipe(steps=-1)}, "steps=-1: give a whole number of at least 1"),
        ({"recipe": Recipe(batch_size=0)}, "batch_size=0"),
        ({"limit": 0}, "limit=0"),
        ({"seed": -1}, "seed=-1: give a whole number of at least 0"),
    ):
        with pytest.raises(InputError, match=said):
            trained(dataset, **wrong)
