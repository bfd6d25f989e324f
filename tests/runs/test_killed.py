"""Killed in every stage and started again, a run ends with the same files, to the byte."""

import subprocess
import sys
from pathlib import Path

import pytest

from partsjax.runs.results import OUTPUTS
from tests import tiny
from tests.runs.running import tree

ROOT = Path(__file__).parents[2]

# One file of every kind, in the order in which they are written, and the search between them.
PLACES = (
    "file:options.json",
    "file:cache/stimuli/beast/val/conv1/*.npz",
    "file:cache/stimuli-random/beast/val/conv2/*.npz",
    "search:150",
    "file:cache/evidence/beast/conv1-*.npz",
    "file:cache/evidence-random/beast/conv1-*.npz",
    "file:cache/evidence-shuffled/beast/conv1-*.npz",
    "file:cache/evidence/beast/conv2-*.npz",
    *(f"file:{name}" for name in OUTPUTS),
    "file:report/crops/*.webp",
    "file:report/parts/*.html",
    "file:manifest.json",
)


def run(where: str, folder: Path, workdir: Path, module: str = "tests.runs.killed") -> str:
    """Where it died; "" when it came to its end."""
    done = subprocess.run(
        [sys.executable, "-m", module, where, str(folder), str(workdir)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    died = done.stdout.strip()
    assert done.returncode == (-9 if died else 0), done.stderr
    return died


@pytest.mark.slow
def test_killed_anywhere(tmp_path):
    folder = tiny.write_folder(tmp_path / "photos", images=10)
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert run("nowhere", folder, whole) == ""
    for place in PLACES:
        assert run(place, folder, killed), place
        assert not (killed / "manifest.json").exists(), place
        late = place == "file:manifest.json"
        assert (killed / "report").exists() == late, place  # whole, or not at all
    assert tree(killed / "report") == tree(whole / "report")

    # A second time round there is an old report: it stays until the new one is whole.
    assert run("file:report/index.html", folder, killed)
    assert tree(killed / "report") == tree(whole / "report")
    assert run("swap", folder, killed)
    assert not (killed / "report").exists()

    assert run("nowhere", folder, killed) == ""
    assert not list(killed.rglob(".unfinished-*"))
    expected, found = tree(whole), tree(killed)
    for files in (expected, found):
        for clock in ("manifest.json", "lock"):
            files.pop(clock)
    assert expected.keys() == found.keys()
    assert set(OUTPUTS) < expected.keys()
    assert [name for name in expected if expected[name] != found[name]] == []
