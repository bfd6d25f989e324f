"""Killed in every stage and started again, a run ends with the same files, to the byte."""

import subprocess
import sys
from pathlib import Path

import pytest

from partsjax.runs.emergence import OUTPUTS
from tests import tiny

ROOT = Path(__file__).parents[2]


def run(count: int, folder: Path, workdir: Path) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.runs.killed", str(count), str(folder), str(workdir)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, -9), done.stderr
    return done.returncode, done.stdout.strip()


@pytest.mark.slow
def test_killed_in_every_file_it_writes(tmp_path):
    folder = tiny.write_folder(tmp_path / "photos", images=20)
    run(10**6, folder, tmp_path / "whole")
    expected = {name: (tmp_path / "whole" / name).read_bytes() for name in OUTPUTS}

    died_in, count = [], 1
    while True:
        status, name = run(count, folder, tmp_path / "killed")
        if status == 0:
            break
        if name in died_in:  # it got no further: tables are written anew each time
            count += 1
        else:
            died_in.append(name)
        assert not (tmp_path / "killed" / "manifest.json").exists()
    # Two splits and two layers of stimuli, two layers of scores, the tables and the manifest.
    assert sum(n.startswith("00000-") for n in died_in) == 4
    assert sum(n.startswith("conv") for n in died_in) == 2
    assert {"options.json", *OUTPUTS, "manifest.json"} <= set(died_in)
    assert {name: (tmp_path / "killed" / name).read_bytes() for name in OUTPUTS} == expected
    assert not list((tmp_path / "killed").rglob(".unfinished-*"))
