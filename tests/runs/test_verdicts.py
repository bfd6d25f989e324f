"""What a run says of each part: its columns against each other, the plain reference and other runs."""

import itertools
import json
import math

import numpy as np
import pytest

from partsjax.emergence.combination import RANKINGS, SEARCHES, Search
from partsjax.emergence.method import Method
from partsjax.emergence.nulls import NULLS
from tests import tiny
from tests.plain import combination as plain
from tests.plain.pipeline import prior_ap
from tests.reporting.test_tables import COMBINATION_COLUMNS, PART_COLUMNS
from tests.runs.plainly import detected, seen
from tests.runs.running import QUICK, SEED, number, rows, run

LAYERS, PARTS = ("conv1", "conv2"), ("head", "foot")
ESTIMATES = (
    "best_filter_ap_val",
    "combination_ap_val",
    "prior_ap_val",
    "excess_over_prior",
    "one_box_ap_val",
    "excess_over_one_box",
    "random_ap_val",
    "shuffled_ap_val",
)
METHOD = Method()
EXACT = 2e-3  # float32 against float64, through a whole run


def members(text: str) -> list[int]:
    return [int(f) for f in text.split(";")]


def trial_of(trials, row, search, score):
    (found,) = [
        t
        for t in trials
        if all(t[c] == row[c] for c in ("layer", "object_class", "part"))
        and (t["search"], t["score"]) == (search, score)
    ]
    return found


def same_set(row, trial):
    assert row["combination"] == trial["filters"] and int(trial["size"]) == len(members(trial["filters"]))
    for end in ("train", "val", "val_low", "val_high"):
        assert row[f"combination_ap_{end}"] == trial[f"ap_{end}"]


@pytest.fixture(scope="module")
def trials(finished):
    return rows(finished[0] / "combinations.csv")


@pytest.fixture(scope="module")
def splits(folder):
    network = tiny.network(seed=SEED)
    return network, [seen(folder, network, split) for split in ("train", "val")]


def test_tables_have_every_part_and_search(parts, trials):
    assert tuple(parts[0]) == PART_COLUMNS and tuple(trials[0]) == COMBINATION_COLUMNS
    assert [(r["layer"], r["part"]) for r in parts] == list(itertools.product(LAYERS, PARTS))
    searched = [(t["layer"], t["part"], t["search"], t["score"]) for t in trials]
    assert searched == list(
        itertools.product(LAYERS, PARTS, SEARCHES, RANKINGS)
    )  # the one asked for is first


def test_columns_agree_with_each_other(parts):
    for row in parts:
        assert number(row["combination_ap_train"]) >= number(row["best_filter_ap_train"]) - 1e-6
        for name in ESTIMATES:
            low, high = number(row[f"{name}_low"]), number(row[f"{name}_high"])
            assert low <= high, name
            least = -1 if name.startswith("excess") else 0
            assert least <= low and high <= 1, name
            assert high - low < 0.5, name  # of 46 objects
        for prior in ("prior", "one_box"):
            excess = number(row["combination_ap_val"]) - number(row[f"{prior}_ap_val"])
            assert number(row[f"excess_over_{prior}"]) == pytest.approx(excess, abs=2e-6)
        paper = number(row["combination_ap_train"]) > Method().emergence_ap
        strict = (
            number(row["combination_ap_val_low"]) > Method().emergence_ap
            and number(row["excess_over_prior_low"]) > 0
        )
        assert row["emerges_paper"] == str(paper).lower()
        assert row["emerges_strict"] == str(strict).lower()
        assert row["too_rare"] == str(int(row["num_val"]) < Method().min_val_boxes).lower() == "false"
        assert members(row["combination"]) == sorted(set(members(row["combination"])))
    assert {row["emerges_strict"] for row in parts} == {"true", "false"}  # both are to be seen here


def test_a_single_filter_is_judged_as_a_set_of_one(parts):
    alone = [r for r in parts if r["combination"] == r["best_filter"]]
    assert alone
    for row in alone:
        for end in ("val", "val_low", "val_high"):
            assert row[f"best_filter_ap_{end}"] == row[f"combination_ap_{end}"]


def test_sets_score_what_the_plain_union_scores(splits, trials):
    """Every set ranked by activation, on train and on unseen images, from the photographs up."""
    network, seen_splits = splits
    for row in (t for t in trials if t["score"] == "activation"):
        for split, column in zip(seen_splits, ("ap_train", "ap_val"), strict=True):
            d = detected(seen_splits[0], split, network, row["layer"], PARTS.index(row["part"]))
            expected = plain.union_ap(d.scores, d.found, members(row["filters"]), d.positives)
            assert number(row[column]) == pytest.approx(expected, abs=EXACT), row


def test_the_interval_is_that_of_the_plain_bootstrap(splits, parts):
    """Another generator and fewer resamples: the ends agree within their own error."""
    network, (train, val) = splits
    row = next(r for r in parts if (r["layer"], r["part"]) == ("conv1", "foot"))
    d = detected(train, val, network, "conv1", 1)
    listed = plain.detections(d.scores, d.found, members(row["combination"]))
    random = np.random.default_rng(0)
    images = np.unique(val.images)
    values = [
        plain.resampled_ap(listed, d.positives, val.images, random.choice(images, len(images)))
        for _ in range(200)
    ]
    low, high = np.percentile(values, [2.5, 97.5])
    width = high - low
    assert number(row["combination_ap_val_low"]) == pytest.approx(low, abs=0.3 * width)
    assert number(row["combination_ap_val_high"]) == pytest.approx(high, abs=0.3 * width)


def test_priors_equal_the_plain_ones(splits, parts):
    train, val = (s.truth for s in splits[1])
    for row in parts:
        part = PARTS.index(row["part"])
        assert number(row["median_box_ap_val"]) == pytest.approx(prior_ap(train, val, part), abs=1e-6)
        boxes = np.concatenate([crop[part] for crop in train])
        mean = plain.fixed_boxes_ap(boxes.mean(axis=0)[None], [crop[part] for crop in train])
        weaker = max(prior_ap(train, train, part), mean)
        assert number(row["one_box_ap_train"]) >= weaker - 1e-6
        assert number(row["prior_ap_train"]) >= number(row["one_box_ap_train"]) - 1e-6
        if row["prior_boxes"] != "1":
            assert number(row["prior_ap_train"]) > number(row["one_box_ap_train"])
    for column in ("prior_boxes", "prior_ap_val_low", "one_box_ap_train", "median_box_ap_val"):
        assert [r[column] for r in parts[:2]] == [r[column] for r in parts[2:]]  # no filter was looked at


@pytest.mark.slow
def test_verdicts_are_of_the_search_asked_for(folder, finished, parts, trials, tmp_path):
    """Another is first in its run, and what each finds does not depend on which is first."""
    for row in parts:
        same_set(row, trial_of(trials, row, "ga", "activation"))
    run(folder, tmp_path, search=Search("greedy", "calibrated", genetic=QUICK))
    others, their_trials = rows(tmp_path / "parts.csv"), rows(tmp_path / "combinations.csv")
    assert (their_trials[0]["search"], their_trials[0]["score"]) == ("greedy", "calibrated")
    for row, other in zip(parts, others, strict=True):
        same_set(other, trial_of(their_trials, other, "greedy", "calibrated"))
        assert row["best_filter_ap_val"] == other["best_filter_ap_val"]
    assert {frozenset(t.items()) for t in trials} == {frozenset(t.items()) for t in their_trials}
    assert [r["combination"] for r in parts] != [r["combination"] for r in others]


def test_searches_differ_where_they_should(trials):
    found = {
        (t["layer"], t["part"], t["search"], t["score"]): (members(t["filters"]), number(t["ap_train"]))
        for t in trials
    }
    calibrated, ways = 0, 0
    for layer, part in itertools.product(LAYERS, PARTS):
        ga, greedy, other = (
            found[layer, part, *how]
            for how in (("ga", "activation"), ("greedy", "activation"), ("ga", "calibrated"))
        )
        ways += ga[0] != greedy[0]
        calibrated += len(ga[0]) > 1 and ga[0] == other[0] and ga[1] != other[1]
    assert ways and calibrated


@pytest.mark.slow
def test_nms_across_members_equals_the_plain_one(folder, splits, parts, tmp_path):
    network, seen_splits = splits
    run(folder, tmp_path, search=Search(union_nms=True, genetic=QUICK))
    changed = 0
    for row, without in zip(rows(tmp_path / "parts.csv"), parts, strict=True):
        for split, column in zip(seen_splits, ("train", "val"), strict=True):
            d = detected(seen_splits[0], split, network, row["layer"], PARTS.index(row["part"]))
            listed = plain.detections(d.scores, d.found, members(row["combination"]))
            kept = plain.without_repeats(listed, lambda f, n, k, d=d: d.boxes[f, k, n])
            expected = plain.list_ap(kept, d.positives)
            assert number(row[f"combination_ap_{column}"]) == pytest.approx(expected, abs=EXACT)
            changed += len(kept) < len(listed) and row["combination"] == without["combination"]
        assert number(row["combination_ap_train"]) >= number(row["best_filter_ap_train"]) - 1e-6
    assert changed


def test_the_summary_adds_up_the_parts(finished, parts):
    summary = json.loads((finished[0] / "summary.json").read_text())
    assert list(summary["layers"]) == list(LAYERS)
    for layer, of_layer in summary["layers"].items():
        here = [r for r in parts if r["layer"] == layer]

        def mean(column, here=here):
            return pytest.approx(np.mean([number(r[column]) for r in here]), abs=2e-6)

        def over(column, here=here):
            return sum(number(r[column]) > Method().emergence_ap for r in here)

        assert of_layer["parts"] == 2 and of_layer["parts_too_rare"] == []
        for what in ("paper", "strict"):
            assert of_layer[f"emerging_{what}"] == sum(r[f"emerges_{what}"] == "true" for r in here)
        assert of_layer["prior_emerging_paper"] == over("prior_ap_train")
        assert list(of_layer["nulls"]) == list(NULLS)
        for null, found in of_layer["nulls"].items():
            assert found["emerging_paper"] == over(f"{null}_ap_train")
            assert found["emerging_strict"] == sum(r[f"{null}_emerges_strict"] == "true" for r in here)
            assert found["mean_ap_train"] == mean(f"{null}_ap_train")
            assert found["mean_ap_val"] == mean(f"{null}_ap_val")
        for what in ("best_filter", "combination", "prior"):
            for split in ("train", "val"):
                assert of_layer["mean_ap"][f"{what}_{split}"] == mean(f"{what}_ap_{split}")
        for box in ("one_box", "median_box"):
            assert of_layer["mean_ap"][f"{box}_val"] == mean(f"{box}_ap_val")
        sure = [r for r in here if number(r["combination_ap_val_low"]) > Method().emergence_ap]
        beyond = sum(number(r["excess_over_one_box_low"]) > 0 for r in sure)
        assert of_layer["emerging_strict_one_box"] == beyond
        assert of_layer["strict_by_chance"] == 0.05
        assert not any(isinstance(v, float) and math.isnan(v) for v in of_layer["mean_ap"].values())
        unregressed = finished[1][finished[1].layer == layer]
        bests = unregressed.loc[unregressed.groupby("part").ap_train_unregressed.idxmax()]
        for split in ("train", "val"):
            column = f"ap_{split}_unregressed"
            found = of_layer["mean_ap"][f"best_filter_unregressed_{split}"]
            assert found == pytest.approx(bests[column].mean(), abs=1e-5)


@pytest.mark.slow
def test_a_rare_part_is_listed_and_not_judged(folder, tmp_path):
    run(folder, tmp_path, limit=4)  # 4 heads, 8 feet
    for row in rows(tmp_path / "parts.csv"):
        assert row["too_rare"] == "true"
        assert row["emerges_paper"] == row["emerges_strict"] == ""
        assert row["combination_ap_val"] and row["prior_ap_val"]  # measured all the same
    summary = json.loads((tmp_path / "summary.json").read_text())["layers"]["conv2"]
    assert summary["parts"] == 0 and summary["parts_too_rare"] == ["beast:head", "beast:foot"]
    assert set(summary["mean_ap"].values()) == {None}
