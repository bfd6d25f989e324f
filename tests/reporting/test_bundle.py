"""The script of the charts is made once for all commands; what is damaged is made again."""

import os

import pytest

from partsjax.reporting.bundle import Bundle


@pytest.fixture
def made(monkeypatch):
    """How often it was made; it is short here."""
    vl_convert, calls = pytest.importorskip("vl_convert"), []
    monkeypatch.setattr(vl_convert, "javascript_bundle", lambda: calls.append(1) or "const é = 1;\r\n")
    return calls


def asked(folder) -> str:
    """By another process, as it were."""
    bundle = Bundle()
    bundle.folder = folder
    return bundle.text


def test_it_is_made_once_and_the_same_when_kept(tmp_path, made):
    assert asked(tmp_path) == asked(tmp_path) == "const é = 1;\r\n" and len(made) == 1
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("left", [0, 10, 64, 65, 70, -1])
def test_a_damaged_one_is_made_again(tmp_path, made, left):
    asked(tmp_path)
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    path.write_bytes(whole[:left])
    assert asked(tmp_path) == "const é = 1;\r\n" and len(made) == 2
    assert path.read_bytes() == whole


def test_another_version_has_its_own(tmp_path, made, monkeypatch):
    asked(tmp_path)
    monkeypatch.setattr("vl_convert.__version__", "0")
    asked(tmp_path)
    assert len(made) == len(list(tmp_path.iterdir())) == 2


def test_it_is_not_kept_unless_a_folder_is_given_and_can_be_written(tmp_path, made):
    (tmp_path / "file").write_text("in the way")
    for folder in (None, tmp_path / "file", tmp_path / "nowhere"):
        assert asked(folder) == "const é = 1;\r\n"
    assert len(made) == 3 and os.listdir(tmp_path) == ["file"]


def test_a_call_of_the_library_keeps_nothing():
    assert Bundle.folder is None
