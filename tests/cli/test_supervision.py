"""Training at the command line: one clear line for what cannot be trained; a word on what is odd."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from partsjax.cli import supervision
from partsjax.networks.architectures import ARCHITECTURES
from partsjax.supervision import selective
from tests import tiny
from tests.cli.commands import one_line, typed
from tests.runs.training import NARROW

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path):
    return tiny.write_folder(tmp_path / "photos", images=4)


@pytest.fixture
def command(folder, tmp_path, capsys, monkeypatch):
    """Trains for a step or two; returns its status and the lines it wrote to stderr."""
    monkeypatch.setitem(ARCHITECTURES, "alexnet", NARROW)

    def run(**changed):
        options = {
            "weights": "random",
            "dataset": "coco_parts",
            "data_dir": folder,
            "steps": 2,
            "batch_size": 8,
            "workdir": tmp_path / "W",
            **changed,
        }
        return typed(supervision, monkeypatch, options), capsys.readouterr().err.strip().splitlines()

    return run


def edit(folder: Path, split: str, keep) -> None:
    """Keeps those annotations of objects, and of their parts, that `keep(n-th object)` says."""
    path = folder / f"instances_{split}.json"
    document = json.loads(path.read_text())
    objects = [a["id"] for a in document["annotations"] if a["id"] == a["obj_ann_id"]]
    kept = {number for n, number in enumerate(objects) if keep(n)}
    document["annotations"] = [a for a in document["annotations"] if a["obj_ann_id"] in kept]
    path.write_text(json.dumps(document))


def test_labels_that_are_missing_are_told(command, folder, tmp_path):
    """Of the training images all, then of the validation images."""
    whole = tmp_path / "whole"
    shutil.copytree(folder, whole)
    edit(folder, "train", lambda n: False)
    for objective in ("object", "image", "wsddn"):
        one_line(command(supervision=objective), "beast", "train image")
    shutil.copy(whole / "instances_train.json", folder)
    edit(folder, "val", lambda n: False)
    one_line(command(), "no val image has a label")


@pytest.mark.slow
def test_a_class_with_one_image_is_trained_and_told(command, folder):
    edit(folder, "train", lambda n: n == 0)
    status, lines = command(supervision="image")
    assert status in (None, 0)
    assert any("'beast' has one train image" in line for line in lines)


@pytest.mark.slow
def test_checkpoints_of_another_architecture_or_unfinished_are_told(command, tmp_path):
    assert command()[0] in (None, 0)
    checkpoint = tmp_path / "W" / "checkpoint"
    one_line(command(net="vgg16", weights=checkpoint, workdir=tmp_path / "V"), "of alexnet, not of vgg16")
    (step,) = (path for path in checkpoint.iterdir() if path.is_dir())
    half = tmp_path / "half" / "checkpoint"
    shutil.copytree(step, half / f"{step.name}.orbax-checkpoint-tmp-3")
    one_line(command(weights=half, workdir=tmp_path / "V"), "no finished checkpoint")
    shutil.rmtree(step / "weights" / "d")
    one_line(command(weights=checkpoint, workdir=tmp_path / "V"), "half-written or damaged")


@pytest.mark.slow
def test_an_image_that_is_damaged_stops_before_training_or_is_left_out(command, folder, tmp_path):
    image = folder / "JPEGImages" / "train001.jpg"
    image.write_bytes(image.read_bytes()[:900])
    one_line(command(), r"train001\.jpg", "--skip_bad")
    assert not (tmp_path / "W" / "metrics.csv").exists()
    status, _ = command(skip_bad="true")
    assert status in (None, 0)
    manifest = json.loads((tmp_path / "W" / "manifest.json").read_text())
    assert "train001.jpg" in manifest["skipped"][0]
    assert manifest["examples"] == {"train": 3, "val": 4}


def test_options_that_do_not_go_together_are_told(command, monkeypatch):
    one_line(command(supervision="cam", windows="random"), "windows 'random': cam does not take")
    one_line(command(supervision="object", windows="random"), "object does not take", "jittered")
    one_line(command(supervision="wsddn", hidden=0), "hidden=0", "wsddn")
    one_line(command(layers="conv5"), "--layers", "--train_from")
    one_line(command(train_from="conv6"), "no layer 'conv6'", "conv5")
    one_line(command(net="timm:vit", layers=None), "commands do not train PyTorch modules", r"pj\.train")

    def absent():
        raise selective.InputError("selective search needs OpenCV contrib; pip install it")

    monkeypatch.setattr(selective, "opencv", absent)
    one_line(command(windows="selective"), "OpenCV contrib", "pip install")


def test_a_batch_that_the_devices_cannot_share_is_told(command):
    import jax

    if jax.device_count() == 1:
        pytest.skip("one device shares any batch")
    one_line(command(batch_size=jax.device_count() + 1), "multiple of the", "try")


@pytest.mark.slow
def test_a_loss_that_is_not_finite_is_told(command, tmp_path):
    one_line(
        command(steps=30, new_learning_rate=1e30), "checkpoint of step 0 is kept", "lower --learning_rate"
    )
    assert list((tmp_path / "W" / "checkpoint").iterdir())


@pytest.mark.slow
def test_help_teaches():
    done = subprocess.run(
        [sys.executable, "-m", "experiments.supervision", "--help"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    for word in ("--supervision=cam", "wsddn", "--steps", "--train_from", "linear probe", "checkpoint/"):
        assert word in done.stdout
