"""A run's folder: lock, options, whole files."""

import errno
import fcntl
import subprocess
import sys

import pytest

from partsjax.errors import InputError
from partsjax.locks import locked
from partsjax.runs import workdir


def test_a_second_run_is_refused_while_the_first_is_there_and_only_then(tmp_path):
    with (
        workdir.locked_folder(tmp_path / "W"),
        pytest.raises(InputError, match="another run"),
        workdir.locked_folder(tmp_path / "W"),
    ):
        pass
    with workdir.locked_folder(tmp_path / "W"):
        pass


@pytest.mark.parametrize("lock", [workdir.locked_folder, lambda folder: locked(folder, "choose a folder")])
def test_a_file_system_without_locks_is_one_line(tmp_path, monkeypatch, lock):
    def refused(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refused)
    with (
        pytest.raises(InputError, match=r"W: cannot be locked \(No locks available\).*; choose a folder"),
        lock(tmp_path / "W"),
    ):
        pass


def test_the_lock_goes_with_a_killed_process(tmp_path):
    program = (
        "import os, signal, sys; from pathlib import Path; from partsjax.runs import workdir\n"
        "with workdir.locked_folder(Path(sys.argv[1])): os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False)
    assert done.returncode == -9
    with workdir.locked_folder(tmp_path):
        pass


def test_other_options_are_refused_by_name(tmp_path):
    workdir.claim(tmp_path, {"net": "a", "layers": ("conv1",), "seed": 0})
    with pytest.raises(InputError, match=r"net: 'a' then, 'b' now.*another --workdir") as error:
        workdir.claim(tmp_path, {"net": "b", "layers": ("conv1",), "seed": 0})
    assert "layers" not in str(error.value)
    workdir.claim(tmp_path, {"net": "a", "layers": ("conv1",), "seed": 0})


def test_a_file_is_whole_or_not_there(tmp_path):
    path = tmp_path / "folder" / "file"
    with pytest.raises(RuntimeError), workdir.written_whole(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert list(path.parent.iterdir()) == []
    with workdir.written_whole(path, durable=True) as temporary:
        temporary.write_text("whole")
    assert path.read_text() == "whole"


def test_what_a_killed_run_left_unfinished_is_removed(tmp_path):
    left_over = tmp_path / "cache" / ".unfinished-x.npz"
    left_over.parent.mkdir()
    left_over.write_text("half")
    with workdir.locked_folder(tmp_path):
        assert not left_over.exists()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_one_line(tmp_path, number):
    with pytest.raises(InputError, match=r"disk is full.*same command"), workdir.plain_errors(tmp_path):
        raise OSError(number, "no space")


def test_a_file_in_place_of_the_folder(tmp_path):
    (tmp_path / "W").write_text("")
    with pytest.raises(InputError, match="is a file"), workdir.locked_folder(tmp_path / "W"):
        pass


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    wrong = {
        "file": "file is a file",
        "file/W": "file is a file",
        "file/deep/W": "file is a file",
        "link": "link is a link to what is not there",
        "link/W": "link is a link to what is not there",
        "n" * 300: "name too long",
        "/".join(["n" * 200] * 25): "name too long",
    }
    for name, why in wrong.items():
        with pytest.raises(InputError) as error, workdir.locked_folder(tmp_path / name):
            pass
        text = str(error.value)
        assert why in text and text.endswith("choose another folder") and "\n" not in text


def test_a_folder_behind_a_link_is_one(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with workdir.locked_folder(tmp_path / "link" / "W"):
        assert (tmp_path / "real" / "W" / "lock").exists()


def test_what_is_not_permitted_names_the_file_and_whose_it_is(tmp_path):
    for name, fix in (("W/cache/x", "choose another folder"), ("photos/x.jpg", "get the right to use it")):
        with pytest.raises(InputError, match=fix) as error, workdir.plain_errors(tmp_path / "W"):
            raise PermissionError(errno.EACCES, "Permission denied", str(tmp_path / name))
        assert str(error.value).startswith(str(tmp_path / name))


def test_a_file_name_too_long_is_one_line(tmp_path):
    with pytest.raises(InputError, match="shorter --workdir"), workdir.plain_errors(tmp_path):
        (tmp_path / ("n" * 300)).write_bytes(b"")
