"""A run's folder: lock, options, whole files."""

import errno
import subprocess
import sys

import pytest

from partsjax.errors import BadInput
from partsjax.runs import workdir


def test_a_second_run_is_refused_while_the_first_is_there_and_only_then(tmp_path):
    with (
        workdir.opened(tmp_path / "W"),
        pytest.raises(BadInput, match="another run"),
        workdir.opened(tmp_path / "W"),
    ):
        pass
    with workdir.opened(tmp_path / "W"):
        pass


def test_the_lock_goes_with_a_killed_process(tmp_path):
    program = (
        "import os, signal, sys; from pathlib import Path; from partsjax.runs import workdir\n"
        "with workdir.opened(Path(sys.argv[1])): os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False)
    assert done.returncode == -9
    with workdir.opened(tmp_path):
        pass


def test_other_options_are_refused_by_name(tmp_path):
    workdir.claim(tmp_path, {"net": "a", "layers": ("conv1",), "seed": 0})
    with pytest.raises(BadInput, match=r"net: 'a' then, 'b' now.*another --workdir") as error:
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
    with workdir.opened(tmp_path):
        assert not left_over.exists()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_one_line(tmp_path, number):
    with pytest.raises(BadInput, match=r"disk is full.*same command"), workdir.plain_errors(tmp_path):
        raise OSError(number, "no space")


def test_a_file_in_place_of_the_folder(tmp_path):
    (tmp_path / "W").write_text("")
    with pytest.raises(BadInput, match="is a file"), workdir.opened(tmp_path / "W"):
        pass
