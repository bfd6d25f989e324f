"""The tables a run writes: names, types, and that what is not known is empty and never 0."""

import csv
import dataclasses
import math

import numpy as np
import pandas as pd

from partsjax.emergence.drift import Drift
from partsjax.emergence.evidence import Trial
from partsjax.emergence.iou import FilterIou
from partsjax.emergence.scoring import Scores
from partsjax.emergence.summary import summarize
from partsjax.emergence.verdict import UNKNOWN, Estimate
from partsjax.reporting import tables
from partsjax.reporting.rows import write_table
from tests.cli.test_terminal import beside, of_layer, verdict

PART_COLUMNS = (
    "layer", "object_class", "part", "num_train", "num_val", "best_filter", "best_filter_ap_train",
    "best_filter_ap_val", "best_filter_ap_val_low", "best_filter_ap_val_high", "combination",
    "combination_ap_train", "combination_ap_val", "combination_ap_val_low", "combination_ap_val_high",
    "prior_ap_train", "prior_ap_val", "prior_ap_val_low", "prior_ap_val_high", "excess_over_prior",
    "excess_over_prior_low", "excess_over_prior_high", "list_prior_ap_train", "list_prior_ap_val",
    "list_prior_ap_val_low", "list_prior_ap_val_high", "excess_over_list_prior",
    "excess_over_list_prior_low", "excess_over_list_prior_high", "p_value", "q_value", "beyond_place",
    "emerges_paper", "emerges_strict", "too_rare", "random_ap_train", "random_ap_val", "random_ap_val_low",
    "random_ap_val_high", "random_beyond_place", "random_emerges_strict", "mixed_ap_train", "mixed_ap_val",
    "mixed_ap_val_low", "mixed_ap_val_high", "mixed_beyond_place", "mixed_emerges_strict", "where",
    "where_low", "where_high", "whether", "whether_low", "whether_high", "hit_rate", "prior_hit_rate",
    "coverage_train", "mean_area", "drift_train", "drift_val",
)  # fmt: skip
COMBINATION_COLUMNS = (
    "layer", "object_class", "part", "search", "score", "size", "filters", "ap_train", "ap_val",
    "ap_val_low", "ap_val_high",
)  # fmt: skip


def written(path) -> list[dict[str, str]]:
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def parts_csv(tmp_path, verdicts) -> dict[str, dict[str, str]]:
    write_table(tmp_path / "parts.csv", tables.parts_table(verdicts))
    return {row["part"]: row for row in written(tmp_path / "parts.csv")}


def test_a_part_in_full(tmp_path):
    drifts = (Drift("train", 0.65, 0.03, 1e-9), Drift("val", 0.2, 0.45, 1e-9))
    of_head = dataclasses.replace(of_layer("conv1")[0], drifts=drifts)
    head = parts_csv(tmp_path, beside([of_head]))["head"]
    assert tuple(head) == PART_COLUMNS
    assert all(head.values())
    assert head["combination"] == "3;7" and head["best_filter"] == "7"
    assert (head["num_train"], head["num_val"]) == ("30", "20")
    assert [head[f"combination_ap_val{end}"] for end in ("", "_low", "_high")] == [
        "0.414159",
        "0.374159",
        "0.454159",
    ]
    assert head["excess_over_prior"] == "0.214159" and head["excess_over_list_prior"] == "0.314159"
    assert (head["prior_ap_val"], head["list_prior_ap_val"]) == ("0.200000", "0.100000")
    assert (head["p_value"], head["q_value"], head["beyond_place"]) == ("0.001000", "0.001000", "true")
    assert (head["random_ap_train"], head["mixed_ap_train"]) == ("0.100000", "0.400000")
    assert (head["emerges_paper"], head["emerges_strict"], head["too_rare"]) == ("true", "true", "false")
    assert [head[f"where{end}"] for end in ("", "_low", "_high")] == ["0.120000", "0.080000", "0.150000"]
    assert (head["drift_train"], head["drift_val"]) == ("-0.620000", "0.250000")


def test_a_nulls_columns_are_shares_of_its_seeds(tmp_path):
    rows = parts_csv(tmp_path, beside(of_layer("conv1")))
    assert (
        rows["eye"]["mixed_beyond_place"] == "0.500000" and rows["eye"]["random_beyond_place"] == "0.000000"
    )
    assert rows["hoof"]["mixed_beyond_place"] == rows["hoof"]["mixed_emerges_strict"] == ""  # rare


def test_nothing_found_is_0_and_nothing_known_is_empty(tmp_path):
    rows = parts_csv(tmp_path, of_layer("conv1"))
    assert rows["eye"]["combination_ap_train"] == "0.000000" and rows["eye"]["emerges_paper"] == "false"
    assert rows["eye"]["drift_train"] == "" and rows["muzzle"]["drift_train"] == "-0.620000"
    known = {column for column, value in rows["wing"].items() if value}
    assert known == {"layer", "object_class", "part", "num_train", "num_val", "too_rare"}
    hoof = rows["hoof"]  # rare
    assert hoof["too_rare"] == "true" and hoof["q_value"] == ""
    assert hoof["beyond_place"] == hoof["emerges_paper"] == hoof["emerges_strict"] == ""
    assert hoof["combination_ap_val"] == "0.500000"


def test_frames_hold_exact_values_and_know_what_is_missing():
    exact = verdict("conv1", "head", 1 / 3, 2 / 7)
    table = tables.parts_table([exact, *of_layer("conv1")[3:5]])
    head, hoof, wing = (table.loc[i] for i in range(3))
    assert head.combination_ap_train == 1 / 3 and head.combination_ap_val == 2 / 7
    assert head.combination == (3, 7) and wing.combination == ()
    assert head.emerges_paper and hoof.emerges_paper is pd.NA and hoof.too_rare
    assert (
        wing.best_filter is pd.NA
        and math.isnan(wing.prior_ap_val)
        and wing.beyond_place is pd.NA
        and table.best_filter.sum() == 14
    )
    nothing = tables.combinations_table([])
    assert not len(nothing) and tuple(nothing) == COMBINATION_COLUMNS


def test_names_that_csv_must_quote_come_back(tmp_path):
    write_table(tmp_path / "x.csv", tables.parts_table([verdict("a,b", 'the "left"\nhorn', 0.5, 0.4)]))
    (row,) = written(tmp_path / "x.csv")
    assert (row["layer"], row["part"]) == ("a,b", 'the "left"\nhorn')


def test_trials(tmp_path):
    trials = [
        Trial("conv1", "horse", "head", "ga", "activation", (0, 12), 0.5, Estimate(0.4, 0.3, 0.5)),
        Trial("conv1", "horse", "head", "greedy", "calibrated", (4,), 0.0, UNKNOWN),
    ]
    write_table(tmp_path / "combinations.csv", tables.combinations_table(trials))
    rows = written(tmp_path / "combinations.csv")
    assert tuple(rows[0]) == COMBINATION_COLUMNS
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
    values = {name: random.random((filters, parts)).astype(np.float32) for name in tables.FILTER_APS}
    values["ap_val"][1, 0] = np.nan
    pairs = np.arange(6, dtype=np.int32).reshape(filters, parts)
    nothing = np.zeros(0, np.float32)
    scores = Scores(**values, num_pairs=pairs, weights=nothing, scale=nothing)
    head, leg = (
        verdict("conv1", part, 0.5, 0.4, combination=(0,), best_filter=2) for part in ("head", "leg")
    )
    verdicts = [head, dataclasses.replace(leg, q_value=0.2)]  # not beyond place
    iou = FilterIou(nothing, *random.random((2, filters, parts)).astype(np.float32))
    assert "iou_val" not in tables.filters_table([(verdicts, scores, None)])
    exact = tables.filters_table([(verdicts, scores, iou)] * 2)
    tables.write_filters(tmp_path / "f.parquet", exact)
    table = pd.read_parquet(tmp_path / "f.parquet")
    pd.testing.assert_frame_equal(table, exact)
    types = {
        "filter": "int32",
        "num_pairs": "int32",
        "serves": "bool",
        **dict.fromkeys(tables.FILTER_APS, "float32"),
    }
    assert {name: str(table.dtypes[name]) for name in types} == types
    assert len(table) == 2 * filters * parts
    assert table.serves.tolist() == [True, False, False, False, True, False] * 2
    for row in table[:6].itertuples():
        at = row.filter, ("head", "leg").index(row.part)
        assert row.num_pairs == pairs[at] and row.ap_train == values["ap_train"][at]
        assert (row.iou_train, row.iou_val) == (iou.train[at], iou.val[at])
        assert row.ap_val == values["ap_val"][at] or math.isnan(values["ap_val"][at])
    assert table.ap_val.isna().sum() == 2  # and no other


def test_the_summary_is_plain_json():
    import json

    content = tables.emergence_summary(
        "alexnet",
        "imagenet",
        "shapeparts",
        ("horse",),
        {"conv1": summarize(beside(of_layer("conv1"), ["random"]))},
    )
    text = json.dumps(content, allow_nan=False)
    layer = json.loads(text)["layers"]["conv1"]
    assert layer["mean_ap"]["best_filter_unregressed_val"] is None and list(layer["nulls"]) == ["random"]
    assert layer["beyond_place"] == 2 and layer["nulls"]["random"]["beyond_place"] == [0]
    assert layer["parts_too_rare"] == ["horse:hoof", "horse:wing"] and layer["parts"] == 4
