"""Bad input at the command line: one clear line, status 2, no traceback."""

import os
import pickle
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from absl.testing import flagsaver

import partsjax.data.pipeline  # noqa: F401  (grain adds flags when imported: before `flagsaver` looks)
from experiments import emergence, flags
from tests import tiny

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny.write_folder(tmp_path_factory.mktemp("data") / "photos", images=4)


@pytest.fixture
def command(folder, tmp_path, capsys, monkeypatch):
    """Runs the experiment; returns its status and the lines it wrote to stderr."""

    def run(**changed):
        options = {
            "net": "tests.tiny:network",
            "dataset": "coco_parts",
            "data_dir": folder,
            "workdir": tmp_path / "W",
            **changed,
        }
        arguments = [f"--{name}={value}" for name, value in options.items() if value is not None]
        monkeypatch.setattr(sys, "argv", ["emergence", *arguments])
        with flagsaver.flagsaver(), pytest.raises(SystemExit) as stop:
            flags.start(emergence.main)
        return stop.value.code, capsys.readouterr().err.strip().splitlines()

    return run


def one_line(result, *words):
    status, lines = result
    lines = [line for line in lines if " crops " not in line]  # the progress bar, where it got that far
    assert status == 2
    assert len(lines) == 1 and lines[0].startswith("error: "), lines
    for word in words:
        assert re.search(word, lines[0]), lines[0]


def test_names_that_do_not_exist_suggest_the_nearest(command):
    one_line(command(net="alexnett"), "did you mean 'alexnet'")
    one_line(command(layers="conv3"), "no layer 'conv3'", "did you mean 'conv[12]'")
    one_line(command(dataset="coco_part"), "did you mean 'coco_parts'")
    one_line(command(classes="beats"), "did you mean 'beast'")


def test_a_class_without_parts(command):
    one_line(command(classes="stone"), "stone", "part")


def test_no_data_dir(command, tmp_path):
    one_line(command(data_dir=None), "data_dir")
    one_line(command(data_dir=tmp_path / "nowhere"), "nowhere")


def test_a_data_dir_without_annotations(command, tmp_path):
    (tmp_path / "empty").mkdir()
    one_line(command(data_dir=tmp_path / "empty"), "instances_train.json")


def test_weights_that_do_not_fit(command, tmp_path):
    np.savez(tmp_path / "w.npz", **{"conv1/kernel": np.zeros((3, 3, 3, 8), np.float32)})
    one_line(command(net="alexnet", weights=tmp_path / "w.npz"), "w.npz", "conv5/kernel", "conv1/kernel")
    one_line(command(net="alexnet", weights=tmp_path / "none.npz"), "none.npz")


class Payload:
    """Writes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_a_pickle_that_carries_code_never_runs(command, tmp_path):
    (tmp_path / "w.pth").write_bytes(pickle.dumps({"a": Payload(tmp_path / "ran")}))
    one_line(command(net="alexnet", weights=tmp_path / "w.pth"), r"w\.pth")
    assert not (tmp_path / "ran").exists()


def test_a_workdir_made_with_other_options(command, tmp_path):
    assert command(limit=3)[0] in (None, 0)
    one_line(command(limit=2), "limit: 3 then, 2 now", "another --workdir")


def test_a_workdir_in_use(command, tmp_path):
    from partsjax.runs import workdir

    with workdir.opened(tmp_path / "W"):
        one_line(command(), "another run")


def test_a_full_disk_keeps_what_was_finished(command, tmp_path, monkeypatch):
    """A file system of its own would need privileges; the error is the one a full disk raises."""
    import errno

    from partsjax.runs import stages

    def full(self, arrays):
        if "conv2" in str(self.path) and "val" in str(self.path):
            raise OSError(errno.ENOSPC, "No space left on device")
        return save(self, arrays)

    save = stages.Entry.save
    monkeypatch.setattr(stages.Entry, "save", full)
    one_line(command(), "disk is full", "same command")
    kept = list((tmp_path / "W" / "cache").rglob("*.npz"))
    assert len(kept) == 3
    monkeypatch.setattr(stages.Entry, "save", save)
    assert command()[0] in (None, 0)
    assert all(path.exists() for path in kept)


def test_as_a_process_it_ends_with_one_line_and_status_2(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "experiments.emergence", "--dataset=coco_parts", f"--workdir={tmp_path}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout == "" and done.stderr.count("\n") == 1
    assert done.stderr.startswith("error: ") and "data_dir" in done.stderr


def test_help_teaches():
    done = subprocess.run(
        [sys.executable, "-m", "experiments.emergence", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    for word in ("--net=alexnet", "--workdir", "--dataset", "shapeparts", "conv5", "average precision"):
        assert word in done.stdout
