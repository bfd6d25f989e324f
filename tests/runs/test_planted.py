"""Planted truth through the whole job: known detectors score AP 1.0, in every file it writes."""

import csv

import pandas as pd
import pytest

from partsjax.data import shapeparts
from partsjax.data.planted import planted_network
from partsjax.reporting.terminal import Terminal
from partsjax.runs import emergence
from partsjax.runs.execution import Execution


@pytest.mark.slow
def test_planted_filters_score_one_on_train_and_unseen_images(tmp_path, monkeypatch):
    planted = planted_network()
    monkeypatch.setattr(emergence, "load_network", lambda *_, **__: planted.network)
    monkeypatch.setattr(
        emergence, "load_dataset", lambda *_, **__: shapeparts.read(seed=4, per_class=30, style="planted")
    )
    emergence.measure(emergence.Options(), Execution(tmp_path), Terminal(quiet=True))
    table = (
        pd.read_parquet(tmp_path / "filters.parquet")
        .set_index(["object_class", "part", "filter"])
        .sort_index()
    )
    with open(tmp_path / "parts.csv") as file:
        best = {(row["object_class"], row["part"]): row for row in csv.DictReader(file)}
    assert len(planted.filters) >= 6
    for (object_class, part), filter_ in planted.filters.items():
        row = table.loc[object_class, part, filter_]
        assert row.ap_train == 1 and row.ap_val == 1, (object_class, part)
        assert int(best[object_class, part]["best_filter"]) == filter_
        others = table.loc[object_class, part].drop(filter_)
        assert others.ap_val.max() < 0.9
