"""The command of a sweep: what it takes, what it says, and what it refuses in one line."""

import re

import pytest

from partsjax.cli import sweep
from partsjax.errors import InputError
from partsjax.runs import workdir
from partsjax.runs.sweep import ENGINES, SweepFolder, planned
from tests import tiny
from tests.cli.commands import one_line, typed

KNOWN = sweep.known_flags()  # defines them before `typed` looks at which there are

CONFIG = """
flags = {"net": "tests.tiny:network", "dataset": "coco_parts", "nulls": "", "combination": "greedy"}
sweep = {"weights": ["imagenet", "random"], "layers": ["conv1", "conv2"]}
"""


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "config.py"
    path.write_text(CONFIG)
    return path


@pytest.fixture
def command(config, tmp_path, capsys, monkeypatch):
    """Runs the experiment; returns its status and what it wrote to stdout and stderr."""
    monkeypatch.setenv("COLUMNS", "200")

    def ask(**changed):
        status = typed(sweep, monkeypatch, {"config": config, "workdir": tmp_path / "W", **changed})
        said = capsys.readouterr()
        return status, said.out, said.err

    return ask


def test_the_plan_is_shown_before_the_start_and_nothing_is_made(command, tmp_path):
    status, out, _ = command(status="true")
    assert status in (0, None) and "4 waiting" in out
    assert re.findall(r"emergence/\S+", out) == [
        f"emergence/{weights}-{layer}" for weights in ("imagenet", "random") for layer in ("conv1", "conv2")
    ]
    assert not (tmp_path / "W").exists()


@pytest.mark.parametrize(
    ("words", "changed", "text"),
    [
        ("a sweep needs --config=FILE.*--workdir=W", {"config": None}, ""),
        ("a sweep needs", {"workdir": None}, ""),
        ("no such file", {"config": "/nowhere.py"}, ""),
        ("config.py: has no `sweep`", {}, "flags = {}"),
        ("config.py: does not run as Python", {}, "sweep ="),
        ("`flags` is not a dictionary", {}, "sweep = {}; flags = 3"),
        ("emergence has no flag 'layer'; did you mean 'layers'", {}, "sweep = {'layer': 'conv1'}"),
        ("no command has a flag 'limt'; did you mean 'limit'", {}, "sweep = {}; flags = {'limt': 1}"),
        ("emergence --limit=0: ", {}, "sweep = {'limit': [0, 1]}"),
        ("baseline: no network is called 'imagenets'; did you mean 'imagenet'", {},
         "sweep = {'weights': ['imagenet', 'random']}; baseline = 'imagenets'"),
        ("--address: has no effect without --engine=ray", {"address": "h:1"}, ""),
        ("--slurm: has no effect without --engine=slurm", {"slurm": "a=1"}, ""),
        ("--workers: has no effect with --join", {"workers": 2, "join": "true"}, ""),
        ("--slurm: 'gpu' is not NAME=VALUE", {"engine": "slurm", "slurm": "gpu"}, ""),
    ],
)  # fmt: skip
def test_what_cannot_be_is_one_line(command, config, tmp_path, words, changed, text):
    if text:
        config.write_text(text)
    status, _, err = command(**changed)
    one_line((status, err.strip().splitlines()), words)
    assert not (tmp_path / "W").exists()


def test_flags_of_all_runs_are_not_for_commands_that_refuse_them():
    common = {"layers": "conv5", "keep": "evidence", "limit": 7}
    training, measured = planned([{"command": "supervision"}, {}], common, KNOWN)
    assert training.flags == {"limit": "7"}
    assert measured.flags == {"layers": "conv5", "keep": "evidence", "limit": "7"}


def test_failed_and_lost_runs_are_shown_with_reason_and_log(command, tmp_path, monkeypatch):
    runs = planned({"weights": ["imagenet", "random"], "layers": ["conv1", "conv2"]}, {}, KNOWN)
    folder = SweepFolder(tmp_path / "W", 60)
    flags = {"net": "tests.tiny:network", "dataset": "coco_parts", "nulls": "", "combination": "greedy"}
    for run in runs[:2]:
        workdir.write_json(
            folder.path / "sweep" / "failed" / f"{run.slug}.json",
            {"flags": flags | dict(run.flags), "reason": "no layer", "worker": "here:1", "since": 0.0},
        )
    folder.claims.take(runs[2].slug)
    monkeypatch.setenv("COLUMNS", "60")  # a reason is shown whole however narrow the terminal
    status, out, _ = command(status="true")
    assert status in (0, None) and "2 failed, 1 running, 1 waiting" in out
    for run in runs[:2]:
        assert f"{run.place} failed: no layer (log: {folder.log(run)})" in out.splitlines()


def test_where_the_baseline_lacks_runs_the_reason_is_said(command, tmp_path, monkeypatch):
    class Ended:
        def __init__(self, asked):
            assert asked.runs == 4

        def alive(self) -> bool:
            return False

        stop = alive

    def refused(*_):
        raise InputError("no comparison")

    monkeypatch.setitem(ENGINES, "local", Ended)
    monkeypatch.setattr(sweep, "_compare", refused)
    status, _, err = command()
    words = "4 of 4 runs are not done; its workers have ended .what they said: .*W/sweep/logs.; --status"
    one_line((status, err.strip().splitlines()), words)


@pytest.mark.slow
def test_runs_are_computed_and_one_that_always_fails_stops_no_other(command, config, tmp_path):
    data = tiny.write_folder(tmp_path / "photos", images=8)
    swept = {"weights": "random", "layers": ["conv9", "conv1"]}
    config.write_text(f"{CONFIG}\nsweep = {swept}")
    status, _, err = command(data_dir=data, join="true", stale_after=6)
    error = [line for line in err.splitlines() if line.startswith("error: ")]
    words = "1 of 2 runs are not done; emergence/.*conv9.* failed: .*no layer 'conv9'.*log:"
    one_line((status, error), words)
    (done,) = (tmp_path / "W" / "sweep" / "done").iterdir()
    assert "conv1" in done.stem
    assert not list((tmp_path / "W" / "sweep" / "claims").iterdir())
