"""What stays of a run's stages: all, all but stimuli, nothing; the results are the same."""

import shutil

import pytest

from partsjax.emergence.combination import Search
from partsjax.emergence.genetic import Genetic
from partsjax.runs import stages
from partsjax.runs.emergence.result import EMERGENCE_FILES
from partsjax.runs.options import Options
from tests import tiny
from tests.runs.running import SEED, asked, tree
from tests.runs.test_caches import JUDGING

pytestmark = pytest.mark.slow
EXTRACTOR = "partsjax.runs.network_stages.extractor"


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """With a damaged image: which crops could be read has to be known without the stimuli."""
    folder = tiny.write_folder(tmp_path_factory.mktemp("photos"), images=8)
    image = sorted((folder / "JPEGImages").glob("val*.jpg"))[3]
    image.write_bytes(image.read_bytes()[:200])
    return folder


def run(photos, workdir, keep, **options):

    asked_for = {
        "net": "tests.tiny:network",
        "dataset": "coco_parts",
        "data_dir": str(photos),
        "seed": SEED,
        "search": Search("greedy", genetic=Genetic(population=10, generations=2)),
        "nulls": ("random", "shuffled"),
        **options,
    }
    said = []
    asked(Options(**asked_for), workdir, batch_size=8, skip_bad=True, keep=keep, say=said.append)
    return said


def results(workdir):
    return {name: (workdir / name).read_bytes() for name in EMERGENCE_FILES} | tree(workdir / "report")


def stimuli(workdir) -> list[str]:
    return sorted({path.parent.name for path in (workdir / "cache").glob("stimuli*/*/*/*/*.npz")})


@pytest.fixture(scope="module")
def whole(photos, tmp_path_factory):
    workdir = tmp_path_factory.mktemp("whole")
    run(photos, workdir, "all")
    return workdir


@pytest.fixture(scope="module")
def dropped(photos, tmp_path_factory):
    workdir = tmp_path_factory.mktemp("dropped")
    run(photos, workdir, "evidence")
    return workdir


@pytest.fixture
def without(dropped, tmp_path):
    return shutil.copytree(dropped, tmp_path / "W")


def test_stimuli_go_and_results_are_the_same(whole, dropped):
    assert stimuli(whole) == ["conv1", "conv2"] and stimuli(dropped) == []
    assert results(dropped) == results(whole)
    evidence = "cache/evidence*/**/*.npz"
    assert {p.name: p.read_bytes() for p in dropped.glob(evidence)} == {
        p.name: p.read_bytes() for p in whole.glob(evidence)
    }


def test_the_same_again_needs_no_network(photos, without, whole, monkeypatch):
    for name in (EXTRACTOR, *JUDGING):
        monkeypatch.setattr(name, None)
    shutil.rmtree(without / "report")
    (without / "parts.csv").unlink()
    assert not any("network" in line for line in run(photos, without, "evidence"))
    assert results(without) == results(whole)


def test_where_evidence_is_lacking_the_network_runs_again_and_says_so(photos, without, whole):
    next((without / "cache/evidence/beast").glob("conv2-*")).unlink()
    said = run(photos, without, "evidence")
    assert sum("beast: its stimuli were not kept, so the network runs again" in line for line in said) == 1
    assert results(without) == results(whole) and stimuli(without) == []


@pytest.mark.parametrize("deleted", [0, 1, 5])
def test_stopped_while_it_drops_it_goes_on(photos, whole, tmp_path, monkeypatch, deleted):
    """Before the first file, between two, between the files of two networks."""
    workdir, delete, count = shutil.copytree(whole, tmp_path / "W"), stages.Entry.delete, [0]
    before = len(list((workdir / "cache").glob("stimuli*/*/*/*/*.npz")))

    def stops(entry):
        if count[0] == deleted:
            raise KeyboardInterrupt
        count[0] += 1
        delete(entry)

    monkeypatch.setattr(EXTRACTOR, None)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(stages.Entry, "delete", stops)
        run(photos, workdir, "evidence")
    assert len(list((workdir / "cache").glob("stimuli*/*/*/*/*.npz"))) == before - deleted
    run(photos, workdir, "evidence")
    assert stimuli(workdir) == [] and results(workdir) == results(whole)


def test_nothing_stays_but_results(photos, without, whole):
    run(photos, without, "none")
    assert not (without / "cache").exists() and results(without) == results(whole)
