"""Killed in every stage and started again, a run ends with the same files, to the byte."""

import pytest

from partsjax.runs.emergence.result import EMERGENCE_FILES
from tests import tiny
from tests.runs import killed as deadly
from tests.runs.running import tree

# One file of every kind, in the order in which they are written, and the search between them.
PLACES = (
    "file:options.json",
    "file:cache/stimuli/beast/val/conv1/*.npz",
    "file:cache/stimuli-permuted-0/beast/val/conv2/*.npz",
    "search:30",
    "file:cache/evidence/beast/conv1-*.npz",
    "file:cache/evidence-permuted-0/beast/conv1-*.npz",
    "file:cache/evidence-unfounded-0/beast/conv1-*.npz",
    "file:cache/evidence/beast/conv2-*.npz",
    f"file:{EMERGENCE_FILES[0]}",
    f"file:{EMERGENCE_FILES[-1]}",
    "file:report/crops/*.webp",
    "file:report/parts/*.html",
    "file:manifest.json",
)


@pytest.mark.slow
def test_killed_anywhere(tmp_path):
    folder = tiny.write_folder(tmp_path / "photos", images=10)
    whole, killed = tmp_path / "whole", tmp_path / "killed"

    def run(where, workdir) -> str:
        return deadly.run(deadly.emergence_job, where, folder, workdir)

    assert run("nowhere", whole) == ""
    for place in PLACES:
        assert run(place, killed), place
        assert not (killed / "manifest.json").exists(), place
        late = place == "file:manifest.json"
        assert (killed / "report").exists() == late, place  # whole, or not at all
    assert tree(killed / "report") == tree(whole / "report")

    # A second time round there is an old report: it stays until the new one is whole.
    assert run("file:report/index.html", killed)
    assert tree(killed / "report") == tree(whole / "report")
    assert run("swap", killed)
    assert not (killed / "report").exists()

    assert run("nowhere", killed) == ""
    assert not list(killed.rglob(".unfinished-*"))
    expected, found = tree(whole), tree(killed)
    for files in (expected, found):
        for clock in ("manifest.json", "lock"):
            files.pop(clock)
    assert expected.keys() == found.keys()
    assert set(EMERGENCE_FILES) < expected.keys()
    assert [name for name in expected if expected[name] != found[name]] == []
