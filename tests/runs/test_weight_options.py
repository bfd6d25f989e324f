"""What is told about a weight file reaches the network of every command, and decides its folder."""

import dataclasses

import pytest

from partsjax.errors import InputError
from partsjax.networks.weights.normalisation import WeightOptions
from partsjax.runs import inputs
from partsjax.runs.comparison import run as comparison
from partsjax.runs.comparison.members import members
from partsjax.runs.comparison.options import ComparisonOptions
from partsjax.runs.context import Context
from partsjax.runs.discriminativeness import run as discriminativeness
from partsjax.runs.emergence import run as emergence
from partsjax.runs.options import Options
from partsjax.runs.supervision import run as supervision
from tests.runs.running import asked

TOLD = WeightOptions("vgg", "after_pool")


@pytest.fixture
def file(tmp_path):
    (tmp_path / "w.pth").touch()
    return str(tmp_path / "w.pth")


@pytest.fixture
def loaded(monkeypatch):
    """The keywords that `load_network` was called with; it ends the command."""
    calls = []

    def load(net, weights, **keywords):
        calls.append((weights, keywords.get("normalisation"), keywords.get("lrn")))
        raise InputError("loaded")

    for module in (inputs, comparison):
        monkeypatch.setattr(module, "load_network", load)
    for module in (emergence, supervision):
        monkeypatch.setattr(module, "dataset_of", lambda *_, **__: None)
    return calls


def _start(command, options, tmp_path):
    folder = tmp_path / "W"
    if command == "emergence":
        asked(Options(**options), folder)
    elif command == "discriminativeness":
        asked_of = discriminativeness.DiscriminativenessOptions(job=Options(**options), layer="conv5")
        asking = discriminativeness.discriminativeness_question(asked_of, folder)
        asking.prepare(Context())
    else:
        asking = supervision.supervision_question(supervision.TrainingOptions(**options), folder)
        asking.prepare(Context())


@pytest.mark.parametrize("command", ["emergence", "discriminativeness", "supervision"])
def test_every_command_hands_it_on(command, loaded, file, tmp_path):
    with pytest.raises(InputError, match="loaded"):
        _start(command, {"weights": file, "file": TOLD}, tmp_path)
    assert loaded == [(file, "vgg", "after_pool")]


def test_it_decides_results():
    assert dataclasses.asdict(Options(file=TOLD))["file"] == {"normalisation": "vgg", "lrn": "after_pool"}


def _comparison(*networks):
    training = supervision.TrainingOptions(file=TOLD)
    return ComparisonOptions(networks, Options(file=TOLD), training, baseline="imagenet")


def test_in_a_comparison_it_is_for_the_files_alone(loaded, file):
    options = _comparison(f"mine={file}", "imagenet", "scratch")
    mine, imagenet, scratch = members(options.networks, (0,), "alexnet")
    assert options.measuring_of(mine, mine.weights).file == TOLD
    for told in (options.measuring_of(imagenet, "imagenet"), options.training_of(scratch)):
        assert told.file == WeightOptions()
    with pytest.raises(InputError, match="loaded"):
        comparison._check_given(options, [mine], Context())
    assert loaded == [(file, "vgg", "after_pool")]
    with pytest.raises(InputError, match="--normalisation=vgg --lrn=after_pool: for weight files, none"):
        comparison._check_given(_comparison("imagenet"), [imagenet], Context())
