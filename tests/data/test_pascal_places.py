"""Where prepared copies go: where tfds keeps its own, and elsewhere for users who cannot write there."""

import os
import tempfile
from pathlib import Path

import pytest

from partsjax.data import pascal_part
from partsjax.data.pascal_part import places
from partsjax.errors import InputError
from tests.data.pascal_folder import simple

COPY = "pascal_part_0"


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home folder; whether a folder can be written is its owner's bit, for root too."""
    monkeypatch.delenv("TFDS_DATA_DIR", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    monkeypatch.setattr(places.os, "access", lambda path, _: bool(os.stat(path).st_mode & 0o200))
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    return home


def test_in_order(home, tmp_path, monkeypatch):
    assert places.default_prepared_dir(COPY) == home / "tensorflow_datasets"
    (home / "tensorflow_datasets").mkdir(mode=0o500)
    assert places.default_prepared_dir(COPY) == home / ".cache" / "partsjax"
    (home / ".cache").mkdir(mode=0o500)
    assert places.default_prepared_dir(COPY) == places.temporary()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert places.default_prepared_dir(COPY) == tmp_path / "cache" / "partsjax"
    monkeypatch.setenv("TFDS_DATA_DIR", "~/mine")
    assert places.default_prepared_dir(COPY) == home / "mine"


def test_a_copy_that_is_there_needs_no_right_to_write(home):
    copy = home / "tensorflow_datasets" / COPY
    copy.mkdir(parents=True)
    copy.parent.chmod(0o500)
    assert places.default_prepared_dir(COPY) == copy.parent
    assert places.default_prepared_dir("pascal_part_1") != copy.parent


@pytest.mark.parametrize("path", ["/", "/nowhere/at/all", "/dev/null"])
def test_a_home_that_cannot_be_written(home, monkeypatch, path):
    monkeypatch.setattr(places.os, "access", lambda *_: False)
    monkeypatch.setenv("HOME", path)
    assert places.default_prepared_dir(COPY) == places.temporary()


def test_no_home(home, monkeypatch):
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)  # as of a user that is not known
    assert places.default_prepared_dir(COPY) == places.temporary()


def test_a_copy_among_temporary_files_is_told(home, tmp_path, monkeypatch):
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    simple(tmp_path / "source")
    dataset = pascal_part.read_pascal_part(tmp_path / "source")
    assert any("may be emptied" in note and "TFDS_DATA_DIR" in note for note in dataset.notes)
    assert list(Path(places.temporary()).glob("pascal_part_*"))


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "file"))
    simple(tmp_path / "source")
    with pytest.raises(InputError, match=r"cannot write there.*TFDS_DATA_DIR=DIR"):
        pascal_part.read_pascal_part(tmp_path / "source")
