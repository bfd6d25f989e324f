"""Criteria, thresholds, rare parts, nulls, and what a layer adds up to."""

import dataclasses
import math

import pytest

from partsjax.emergence.method import Method
from partsjax.emergence.summary import summarize
from partsjax.emergence.verdict import UNKNOWN, Estimate, Verdict

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
        (0.6, UNSURE, Estimate(0.3, 0.1, 0.4), True, False),  # significantly over its prior, not over 0.30
        (0.6, SURE, Estimate(0.3, -0.1, 0.4), True, False),  # significantly over 0.30, not over its prior
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


def test_verdicts_are_records():
    with pytest.raises(dataclasses.FrozenInstanceError):
        verdict().part = "ear"
