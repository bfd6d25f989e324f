"""The command line of discriminativeness: what it refuses, in one line and with status 2."""

import pytest

from partsjax.cli import discriminativeness
from tests import tiny
from tests.cli.commands import one_line, typed


@pytest.fixture
def command(tmp_path, capsys, monkeypatch):
    """Runs the experiment on a tiny folder; returns its status and the lines it wrote to stderr."""
    folder = tiny.write_folder(tmp_path / "photos", images=2)

    def run(**options):
        given = {"dataset": "coco_parts", "data_dir": folder, "workdir": tmp_path / "W", **options}
        return typed(discriminativeness, monkeypatch, given), capsys.readouterr().err.strip().splitlines()

    return run


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            {"net": "tests.tiny:network"},
            r"--weights=imagenet: it has no class scores.*partsjax supervision",
        ),
        ({"net": "tests.runs.scored:network", "layers": "conv2"}, r"--layers: one layer per run.*--layer"),
        ({"net": "tests.runs.scored:network", "layer": "conv5"}, r"--layer: .* has no layer 'conv5'"),
        (
            {"net": "tests.runs.scored:network", "emergence": "gone"},
            r"gone/resamples\.npz: not found; run partsjax emergence",
        ),
        ({"net": "tests.runs.scored:without_beasts"}, r"no score for the class 'beast'"),
    ],
)
def test_it_says_what_to_mend(command, options, words):
    one_line(command(**options), words)


def test_the_help_teaches():
    text = discriminativeness.__doc__
    assert "partsjax supervision" in text and "--emergence" in text and "report/index.html" in text
