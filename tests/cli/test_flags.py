"""What the flags of every experiment take: paths from home, seeds that exist, nothing without an effect."""

import sys
import types

import pytest
from absl import flags
from absl.testing import flagsaver

from partsjax.cli import comparison, discriminativeness, emergence, starting, supervision
from partsjax.cli.flags import MOST_SEED
from partsjax.runs.comparison.members import members
from tests.cli.commands import one_line, typed

EXPERIMENTS = (comparison, discriminativeness, emergence, supervision)
each_experiment = pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda e: e.__name__.split(".")[-1])


@pytest.fixture
def refused(capsys, monkeypatch, tmp_path):
    """Runs a command that fails at the latest where it looks for its data; its status and lines on stderr."""

    def run(experiment, **options):
        options = {"workdir": tmp_path / "W", "dataset": "coco_parts", "data_dir": "/nowhere", **options}
        return typed(experiment, monkeypatch, options), capsys.readouterr().err.strip().splitlines()

    return run


@each_experiment
@pytest.mark.parametrize("seed", ["-1", str(MOST_SEED + 1), str(2**64), "1.5", "x"])
def test_a_seed_that_no_generator_takes_is_one_line(refused, experiment, seed):
    one_line(refused(experiment, seed=seed), f"--seed={seed}")
    if experiment is comparison:
        one_line(refused(experiment, seeds=f"0,{seed}"), "--seeds", seed)


@pytest.fixture
def values(monkeypatch):
    """The values of flags as a command sees them."""

    def of(**options):
        found = {}

        def main():
            found.update({name: flags.FLAGS[name].value for name in options})

        status = typed(types.SimpleNamespace(__name__="partsjax.cli.some", main=main), monkeypatch, options)
        return status, found

    return of


PATHS = ("workdir", "data_dir", "weights", "emergence")


def test_paths_start_from_home(values, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "c.py").write_text("flags = {'net': 'vgg16', 'weights': '~/w.npz'}")
    status, found = values(**{name: "~/x" for name in PATHS}, config="~/c.py", net=None)
    assert status in (None, 0)
    assert found == dict.fromkeys(PATHS, f"{tmp_path}/x") | {"config": f"{tmp_path}/c.py", "net": "vgg16"}
    assert values(config="~/c.py", weights=None)[1]["weights"] == f"{tmp_path}/w.npz"
    assert values(workdir="a/~b", weights="imagenet")[1] == {"workdir": "a/~b", "weights": "imagenet"}
    (tmp_path / "scenes.npz").write_bytes(b"")
    (member,) = members(["scenes=~/scenes.npz"], [0], "alexnet")
    assert member.weights == f"{tmp_path}/scenes.npz"


@pytest.mark.parametrize("name", [*PATHS, "config"])
def test_paths_that_cannot_be_are_one_line(values, capsys, name):
    for wrong, words in (
        ("", "is empty"),
        ("~no such user/x", "no home folder is known"),
        ("sch\udcf6n", "not UTF-8"),
    ):
        assert values(**{name: wrong})[0] == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith(f"error: flag --{name}=") and words in line


@pytest.mark.parametrize(
    ("given", "words"),
    {
        "--nets=x": ("Unknown command line flag 'nets'. Did you mean: net"),
        "--stimuli=x": ("--stimuli=x"),
        "alexnet": ("unexpected argument 'alexnet'"),
        "--limit=many": ("--limit=many"),
        "--limit": ("limit"),
    }.items(),
)
def test_what_cannot_be_parsed_is_one_line(monkeypatch, capsys, given, words):
    monkeypatch.setattr(sys, "argv", ["emergence", given])
    with flagsaver.flagsaver(), pytest.raises(SystemExit) as stop:
        starting.start(emergence)
    assert stop.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ") and words in line


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
@pytest.mark.parametrize(("experiment", "flag"), [(emergence, "ridge"), (supervision, "weight_decay")])
def test_numbers_are_finite(refused, experiment, flag, value):
    one_line(refused(experiment, **{flag: value}), f"--{flag}=")


@pytest.mark.parametrize(
    ("experiment", "options", "words"),
    [
        (emergence, {"stimuli": 0}, "stimuli=0: give a number of at least 1"),
        (emergence, {"stimulus_window": 2}, "stimulus_window=2: must be odd"),
        (emergence, {"correct_iou": 1.5}, "correct_iou=1.5: give a number from 0 to 1"),
        (emergence, {"layers": "conv5,conv5"}, "--layers: 'conv5' is given twice"),
        (emergence, {"layers": "all,conv5"}, "--layers: all means every one"),
        (discriminativeness, {"classes": "horse, horse"}, "--classes: 'horse' is given twice"),
        (emergence, {"nulls": "random,random"}, "--nulls: 'random' is given twice"),
        (comparison, {"networks": "imagenet,imagenet"}, "--networks=.*twice"),
        (comparison, {"seeds": "1,1"}, "--seeds: .*each once"),
    ],
)
def test_names_that_are_given_twice_are_one_line(refused, experiment, options, words):
    one_line(refused(experiment, **options), words)


GIVEN = {"networks": "imagenet,random"}
IDLE = [
    (supervision, {"image_size": 300}, "image_size"),
    (supervision, {"image_size": 300, "supervision": "object"}, "image_size"),
    (supervision, {"num_windows": 9, "supervision": "image"}, "num_windows"),
    (supervision, {"num_windows": 9}, "num_windows"),
    *((comparison, {**GIVEN, name: value}, name) for name, value in (
        ("steps", 3), ("scratch_steps", 3), ("supervision", "cam"), ("weights", "w.npz"), ("hidden", 8),
        ("learning_rate", 0.1), ("new_learning_rate", 0.1), ("weight_decay", 0.1), ("schedule", "constant"),
        ("balance", "false"), ("windows", "selective"), ("num_windows", 9), ("image_size", 300),
        ("evaluate_every", 5), ("val_limit", 5), ("train_from", "conv5"),
    )),
    (comparison, {**GIVEN, "limit": 5, "emergence_limit": 4}, "limit"),
    (comparison, {"networks": "imagenet", "seeds": "0,1"}, "seeds"),
    (comparison, {"networks": "imagenet,image", "supervision": "cam"}, "supervision"),
    (comparison, {"networks": "imagenet,image", "scratch_steps": 5}, "scratch_steps"),
    (comparison, {"networks": "imagenet,object", "image_size": 300}, "image_size"),
    (comparison, {"networks": "imagenet,image", "num_windows": 5}, "num_windows"),
    (comparison, {"networks": "imagenet,image", "windows": "selective"}, "windows"),
    (comparison, {"networks": "imagenet,object", "windows": "random"}, "windows"),
    (comparison, {"networks": "imagenet,scratch", "train_from": "conv5"}, "train_from"),
    (comparison, {"networks": "imagenet,scratch", "weights": "w.npz"}, "weights"),
    (comparison, {"networks": "imagenet,scratch", "learning_rate": 0.1}, "learning_rate"),
]  # fmt: skip


@pytest.mark.parametrize(("experiment", "options", "flag"), IDLE)
def test_a_flag_that_changes_nothing_is_one_line(refused, experiment, options, flag):
    one_line(refused(experiment, **options), f"--{flag}: has no effect", "leave it out")


@pytest.mark.parametrize(
    ("experiment", "options"),
    [
        (supervision, {"image_size": 300, "supervision": "cam"}),
        (supervision, {"num_windows": 9, "supervision": "wsddn"}),
        (comparison, {"networks": "imagenet,image,scratch", "supervision": "cam", "scratch_steps": 9,
                      "weights": "imagenet", "learning_rate": 0.1, "train_from": "conv5", "image_size": 300}),
        (comparison, {"networks": "imagenet,object,wsddn", "windows": "selective", "num_windows": 9}),
        (comparison, {"networks": "imagenet,random", "seeds": "0,1", "limit": 5}),
    ],
)  # fmt: skip
def test_flags_that_change_something_pass(refused, experiment, options):
    one_line(refused(experiment, **options), "nowhere: no such folder")


def test_a_configs_flags_are_defaults_that_may_have_no_effect(refused, tmp_path):
    (tmp_path / "c.py").write_text("flags = {'image_size': 300, 'num_windows': 9, 'steps': 3}")
    config = tmp_path / "c.py"
    one_line(refused(supervision, config=config), "nowhere: no such folder")
    one_line(refused(comparison, config=config, **GIVEN), "nowhere: no such folder")
