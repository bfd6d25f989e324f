"""Bad input at the command line: one clear line, status 2, no traceback."""

import contextlib
import errno
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from partsjax.cli import emergence
from partsjax.reporting.report import write as pages
from partsjax.runs import stages, workdir
from tests import tiny
from tests.cli.commands import one_line, typed

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
        return typed(emergence, monkeypatch, options), capsys.readouterr().err.strip().splitlines()

    return run


def test_names_that_do_not_exist_suggest_the_nearest(command):
    one_line(command(net="alexnett"), "did you mean 'alexnet'")
    one_line(command(layers="conv3"), "no layer 'conv3'", "did you mean 'conv[12]'")
    one_line(command(dataset="coco_part"), "did you mean 'coco_parts'")
    one_line(command(classes="beats"), "did you mean 'beast'")


def test_descriptions_of_what_is_not_there_name_the_line(command, tmp_path):
    path = tmp_path / "units.csv"
    one_line(command(descriptions=path), "units.csv: not found; give a CSV file")
    path.write_text("layer,unit,text\nconv1,6,head\n", encoding="utf-8")
    one_line(command(descriptions=path), "units.csv: line 2: unit 6 of layer conv1, which has 6")
    assert not (tmp_path / "W" / "options.json").exists()


def test_nulls_that_do_not_exist_suggest_the_nearest(command, tmp_path):
    one_line(command(nulls="randon"), "no null 'randon'", "did you mean 'random'")
    one_line(command(nulls="random,shufled"), "no null 'shufled'", "did you mean 'shuffled'")
    assert not (tmp_path / "W").exists()


@pytest.mark.parametrize(
    ("flag", "typo", "choices"),
    [("combination", "genetic", ("ga", "greedy")), ("score", "activations", ("activation", "calibrated"))],
)
def test_searches_that_do_not_exist_name_the_choices(command, tmp_path, flag, typo, choices):
    one_line(command(**{flag: typo}), f"--{flag}={typo}", *choices)
    assert not (tmp_path / "W").exists()


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


@pytest.mark.slow
def test_a_workdir_made_with_other_options(command, tmp_path):
    assert command(limit=3, nulls="")[0] in (None, 0)
    one_line(command(limit=2, nulls=""), "limit: 3 then, 2 now", "another --workdir")
    one_line(command(limit=3), "nulls: .*'random', 'shuffled'.* now", "another --workdir")
    one_line(command(limit=3, nulls="", combination="greedy"), "search: .*'greedy'.* now")
    one_line(command(limit=3, nulls="", union_nms="true"), "search: .*'union_nms': True.* now")


def test_a_workdir_in_use(command, tmp_path):
    with workdir.locked_folder(tmp_path / "W"):
        one_line(command(), "another run")


@contextlib.contextmanager
def disk_that_fills(monkeypatch, place):
    """As a full disk raises it, for every file with this in its name; a real one would need privileges."""

    def full(path):
        if place in str(path):
            raise OSError(errno.ENOSPC, "No space left on device")

    def after(write):
        return lambda path, *rest, **how: full(path) or write(path, *rest, **how)

    with monkeypatch.context() as patch:
        for module, name in ((workdir, "written_whole"), (stages, "written_whole"), (pages, "write_text")):
            patch.setattr(module, name, after(getattr(module, name)))
        yield


@pytest.mark.slow
def test_a_full_disk_keeps_what_was_finished(command, tmp_path, monkeypatch):
    """Wherever it fills up: in the network's results, in evidence, in a table, in the report."""

    def cached():
        return {path: path.read_bytes() for path in (tmp_path / "W" / "cache").rglob("*.npz")}

    counts = {"val/conv2": 3, "evidence-shuffled-0/beast/conv2": 7, "parts.csv": 8, "filters/": 8}
    kept = {}
    for place, count in counts.items():
        with disk_that_fills(monkeypatch, place):
            one_line(command(nulls="shuffled", keep="all"), "disk is full", "same command")
        assert kept.items() <= cached().items()
        kept = cached()
        assert len(kept) == count
        assert not (tmp_path / "W" / "manifest.json").exists()
        assert not (tmp_path / "W" / "report").exists()
    with disk_that_fills(monkeypatch, "val/readable"):  # where stimuli are about to go
        one_line(command(nulls="shuffled"), "disk is full", "same command")
    assert kept.items() <= cached().items()
    assert command(nulls="shuffled")[0] in (None, 0)
    evidence = {path: content for path, content in kept.items() if "stimuli" not in path.parts}
    assert len(evidence) == 4 and evidence.items() <= cached().items()
    assert {path.name[:9] for path in cached().keys() - evidence.keys()} == {"readable-"}
    assert (tmp_path / "W" / "report" / "index.html").exists()


@pytest.mark.slow
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
