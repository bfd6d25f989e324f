"""What a run says of each part: its columns against each other, the plain reference and other runs."""

import itertools
import json
import math

import numpy as np
import pytest
from scipy.special import ndtri

from partsjax.emergence.combination import RANKINGS, SEARCHES, Search
from partsjax.emergence.method import Method
from partsjax.emergence.nulls import NULLS
from tests import tiny
from tests.plain import combination as plain
from tests.plain import place_prior as priors
from tests.plain import verdict as judging
from tests.reporting.test_tables import COMBINATION_COLUMNS, PART_COLUMNS
from tests.runs.plainly import detected, seen
from tests.runs.running import QUICK, SEED, number, rows, run

LAYERS, PARTS = ("conv1", "conv2"), ("head", "foot")
ESTIMATES = (
    "best_filter_ap_val",
    "combination_ap_val",
    "prior_ap_val",
    "excess_over_prior",
    "list_prior_ap_val",
    "excess_over_list_prior",
    "where",
    "whether",
    *(f"{null}_ap_val" for null in NULLS),
)
METHOD = Method()
EXACT = 2e-3  # float32 against float64, through a whole run
IN_OTHER_ORDERS = 0.02  # a prior's ties in other random orders, and other centers of k-means


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
    of_nulls = [c.replace("random", null) for null in NULLS for c in PART_COLUMNS if c.startswith("random")]
    others = [c for c in PART_COLUMNS if not c.startswith(("random", "mixed"))]
    assert sorted(parts[0]) == sorted([*others, *of_nulls]) and tuple(trials[0]) == COMBINATION_COLUMNS
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
            least = 0 if name.endswith("ap_val") else -1
            assert least <= low and high <= 1, name
            assert high - low < 0.5, name  # of 46 objects
        for prior in ("prior", "list_prior"):
            excess = number(row["combination_ap_val"]) - number(row[f"{prior}_ap_val"])
            assert number(row[f"excess_over_{prior}"]) == pytest.approx(excess, abs=2e-6)
        both = number(row["where"]) + number(row["whether"])
        assert number(row["excess_over_list_prior"]) == pytest.approx(both, abs=3e-6)
        paper = number(row["combination_ap_train"]) > Method().emergence_ap
        beyond = number(row["q_value"]) <= Method().false_discovery_rate
        strict = beyond and number(row["combination_ap_val_low"]) > Method().emergence_ap
        assert row["emerges_paper"] == str(paper).lower()
        assert row["beyond_place"] == str(beyond).lower()
        assert row["emerges_strict"] == str(strict).lower()
        assert row["too_rare"] == str(int(row["num_val"]) < Method().min_val_boxes).lower() == "false"
        assert members(row["combination"]) == sorted(set(members(row["combination"])))
        for share in ("hit_rate", "prior_hit_rate", "coverage_train", "mean_area"):
            assert 0 < number(row[share]) <= 1
    assert {row["emerges_strict"] for row in parts} == {"true", "false"}  # both are to be seen here


def test_q_values_are_of_all_parts_and_layers_of_the_run(parts):
    expected = judging.q_values([number(row["p_value"]) for row in parts])
    assert [number(row["q_value"]) for row in parts] == pytest.approx(expected, abs=2e-6)


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


@pytest.fixture(scope="module")
def judged(splits, parts):
    """The plain verdict on each row's set, with its AP and coverage on train, and the place prior's train AP.

    From other resamples, and fewer of them.
    """
    network, (train, val) = splits
    images, random = np.unique(val.images), np.random.default_rng(0)
    draws = [random.choice(images, len(images)) for _ in range(200)]
    apart = [priors.distances(train.covariates, split.covariates) for split in (train, val)]
    verdicts = []
    for row in parts:
        part = PARTS.index(row["part"])
        known, unseen = ([crop[part] for crop in split.truth] for split in (train, val))
        _, place_train, place = priors.chosen_place_prior(*apart, known)
        sets = [
            detected(train, split, network, row["layer"], part).union(members(row["combination"]))
            for split in (train, val)
        ]
        verdict = judging.judge(sets[1], place, priors.list_prior(known), unseen, val.images, draws)
        verdicts.append((row, verdict, judging.coverage(sets[0][0], known), place_train))
    return verdicts


def test_a_set_is_judged_as_by_the_plain_method(judged):
    for row, plainly, coverage, place_train in judged:
        for name, figure in (("combination_ap_val", plainly.ap[0]), ("hit_rate", plainly.hit_rate)):
            assert number(row[name]) == pytest.approx(figure, abs=EXACT), name
        assert number(row["coverage_train"]) == pytest.approx(coverage, abs=EXACT)
        for name, figure in (
            ("prior_ap_train", place_train),
            ("prior_ap_val", plainly.place_ap),
            ("list_prior_ap_val", plainly.list_ap),
            ("excess_over_prior", plainly.excess[0]),
            ("where", plainly.where[0]),
            ("whether", plainly.whether[0]),
            ("prior_hit_rate", plainly.place_hit_rate),
        ):
            assert number(row[name]) == pytest.approx(figure, abs=IN_OTHER_ORDERS), name


def test_intervals_are_those_of_the_plain_bootstrap(judged):
    """Another generator and fewer resamples: the ends agree within their own error."""
    for row, plainly, *_ in judged:
        for name, (_, low, high), of_ties in (
            ("combination_ap_val", plainly.ap, 0.0),
            ("excess_over_prior", plainly.excess, IN_OTHER_ORDERS),
            ("where", plainly.where, IN_OTHER_ORDERS),
            ("whether", plainly.whether, IN_OTHER_ORDERS),
        ):
            near = 0.3 * (high - low) + of_ties
            assert number(row[f"{name}_low"]) == pytest.approx(low, abs=near), name
            assert number(row[f"{name}_high"]) == pytest.approx(high, abs=near), name
        p_values = number(row["p_value"]), plainly.p_value
        ours, other = ndtri(np.clip(p_values, 0.005, 0.995))
        assert ours == pytest.approx(other, abs=0.5)


def test_priors_look_at_no_filter(parts):
    for column in ("prior_ap_train", "prior_ap_val_low", "list_prior_ap_val", "prior_hit_rate", "mean_area"):
        assert [r[column] for r in parts[:2]] == [r[column] for r in parts[2:]]


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
        for what, column in (
            ("emerging_paper", "emerges_paper"),
            ("emerging_strict", "emerges_strict"),
            ("beyond_place", "beyond_place"),
        ):
            assert of_layer[what] == sum(r[column] == "true" for r in here)
        assert of_layer["below_place"] == sum(number(r["excess_over_prior_high"]) < 0 for r in here)
        assert of_layer["covered"] == sum(number(r["coverage_train"]) > 0.5 for r in here)
        assert of_layer["prior_emerging_paper"] == over("prior_ap_train")
        assert list(of_layer["nulls"]) == list(NULLS)
        for null, found in of_layer["nulls"].items():
            assert found["seeds"] == 1
            assert found["emerging_paper"] == [over(f"{null}_ap_train")]
            for what, column in (("beyond_place", "beyond_place"), ("emerging_strict", "emerges_strict")):
                assert found[what] == [sum(number(r[f"{null}_{column}"]) for r in here)]
            assert found["mean_ap_train"] == mean(f"{null}_ap_train")
            assert found["mean_ap_val"] == mean(f"{null}_ap_val")
        for what in ("best_filter", "combination", "prior", "list_prior"):
            for split in ("train", "val"):
                assert of_layer["mean_ap"][f"{what}_{split}"] == mean(f"{what}_ap_{split}")
        for what in ("where", "whether", "hit_rate", "prior_hit_rate"):
            assert of_layer[f"mean_{what}"] == mean(what)
        serving = finished[1][(finished[1].layer == layer) & finished[1].serves]
        several = serving.groupby("filter").part.count()
        assert of_layer["sharing"]["filters"] == len(several)
        assert of_layer["sharing"]["several_parts"] == (several > 1).sum()
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
        assert row["beyond_place"] == row["emerges_paper"] == row["emerges_strict"] == row["q_value"] == ""
        assert row["combination_ap_val"] and row["prior_ap_val"]  # measured all the same
    summary = json.loads((tmp_path / "summary.json").read_text())["layers"]["conv2"]
    assert summary["parts"] == 0 and summary["parts_too_rare"] == ["beast:head", "beast:foot"]
    assert set(summary["mean_ap"].values()) == {None}
