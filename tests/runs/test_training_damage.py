"""Checkpoints that rot, and runs that go on from other inputs: never other parameters in silence."""

import dataclasses
import shutil

import numpy as np
import pytest

from partsjax.errors import InputError
from partsjax.networks.architectures import ARCHITECTURES
from partsjax.networks.weights.checkpoints import read_checkpoint
from partsjax.runs import inputs, stages
from tests import tiny
from tests.runs import training
from tests.runs.running import tree
from tests.runs.test_stages import flipped

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny.write_folder(tmp_path_factory.mktemp("data") / "photos", images=4)


@pytest.fixture(autouse=True)
def narrow(monkeypatch):
    monkeypatch.setitem(ARCHITECTURES, "alexnet", training.NARROW)


def train(folder, workdir, **changed) -> None:
    data = {"dataset": "coco_parts", "data_dir": str(folder), "supervision": "image"}
    options = training.options(steps=2, evaluate_every=1, batch_size=2, **data, **changed)
    training.asked(options, workdir)


@pytest.fixture(scope="module")
def trained(folder, tmp_path_factory):
    place = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(ARCHITECTURES, "alexnet", training.NARROW)
        train(folder, place / "W")
    return place / "W"


def largest(folder, item: str):
    files = [path for path in (folder / "checkpoint" / "2" / item).rglob("*") if path.is_file()]
    return max(files, key=lambda path: path.stat().st_size)


@pytest.mark.parametrize("place", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("item", ["weights", "about", "training", "run"])
def test_a_flipped_byte_is_noticed(folder, trained, tmp_path, item, place):
    shutil.copytree(trained, tmp_path / "W")
    path = largest(tmp_path / "W", item)
    path.write_bytes(flipped(path.read_bytes(), place))
    with pytest.raises(InputError, match=r"checkpoint/2: a damaged checkpoint .*delete .*W to train anew"):
        train(folder, tmp_path / "W")
    if item in ("weights", "about"):
        with pytest.raises(InputError, match="damaged checkpoint"):
            read_checkpoint(tmp_path / "W")


def test_tables_are_written_from_the_checkpoint_not_from_themselves(folder, trained, tmp_path):
    shutil.copytree(trained, tmp_path / "W")
    (tmp_path / "W" / "metrics.csv").write_text("step,split\nrot")
    train(folder, tmp_path / "W")
    for name in ("checkpoint", "."):
        old, new = (tree(place / name) for place in (trained, tmp_path / "W"))
        assert new["metrics.csv"] == old["metrics.csv"] if name == "." else new == old


def test_other_images_marks_or_weights_are_refused(folder, trained, tmp_path, monkeypatch):
    load = inputs.load_network
    with monkeypatch.context() as patch:
        patch.setattr(
            inputs,
            "load_network",
            lambda *a, **k: dataclasses.replace(load(*a, **k), digest="other"),
        )
        with pytest.raises(InputError, match="step 2 started from other weights"):
            train(folder, shutil.copytree(trained, tmp_path / "V"))
    for change in ("pixels", "marks"):
        photos = shutil.copytree(folder, tmp_path / change)
        if change == "pixels":
            (photos / "JPEGImages" / "train001.jpg").write_bytes(
                (photos / "JPEGImages" / "train002.jpg").read_bytes() + b"\0"
            )
        else:
            path = photos / "instances_val.json"
            path.write_text(path.read_text().replace('"bbox": [', '"bbox": [1', 1))
        kept = shutil.copytree(trained, tmp_path / f"W-{change}")
        (kept / "options.json").unlink()
        with pytest.raises(InputError, match="step 2 saw other images or annotations"):
            train(photos, kept)


def test_other_code_goes_on_and_says_so(folder, trained, tmp_path, monkeypatch):
    key = stages.key
    monkeypatch.setattr(stages, "key", lambda *modules, **more: key(*modules, **more, other=True))
    shutil.copytree(trained, tmp_path / "W")
    train(folder, tmp_path / "W")
    assert "by other versions" in (tmp_path / "W" / "manifest.json").read_text()
    for name, weights in read_checkpoint(trained).weights.items():
        np.testing.assert_array_equal(read_checkpoint(tmp_path / "W").weights[name], weights)
