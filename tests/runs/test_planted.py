"""Planted truth through the whole job: known detectors score AP 1.0 and emerge, in every file it writes."""

import dataclasses
import json

import pandas as pd
import pytest

from partsjax.data import shapeparts
from partsjax.data.planted import blind_network, planted_network
from partsjax.emergence.combination import Search
from partsjax.runs import inputs
from partsjax.runs.options import Options
from tests.runs.running import QUICK, asked, number, rows


def measured(workdir, monkeypatch, per_class, **options):
    """parts.csv by (class, part). The untrained network is one that never looks."""
    network = planted_network().network
    network = dataclasses.replace(
        network,
        fields={"blob": network.fields["blob"]},  # the layer that both have
        untrained=lambda seed: blind_network(filters=8),
    )
    monkeypatch.setattr(inputs, "load_network", lambda *_, **__: network)
    monkeypatch.setattr(
        inputs,
        "load_dataset",
        lambda *_, **__: shapeparts.read_shapeparts(seed=4, per_class=per_class, style="planted"),
    )
    search = Search(genetic=QUICK)
    asked(Options(search=search, **options), workdir, report=False)
    return {(row["object_class"], row["part"]): row for row in rows(workdir / "parts.csv")}


@pytest.mark.slow
def test_planted_filters_score_one_and_emerge(tmp_path, monkeypatch):
    planted = planted_network().filters
    parts = measured(tmp_path, monkeypatch, 30, nulls=())
    table = (
        pd.read_parquet(tmp_path / "filters.parquet")
        .set_index(["object_class", "part", "filter"])
        .sort_index()
    )
    assert len(planted) >= 6
    for place, filter_ in planted.items():
        figures = table.loc[*place, filter_]
        assert figures.ap_train == 1 and figures.ap_val == 1, place
        assert table.loc[place].drop(filter_).ap_val.max() < 0.9
        row = parts[place]
        assert row["best_filter"] == row["combination"] == str(filter_)  # of equal sets the smallest
        for column in ("combination_ap_train", "combination_ap_val", "combination_ap_val_low"):
            assert number(row[column]) == 1
        assert number(row["excess_over_prior_low"]) > 0
        assert row["emerges_paper"] == row["emerges_strict"] == "true"
    layer = json.loads((tmp_path / "summary.json").read_text())["layers"]["blob"]
    assert layer["emerging_strict"] >= len(planted)


@pytest.mark.slow
def test_nulls_know_nothing_of_planted_parts(tmp_path, monkeypatch):
    planted = planted_network().filters
    parts = measured(tmp_path, monkeypatch, 14)
    for place, row in parts.items():
        if place in planted:
            assert row["emerges_strict"] == "true" and number(row["combination_ap_val"]) == 1
            for null in ("random", "shuffled"):
                assert number(row[f"{null}_emerges_strict"]) == 0
                assert number(row[f"{null}_ap_val"]) < number(row["combination_ap_val_low"])
    summary = json.loads((tmp_path / "summary.json").read_text())["layers"]["blob"]
    assert [null["emerging_strict"] for null in summary["nulls"].values()] == [[0], [0]]
