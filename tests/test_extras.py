"""Libraries that come with an extra: imported when used, and one line where they are lacking."""

import sys
import tomllib
from pathlib import Path

import pytest

from partsjax.errors import InputError, needing
from partsjax.networks.weights.kinds import read_file
from partsjax.runs.comparison import ComparisonOptions, comparison_question
from partsjax.runs.options import Options
from partsjax.runs.supervision import TrainingOptions, supervision_question
from partsjax.runs.supervision.log import TrainingLog

EXTRAS = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"][
    "optional-dependencies"
]


@pytest.fixture
def lacking(monkeypatch):
    """Makes a library one that is not installed."""

    def remove(name, *users):
        monkeypatch.setitem(sys.modules, name, None)
        for user in users:
            monkeypatch.delitem(sys.modules, user, raising=False)

    return remove


@pytest.mark.parametrize(
    ("content", "library", "reader"),
    [
        (b"\x89HDF\r\n\x1a\n" + bytes(600), "h5py", "keras_files"),
        (bytes(512) + b"\x89HDF\r\n\x1a\n", "h5py", "keras_files"),
        (b"\n\x05caffe" + bytes(20), "google.protobuf", "caffe_files"),
    ],
)
def test_weight_files(tmp_path, lacking, content, library, reader):
    lacking(library, f"partsjax.networks.weights.{reader}")
    path = tmp_path / "w"
    path.write_bytes(content)
    with pytest.raises(InputError, match=rf"w: .* needs {library}.*pip install 'partsjax\[weights\]'"):
        read_file(path)


def test_training(tmp_path, lacking):
    lacking("tensorboardX")
    with pytest.raises(InputError, match=r"training needs tensorboardX: pip install 'partsjax\[train\]'"):
        TrainingLog(tmp_path, None, ())


@pytest.mark.parametrize("ask, options", [
    (supervision_question, TrainingOptions()),
    (comparison_question, ComparisonOptions(("imagenet", "object"), Options(), TrainingOptions())),
])  # fmt: skip
def test_training_says_so_before_it_looks_at_anything(tmp_path, lacking, ask, options):
    lacking("tensorboardX")
    with pytest.raises(InputError, match="training needs tensorboardX"):
        ask(options, tmp_path).prepare(None)  # no context: the data set cannot be loaded


def test_the_extras_named_are_there_and_tests_have_them_all():
    assert {"pascal", "train", "weights", "selective", "slurm", "ray", "cuda", "tpu"} <= EXTRAS.keys()
    assert EXTRAS["test"][0] == "partsjax[pascal,selective,slurm,train,weights]"


def test_other_errors_are_not_taken_for_a_lacking_library():
    with pytest.raises(ZeroDivisionError), needing("this", "train"):
        raise ZeroDivisionError
