"""The tables a run writes: names, types, and that what is not known is empty and never 0."""

import csv
import math

import numpy as np
import pandas as pd

from partsjax.emergence.evidence import Trial
from partsjax.emergence.scoring import Scores
from partsjax.emergence.verdict import UNKNOWN, Estimate, summarize
from partsjax.reporting import files
from tests.reporting.test_terminal import beside, of_layer, verdict


def written(path) -> list[dict[str, str]]:
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def parts_csv(tmp_path, verdicts) -> dict[str, dict[str, str]]:
    files.write_parts(tmp_path / "parts.csv", verdicts)
    return {row["part"]: row for row in written(tmp_path / "parts.csv")}


def test_a_part_in_full(tmp_path):
    head = parts_csv(tmp_path, beside(of_layer("conv1")))["head"]
    assert tuple(head) == files.part_columns(["random", "mixed"]) and all(head.values())
    places = [tuple(head).index(column) for column in ("prior_ap_val", "random_ap_val", "mixed_ap_val")]
    assert places == [places[0], places[0] + 1, places[0] + 2] and tuple(head)[-1] == "mixed_emerges_strict"
    assert head["combination"] == "3;7" and head["best_filter"] == "7"
    assert (head["num_train"], head["num_val"], head["prior_boxes"]) == ("30", "20", "2")
    assert [head[f"combination_ap_val{end}"] for end in ("", "_low", "_high")] == [
        "0.414159",
        "0.374159",
        "0.454159",
    ]
    assert head["excess_over_prior"] == "0.214159" and head["excess_over_one_box"] == "0.314159"
    assert head["median_box_ap_val"] == "0.050000"
    assert (head["random_ap_train"], head["mixed_ap_train"]) == ("0.100000", "0.400000")
    assert (head["emerges_paper"], head["emerges_strict"], head["too_rare"]) == ("true", "true", "false")
    assert head["random_emerges_strict"] == head["mixed_emerges_strict"] == "false"


def test_nothing_found_is_0_and_nothing_known_is_empty(tmp_path):
    rows = parts_csv(tmp_path, of_layer("conv1"))
    assert rows["eye"]["combination_ap_train"] == "0.000000" and rows["eye"]["emerges_paper"] == "false"
    known = {column for column, value in rows["wing"].items() if value}
    assert known == {"layer", "object_class", "part", "num_train", "num_val", "too_rare"}
    hoof = rows["hoof"]  # rare
    assert hoof["too_rare"] == "true" and hoof["emerges_paper"] == hoof["emerges_strict"] == ""
    assert hoof["combination_ap_val"] == "0.500000"


def test_names_that_csv_must_quote_come_back(tmp_path):
    files.write_parts(tmp_path / "x.csv", [verdict("a,b", 'the "left"\nhorn', 0.5, 0.4)])
    (row,) = written(tmp_path / "x.csv")
    assert (row["layer"], row["part"]) == ("a,b", 'the "left"\nhorn')


def test_trials(tmp_path):
    trials = [
        Trial("conv1", "horse", "head", "ga", "activation", (0, 12), 0.5, Estimate(0.4, 0.3, 0.5)),
        Trial("conv1", "horse", "head", "greedy", "calibrated", (4,), 0.0, UNKNOWN),
    ]
    files.write_trials(tmp_path / "combinations.csv", trials)
    rows = written(tmp_path / "combinations.csv")
    assert tuple(rows[0]) == files.TRIAL_COLUMNS
    assert list(rows[0].values())[3:] == [
        "ga",
        "activation",
        "2",
        "0;12",
        "0.500000",
        "0.400000",
        "0.300000",
        "0.500000",
    ]
    assert list(rows[1].values())[3:] == ["greedy", "calibrated", "1", "4", "0.000000", "", "", ""]


def test_filters_by_filter_and_part(tmp_path):
    random = np.random.default_rng(0)
    filters, parts = 3, 2
    values = {name: random.random((filters, parts)).astype(np.float32) for name in files.FILTER_APS}
    values["ap_val"][1, 0] = np.nan
    pairs = np.arange(6, dtype=np.int32).reshape(filters, parts)
    nothing = np.zeros(0, np.float32)
    scores = Scores(**values, num_pairs=pairs, weights=nothing, scale=nothing)
    files.write_filters(
        tmp_path / "f.parquet", [files.ClassScores("conv1", "horse", ("head", "leg"), scores)] * 2
    )
    table = pd.read_parquet(tmp_path / "f.parquet")
    assert len(table) == 2 * filters * parts
    for row in table[:6].itertuples():
        at = row.filter, ("head", "leg").index(row.part)
        assert row.num_pairs == pairs[at] and row.ap_train == values["ap_train"][at]
        assert row.ap_val == values["ap_val"][at] or math.isnan(values["ap_val"][at])
    assert table.ap_val.isna().sum() == 2  # and no other


def test_the_summary_is_plain_json():
    import json

    content = files.emergence_summary(
        "alexnet",
        "imagenet",
        "shapeparts",
        ("horse",),
        {"conv1": summarize(beside(of_layer("conv1"), ["random"]))},
    )
    text = json.dumps(content, allow_nan=False)
    layer = json.loads(text)["layers"]["conv1"]
    assert layer["mean_ap"]["best_filter_unregressed_val"] is None and list(layer["nulls"]) == ["random"]
    assert layer["parts_too_rare"] == ["horse:hoof", "horse:wing"] and layer["parts"] == 4
