"""Runs that hold descriptions against the truth: what is tested, kept, written, and asked again later."""

import json

import numpy as np
import pandas as pd
import pytest

import partsjax as pj
from partsjax.emergence.genetic import Genetic
from partsjax.runs import evidence_stage, network_stages
from partsjax.runs.options import Options
from tests import tiny
from tests.runs.running import asked, rows

QUICK = pj.Search("greedy", genetic=Genetic(population=10, generations=2))
SAID = pd.DataFrame(
    [
        ("conv1", 0, "a beast's head"),
        ("conv1", 1, "foot"),
        ("conv2", 2, "sky"),
        ("conv2", 3, "heads, and feet or a foot, of beasts"),
        ("conv2", 4, "a beast"),
    ],
    columns=["layer", "unit", "description"],
)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return pj.load_dataset("coco_parts", tiny.write_folder(tmp_path_factory.mktemp("data"), images=12))


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


def measured(dataset, **more):
    settings = {
        "search": QUICK,
        "nulls": (),
        "progress": False,
        "batch_size": 8,
        "descriptions": SAID,
        **more,
    }
    return pj.measure(tiny.network(), dataset, **settings)


@pytest.fixture(scope="module")
def found(dataset, cache):
    return measured(dataset, cache=cache)


@pytest.mark.slow
def test_figures_are_those_of_all_filters(found):
    table = found.described.table
    named = table.dropna(subset="part").set_index(["layer", "filter", "object_class", "part"])
    filters = found.filters.set_index(named.index.names).loc[named.index]
    for column in ("ap_train", "ap_val"):
        np.testing.assert_array_equal(named[column], filters[column])
    assert table.part.fillna("").tolist() == ["head", "foot", "", "head", "foot", ""]
    assert found.described.unmatched == {"sky": 1}
    assert found.described.layers.of_a_part.tolist() == [2, 1]
    assert repr(found.described) == "<Described: 5 descriptions, 3 of a part>"


@pytest.mark.slow
def test_a_filter_that_is_the_set_of_a_part_has_the_sets_excess(dataset, found, cache):
    """To the last digit: it is the same detector."""
    alone = [v for v in found.verdicts if len(v.combination) == 1]
    said = pd.DataFrame([(v.layer, v.best_filter, v.part) for v in alone], columns=SAID.columns)
    table = measured(dataset, cache=cache, descriptions=said).described.table
    assert len(alone) > 1
    for v, row in zip(alone, table.itertuples(), strict=True):
        ours = row.excess_over_prior, row.excess_over_prior_low, row.excess_over_prior_high
        assert ours == tuple(v.excess) and row.p_value == v.prior.p_value


@pytest.mark.slow
def test_it_is_read_again_and_other_descriptions_have_no_intervals(found, tmp_path):
    found.save(tmp_path)
    again = pj.read(tmp_path)
    pd.testing.assert_frame_equal(again.described.table, found.described.table)
    assert len(rows(tmp_path / "descriptions.csv")) == 6
    said = pd.DataFrame([("conv1", 0, "head"), ("conv1", 2, "head")], columns=SAID.columns)
    other = again.describe(said).table
    assert other.ap_val.notna().all() and other.excess_over_prior.notna().all()
    assert (
        other.excess_over_prior_low.notna().tolist() == other.beyond_place.notna().tolist() == [True, False]
    )
    with pytest.raises(pj.InputError, match="row 1: unit 6 of layer conv1, which has 6; give 0 to 5"):
        again.describe(said.assign(unit=[0, 6]))


@pytest.mark.slow
def test_what_was_tested_is_not_tested_again(dataset, found, cache, monkeypatch):
    measured(dataset, cache=cache)  # a cache keeps the tests asked for last
    monkeypatch.setattr(evidence_stage, "filter_tests", None)
    monkeypatch.setattr(network_stages, "extractor", None)
    pd.testing.assert_frame_equal(measured(dataset, cache=cache).described.table, found.described.table)


def test_descriptions_are_checked_before_anything_is_measured(dataset, monkeypatch):
    monkeypatch.setattr(network_stages, "extractor", None)
    with pytest.raises(pj.InputError, match="row 0: layer 'conv3' is not measured; did you mean 'conv"):
        measured(dataset, descriptions=SAID.assign(layer="conv3"))
    with pytest.raises(pj.InputError, match="row 2: unit 5 of layer conv2, which has 5; give 0 to 4"):
        measured(dataset, descriptions=SAID.assign(unit=5))


@pytest.mark.slow
def test_a_run_finished_without_its_stimuli_tests_other_descriptions(tmp_path):
    """The network runs again; verdicts stay as they were."""
    folder, path = tiny.write_folder(tmp_path / "photos", images=8), tmp_path / "units.csv"
    options = Options(
        net="tests.tiny:network", dataset="coco_parts", data_dir=str(folder), search=QUICK, nulls=(),
        descriptions=str(path),
    )  # fmt: skip
    SAID.iloc[:1].to_csv(path, index=False)
    asked(options, tmp_path / "W", report=False, batch_size=8, keep="evidence")
    before = (tmp_path / "W/parts.csv").read_bytes()
    SAID.iloc[1:2].to_csv(path, index=False)
    asked(options, tmp_path / "W", report=False, batch_size=8, keep="evidence")
    (row,) = rows(tmp_path / "W/descriptions.csv")
    assert row["part"] == "foot" and row["excess_over_prior_low"] and row["q_value"] == row["p_value"]
    assert (tmp_path / "W/parts.csv").read_bytes() == before
    assert "descriptions.csv" in json.loads((tmp_path / "W/manifest.json").read_text())["files"]
