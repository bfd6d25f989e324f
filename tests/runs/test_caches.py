"""The stage cache of whole runs: nothing is done twice, and nothing old is taken for something new."""

import dataclasses
import json
import shutil

import numpy as np
import pytest
from PIL import Image

from partsjax.emergence.combination import Search
from partsjax.emergence.nulls import NULLS
from partsjax.runs.emergence.result import EMERGENCE_FILES
from tests import tiny
from tests.runs.running import APS, QUICK, SEED, rows, run, tree

pytestmark = pytest.mark.slow

NETWORK = "partsjax.runs.network_stages.extractor"
JUDGING = ("partsjax.runs.evidence_stage.judge_layer",)


def written(workdir):
    """What a run is for: its tables and its report."""
    return {name: content for name, content in tree(workdir).items() if name in EMERGENCE_FILES} | {
        f"report/{name}": content for name, content in tree(workdir / "report").items()
    }


@pytest.fixture
def again(finished, tmp_path):
    """A copy of the finished run that no longer knows what options it was made with."""
    shutil.copytree(finished[0], tmp_path / "W")
    (tmp_path / "W" / "options.json").unlink()
    return tmp_path / "W"


def fresh(folder, tmp_path, **options):
    """Tables of the same run in a folder of its own."""
    run(folder, tmp_path / "fresh", **options)
    return {name: (tmp_path / "fresh" / name).read_bytes() for name in EMERGENCE_FILES}


def test_the_same_command_again_gives_the_same_bytes_and_computes_nothing(folder, finished, monkeypatch):
    workdir = finished[0]
    before = written(workdir)
    assert len(before) > len(EMERGENCE_FILES) + 20
    for name in (NETWORK, *JUDGING):
        monkeypatch.setattr(name, None)  # calling it would fail
    run(folder, workdir, nulls=tuple(NULLS), report=True)
    assert written(workdir) == before


def test_a_lost_report_or_table_is_written_again_from_the_cache(folder, finished, tmp_path, monkeypatch):
    shutil.copytree(finished[0], tmp_path / "W")
    shutil.rmtree(tmp_path / "W" / "report")
    (tmp_path / "W" / "combinations.csv").unlink()
    for name in (NETWORK, *JUDGING):
        monkeypatch.setattr(name, None)
    run(folder, tmp_path / "W", nulls=tuple(NULLS), report=True)
    assert written(tmp_path / "W") == written(finished[0])


def test_a_layer_never_sees_anothers_numbers(folder, finished, tmp_path):
    both = finished[1]
    alone = run(folder, tmp_path, layers=("conv2",))
    np.testing.assert_allclose(alone[APS], both[both.layer == "conv2"][APS], atol=1e-5)
    for name in ("parts.csv", "combinations.csv"):
        of_layer = [r for r in rows(finished[0] / name) if r["layer"] == "conv2"]
        for mine, wanted in zip(rows(tmp_path / name), of_layer, strict=True):
            assert mine == {column: wanted[column] for column in mine}


def test_a_layer_added_later_computes_only_itself(folder, finished, tmp_path):
    """In the folder of the first; the first one's evidence is the very same file."""
    run(folder, tmp_path, layers=("conv1",))
    (tmp_path / "options.json").unlink()
    before = tree(tmp_path / "cache" / "evidence")
    run(folder, tmp_path)
    after = tree(tmp_path / "cache" / "evidence")
    assert len(before) == 1 and len(after) == 2 and before.items() <= after.items()
    for name in ("parts.csv", "combinations.csv"):
        mine, wanted = rows(tmp_path / name), rows(finished[0] / name)
        for row, full in zip(mine, wanted, strict=True):
            assert {c: full[c] for c in row if row[c]} == {c: v for c, v in row.items() if v}


OTHER_SEARCHES = {
    "greedy": Search("greedy", genetic=QUICK),
    "generations": Search(genetic=dataclasses.replace(QUICK, generations=0)),
}


@pytest.mark.parametrize("search", OTHER_SEARCHES)
def test_another_search_never_sees_old_evidence(folder, again, tmp_path, search, monkeypatch):
    """Nor does it run the network again."""
    changed = {"search": OTHER_SEARCHES[search], "layers": ("conv2",)}
    old = [row for row in rows(again / "combinations.csv") if row["layer"] == "conv2"]
    expected = fresh(folder, tmp_path, **changed)
    assert rows(tmp_path / "fresh" / "combinations.csv") != old
    monkeypatch.setattr(NETWORK, None)
    run(folder, again, **changed)
    assert {name: (again / name).read_bytes() for name in EMERGENCE_FILES} == expected


def test_another_seed_never_sees_old_evidence(folder, finished, again, tmp_path):
    """Of weights, of searches, of the bootstrap and of both nulls."""
    before = rows(finished[0] / "parts.csv")
    changed = {"seed": SEED + 1, "nulls": ("random", "shuffled")}
    expected = fresh(folder, tmp_path, **changed)
    other = run(folder, again, **changed)
    assert {name: (again / name).read_bytes() for name in EMERGENCE_FILES} == expected
    assert np.abs(other[APS] - finished[1][APS]).to_numpy().max() > 0.01
    for row, old in zip(rows(again / "parts.csv"), before, strict=True):
        for column in ("combination_ap_train", "random_ap_train", "shuffled_ap_train"):
            assert row[column] != old[column]


def test_a_seed_moves_searches_and_intervals_of_the_same_network(folder, tmp_path):
    """The weights stay: the network takes no seed."""
    net = "tests.runs.only_trained:seedless"
    run(folder, tmp_path, net=net, nulls=("shuffled",))
    first = rows(tmp_path / "parts.csv")
    (tmp_path / "options.json").unlink()
    run(folder, tmp_path, net=net, nulls=("shuffled",), seed=SEED + 1)
    second = rows(tmp_path / "parts.csv")
    for column in ("best_filter", "best_filter_ap_val", "prior_ap_train", "prior_ap_val"):
        assert [r[column] for r in first] == [r[column] for r in second]
    for column in (
        "best_filter_ap_val_low",
        "combination_ap_val_high",
        "excess_over_prior_low",
        "shuffled_ap_train",
    ):
        assert [r[column] for r in first] != [r[column] for r in second], column


def test_nulls_added_later_leave_the_evidence_as_it_was(folder, finished, tmp_path, monkeypatch):
    run(folder, tmp_path)
    (tmp_path / "options.json").unlink()
    kept = tree(tmp_path / "cache")
    run(folder, tmp_path, nulls=tuple(NULLS), report=True)
    assert written(tmp_path) == written(finished[0])
    assert kept.items() <= tree(tmp_path / "cache").items()
    # And taken away again, nothing of them is left in the tables.
    (tmp_path / "options.json").unlink()
    for name in (NETWORK, *JUDGING):
        monkeypatch.setattr(name, None)
    run(folder, tmp_path)
    assert not any(
        v for row in rows(tmp_path / "parts.csv") for c, v in row.items() if c[:6] in ("random", "shuffl")
    )


def test_new_weights_behind_an_old_name_are_measured_again(folder, finished, again, monkeypatch):
    other_weights = tiny.network(seed=SEED + 5)
    monkeypatch.setattr(tiny, "network", lambda **_: other_weights)
    other = run(folder, again)
    assert np.abs(other[APS] - finished[1][APS]).to_numpy().max() > 0.01
    figures = ("combination_ap_train", "combination_ap_val")
    for row, old in zip(rows(again / "parts.csv"), rows(finished[0] / "parts.csv"), strict=True):
        assert all(row[f] != old[f] for f in figures)
        assert row["prior_ap_val"] == old["prior_ap_val"]  # which looks at no filter


def test_an_edited_photograph_is_measured_again(folder, finished, again, tmp_path):
    shutil.copytree(folder, tmp_path / "photos")
    for path in sorted((tmp_path / "photos" / "JPEGImages").glob("val*.jpg")):
        Image.fromarray(np.asarray(Image.open(path))[::-1]).save(path)
    other = run(tmp_path / "photos", again)
    before = finished[1]
    assert np.abs(other.ap_val - before.ap_val).max() > 0.01
    np.testing.assert_array_equal(other.ap_train, before.ap_train)
    for row, old in zip(rows(again / "parts.csv"), rows(finished[0] / "parts.csv"), strict=True):
        assert row["combination_ap_train"] == old["combination_ap_train"]
        assert row["combination_ap_val"] != old["combination_ap_val"]


def test_a_moved_part_box_is_judged_again(folder, finished, again, tmp_path, monkeypatch):
    """With the network's results as they are: the photographs are the same."""
    shutil.copytree(folder, tmp_path / "photos")
    path = tmp_path / "photos" / "instances_val.json"
    document = json.loads(path.read_text())
    for annotation in document["annotations"]:
        if annotation["category_id"] == 2:
            annotation["bbox"][0] += 9
    path.write_text(json.dumps(document))
    monkeypatch.setattr(NETWORK, None)
    run(tmp_path / "photos", again)
    for row, old in zip(rows(again / "parts.csv"), rows(finished[0] / "parts.csv"), strict=True):
        changed = {c for c in row if row[c] != old[c]} - {c for c in row if c[:6] in ("random", "shuffl")}
        assert bool(changed & {"combination_ap_val", "prior_ap_val"}) == (row["part"] == "head")
        assert not changed & {"combination", "combination_ap_train", "prior_ap_train"}
