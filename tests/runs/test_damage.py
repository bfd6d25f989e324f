"""Files of a run that rot: computed again and said so, or refused in one line; never a wrong number."""

import json
import shutil

import pytest

from partsjax.emergence.nulls import NULLS
from partsjax.errors import InputError
from partsjax.runs.emergence.result import KEPT
from partsjax.runs.options import Options
from tests.runs import comparing
from tests.runs.running import SEED, asked_of_scores, run, tree
from tests.runs.test_caches import written
from tests.runs.test_stages import flipped

pytestmark = pytest.mark.slow


def rot(folder) -> list:
    """Flips a byte in every kept array file, each elsewhere in it."""
    paths = sorted(folder.rglob("cache/**/*.npz"))
    for number, path in enumerate(paths):
        path.write_bytes(flipped(path.read_bytes(), (number + 0.5) / len(paths)))
    return paths


def test_a_rotten_cache_is_computed_again(folder, finished, tmp_path):
    """Stimuli of every network, and the evidence of all."""
    shutil.copytree(finished[0], tmp_path / "W")
    paths = rot(tmp_path / "W")
    assert {path.relative_to(tmp_path / "W" / "cache").parts[0] for path in paths} == {
        *("stimuli", *(f"stimuli-{name}-{SEED}" for name in ("random", "permuted"))),
        *("evidence", *(f"evidence-{name}-{SEED}" for name in NULLS)),
    }
    said = []
    run(folder, tmp_path / "W", nulls=tuple(NULLS), say=said.append, report=True)
    assert all(sum(f"{path}: damaged" in line for line in said) == 1 for path in paths)
    assert written(tmp_path / "W") == written(finished[0])
    assert not any(
        "damaged" in note for note in json.loads((tmp_path / "W/manifest.json").read_text())["notes"]
    )


def test_evidence_alone_needs_no_network(folder, finished, tmp_path, monkeypatch):
    shutil.copytree(finished[0], tmp_path / "W")
    rot_of = tmp_path / "W" / "cache" / "evidence"
    for path in rot_of.rglob("conv2-*.npz"):
        path.write_bytes(path.read_bytes()[:1000])
    monkeypatch.setattr("partsjax.runs.network_stages.extractor", None)
    run(folder, tmp_path / "W", nulls=tuple(NULLS), report=True)
    assert written(tmp_path / "W") == written(finished[0])


def of_scores(folder) -> Options:
    net = {"net": "tests.runs.scored:network", "dataset": "coco_parts", "data_dir": str(folder)}
    return Options(**net, search=comparing.SEARCH, nulls=())


def test_a_rotten_cache_of_class_scores_is_computed_again(folder, tmp_path):
    for rotten in (False, True):
        if rotten:
            before = tree(tmp_path / "W")
            assert "drops" in {path.parent.parent.parent.name for path in rot(tmp_path / "W")}
        asked_of_scores(of_scores(folder), tmp_path / "W")
    after = tree(tmp_path / "W")
    assert {name for name in before if before[name] != after[name]} <= {
        "manifest.json", "emergence/manifest.json"
    }  # fmt: skip
    # And a run of emergence that was named is refused, not computed again in its owner's folder.
    path = tmp_path / "W" / "emergence" / KEPT
    path.write_bytes(flipped(path.read_bytes(), 0.5))
    named = {"emergence": str(tmp_path / "W" / "emergence")}
    with pytest.raises(InputError, match=r"resamples\.npz: damaged.*run partsjax emergence again"):
        asked_of_scores(of_scores(folder), tmp_path / "V", of=named)


@pytest.mark.parametrize("name", ["resamples.npz", "parts.csv", "manifest.json"])
def test_a_compared_network_whose_files_are_not_what_its_run_wrote_is_measured_again(
    folder, compared, tmp_path, name
):
    shutil.copytree(compared, tmp_path / "W")
    path = tmp_path / "W" / "emergence" / "imagenet" / name
    path.write_bytes(flipped(path.read_bytes(), 0.6) if name != "manifest.json" else b'{"files": {}}')
    comparing.run(folder, tmp_path / "W", ("imagenet", "random"), layers=("conv1",))
    for table in ("comparison.csv", "differences.csv", "emergence/imagenet/" + name):
        if name != "manifest.json" or "manifest" not in table:
            assert (tmp_path / "W" / table).read_bytes() == (compared / table).read_bytes()


@pytest.fixture(scope="module")
def compared(folder, tmp_path_factory):
    place = tmp_path_factory.mktemp("compared")
    comparing.run(folder, place, ("imagenet", "random"), layers=("conv1",))
    return place


def test_a_network_trained_by_other_code_is_kept_and_said_to_be(folder, tmp_path):
    networks = ("imagenet", "object")
    comparing.run(folder, tmp_path / "W", networks, layers=("conv1",))
    index = tmp_path / "W" / "report" / "index.html"
    assert "other versions" not in index.read_text()
    path = tmp_path / "W" / "networks" / "object-0" / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"code_version": "older"}))
    comparing.run(folder, tmp_path / "W", networks, layers=("conv1",))
    assert "object-0 was trained by other versions" in index.read_text()
    assert (path.parent / "ran").read_text() == "once\n"
