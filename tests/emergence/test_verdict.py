"""Criteria, thresholds, rare parts, nulls, and what a layer adds up to."""

import dataclasses
import math

import numpy as np
import pytest

from partsjax.emergence.method import Method
from partsjax.emergence.verdict import (
    UNKNOWN,
    Estimate,
    NullSummary,
    NullVerdict,
    Verdict,
    best_unregressed,
    summarize,
)

NAN = math.nan
SURE, UNSURE = Estimate(0.5, 0.35, 0.6), Estimate(0.5, 0.25, 0.6)


def verdict(**changes) -> Verdict:
    fields = {
        "layer": "conv5",
        "object_class": "horse",
        "part": "head",
        "num_train": 50,
        "num_val": 40,
        "best_filter": 3,
        "best_filter_ap_train": 0.4,
        "best_filter_ap_val": Estimate(0.35, 0.3, 0.4),
        "combination": (3, 8),
        "combination_ap_train": 0.6,
        "combination_ap_val": SURE,
        "prior_boxes": 2,
        "prior_ap_train": 0.2,
        "prior_ap_val": Estimate(0.2, 0.1, 0.3),
        "excess": Estimate(0.3, 0.1, 0.4),
        "one_box_ap_train": 0.15,
        "one_box_ap_val": Estimate(0.15, 0.1, 0.2),
        "one_box_excess": Estimate(0.35, 0.15, 0.45),
        "median_box_ap_val": 0.1,
    }
    return Verdict(**fields | changes)


NOT_FITTED = verdict(
    part="wing",
    num_train=0,
    best_filter=None,
    best_filter_ap_train=NAN,
    best_filter_ap_val=UNKNOWN,
    combination=(),
    combination_ap_train=NAN,
    combination_ap_val=UNKNOWN,
    prior_boxes=0,
    prior_ap_train=NAN,
    prior_ap_val=UNKNOWN,
    excess=UNKNOWN,
    one_box_ap_train=NAN,
    one_box_ap_val=UNKNOWN,
    one_box_excess=UNKNOWN,
    median_box_ap_val=NAN,
)


@pytest.mark.parametrize(
    ("ap_train", "ap_val", "excess", "paper", "strict"),
    [
        (0.6, SURE, Estimate(0.3, 0.1, 0.4), True, True),
        (0.6, UNSURE, Estimate(0.3, 0.1, 0.4), True, False),  # surely over its prior, not over 0.30
        (0.6, SURE, Estimate(0.3, -0.1, 0.4), True, False),  # surely over 0.30, not over its prior
        (0.2, SURE, Estimate(0.3, 0.1, 0.4), False, True),
        (0.3, Estimate(0.5, 0.3, 0.6), Estimate(0.3, 0.0, 0.4), False, False),  # over means over
        (NAN, UNKNOWN, UNKNOWN, False, False),
    ],
)
def test_what_emerges(ap_train, ap_val, excess, paper, strict):
    one = verdict(combination_ap_train=ap_train, combination_ap_val=ap_val, excess=excess)
    assert (one.emerges_paper, one.emerges_strict) == (paper, strict)


@pytest.mark.parametrize(
    ("ap_val", "low", "emerges"),
    [(SURE, 0.01, True), (SURE, 0.0, False), (UNSURE, 0.01, False), (Estimate(0.5, 0.3, 0.6), 0.01, False)],
)
def test_against_one_box_the_same_is_asked_of_the_excess_over_it(ap_val, low, emerges):
    one = verdict(combination_ap_val=ap_val, one_box_excess=Estimate(0.3, low, 0.4), excess=UNKNOWN)
    assert one.emerges_strict_one_box == emerges and not one.emerges_strict


def test_rare_and_not_fitted_parts_are_not_judged():
    assert verdict(num_val=10).judged and not verdict(num_val=10).rare
    assert verdict(num_val=9).rare and not verdict(num_val=9).judged
    assert not NOT_FITTED.rare and not NOT_FITTED.judged


def test_what_is_not_known_of_a_part_is_empty():
    nothing = Verdict("conv5", "horse", "wing", 0, 40, None)
    assert repr(nothing) == repr(NOT_FITTED)
    assert not nothing.nulls and not summarize([nothing]).nulls


def null(ap_train, ap_val=UNSURE, paper=False, strict=False) -> NullVerdict:
    return NullVerdict("some words", ap_train, ap_val, paper, strict)


def test_thresholds_are_those_of_the_verdict_s_method():
    one = verdict(combination_ap_train=0.4, combination_ap_val=Estimate(0.5, 0.35, 0.6), num_val=5)
    assert one.emerges_paper and one.emerges_strict and one.emerges_strict_one_box and one.rare
    other = dataclasses.replace(one, emergence_ap=0.45, min_val_boxes=5, prior_ap_train=0.46)
    assert not (other.emerges_paper or other.emerges_strict or other.emerges_strict_one_box or other.rare)
    assert other.prior_emerges_paper and not one.prior_emerges_paper
    summary = summarize([other])
    assert (summary.parts, summary.emerging_paper, summary.prior_emerging_paper) == (1, 0, 1)
    assert (summary.emergence_ap, summary.min_val_boxes) == (0.45, 5)
    assert (one.emergence_ap, one.min_val_boxes) == (Method().emergence_ap, Method().min_val_boxes)


def test_a_layer_counts_judged_parts_alone():
    nothing = null(0.35, Estimate(0.1, 0.0, 0.2), paper=True)
    passing = null(0.6, SURE, paper=True, strict=True)
    strong = verdict(nulls={"random": nothing, "other": nothing})
    weak = verdict(
        part="ear", combination_ap_train=0.2, combination_ap_val=UNSURE, prior_ap_train=0.31,
        nulls={"random": passing, "other": null(math.nan, UNKNOWN)},
    )  # fmt: skip
    rare = verdict(part="tail", num_val=9, nulls={"random": passing, "other": passing})
    wing = dataclasses.replace(NOT_FITTED, nulls=rare.nulls)
    summary = summarize([strong, weak, rare, wing], [(0.1, 0.2), (0.3, NAN), (0.9, 0.9), (NAN, NAN)])
    assert summary.parts == 2
    assert summary.parts_too_rare == ("horse:tail", "horse:wing")
    assert (summary.emerging_paper, summary.emerging_strict) == (1, 1)
    assert summary.nulls == {
        "random": NullSummary("some words", 2, 1, pytest.approx(0.475), pytest.approx(0.3)),
        "other": NullSummary("some words", 1, 0, 0.35, 0.1),  # NaN is not a part's AP
    }
    assert summary.prior_emerging_paper == 1
    assert summary.strict_by_chance == 0.05
    means = summary.mean_ap
    assert means["combination_train"] == pytest.approx(0.4) and means["combination_val"] == 0.5
    assert means["best_filter_unregressed_train"] == 0.2
    assert means["best_filter_unregressed_val"] == 0.2
    assert means["prior_train"] == pytest.approx(0.255)


def test_over_means_over_of_fixed_boxes_too():
    edge = verdict(prior_ap_train=0.3, one_box_excess=Estimate(0.1, 0.0, 0.2))
    summary = summarize([edge, verdict(part="ear")])
    assert summary.prior_emerging_paper == 0
    assert (summary.emerging_strict, summary.emerging_strict_one_box) == (2, 1)


def test_nulls_that_were_not_run_on_all_parts_are_not_counted():
    both = {"random": null(0.1), "other": null(0.2)}
    summary = summarize([verdict(nulls=both), verdict(part="ear", nulls={"random": null(0.3)})])
    assert list(summary.nulls) == ["random"] and summary.nulls["random"].mean_ap_train == 0.2
    assert summary.mean_ap["best_filter_unregressed_val"] is None


def test_a_layer_without_judged_parts_has_no_means():
    summary = summarize([NOT_FITTED, verdict(num_val=0)])
    assert summary.parts == summary.emerging_paper == summary.emerging_strict == 0
    assert set(summary.mean_ap.values()) == {None} and summary.strict_by_chance == 0


def test_the_best_filter_without_regression_is_chosen_on_train_too():
    ap_train = np.array([[0.1, NAN, 0.2], [0.3, NAN, NAN], [0.3, NAN, 0.1]])
    ap_val = np.array([[0.9, 0.5, 0.4], [0.2, 0.5, 0.9], [0.8, 0.5, NAN]])
    first, nothing, last = best_unregressed(ap_train, ap_val)
    assert first == (0.3, 0.2) and last == (0.2, 0.4) and np.isnan(nothing).all()


def test_unregressed_aps_are_of_the_same_parts():
    with pytest.raises(ValueError, match="shorter"):
        summarize([verdict(), verdict()], [(0.1, 0.1)])


def test_verdicts_are_records():
    with pytest.raises(dataclasses.FrozenInstanceError):
        verdict().part = "ear"
