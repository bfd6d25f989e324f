"""The command line of discriminativeness: what it refuses, in one line and with status 2."""

import re
import sys

import pytest
from absl.testing import flagsaver

import partsjax.data.pipeline  # noqa: F401  (grain adds flags when imported: before `flagsaver` looks)
from experiments import discriminativeness, flags
from tests import tiny


@pytest.fixture
def command(tmp_path, capsys, monkeypatch):
    """Runs the experiment on a tiny folder; returns its status and the lines it wrote to stderr."""
    folder = tiny.write_folder(tmp_path / "photos", images=2)

    def run(**options):
        given = {"dataset": "coco_parts", "data_dir": folder, "workdir": tmp_path / "W", **options}
        monkeypatch.setattr(sys, "argv", ["d", *(f"--{name}={value}" for name, value in given.items())])
        with flagsaver.flagsaver(), pytest.raises(SystemExit) as stop:
            flags.start(discriminativeness.main)
        return stop.value.code, capsys.readouterr().err.strip().splitlines()

    return run


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            {"net": "tests.tiny:network"},
            r"--weights=imagenet: it has no class scores.*experiments\.supervision",
        ),
        ({"net": "tests.runs.scored:network", "layers": "conv2"}, r"--layers: one layer a run.*--layer"),
        ({"net": "tests.runs.scored:network", "layer": "conv5"}, r"--layer: .* has no layer 'conv5'"),
        ({"net": "tests.runs.scored:network", "emergence": "gone"}, r"gone: no finished emergence run"),
        ({"net": "tests.runs.scored:without_beasts"}, r"no score for the class 'beast'"),
    ],
)
def test_it_says_what_to_mend(command, options, words):
    status, lines = command(**options)
    assert status == 2 and len(lines) == 1 and lines[0].startswith("error: "), lines
    assert re.search(words, lines[0]), lines[0]


def test_the_help_teaches():
    text = discriminativeness.__doc__
    assert "experiments.supervision" in text and "--emergence" in text and "report/index.html" in text
