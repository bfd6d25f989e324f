"""What a layer adds up to: judged parts alone, each null that was run on all of them."""

import dataclasses
import math

import numpy as np
import pytest

from partsjax.emergence.summary import NullSummary, best_unregressed, summarize
from partsjax.emergence.verdict import UNKNOWN, Estimate, NullVerdict
from tests.emergence.test_verdict import NAN, NOT_FITTED, SURE, UNSURE, verdict


def null(ap_train, ap_val=UNSURE, paper=False, strict=False) -> NullVerdict:
    return NullVerdict("some words", ap_train, ap_val, paper, strict)


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
