"""What a layer adds up to: judged parts alone, each null that was run on all of them, by seed."""

import dataclasses

import numpy as np
import pytest
from scipy.stats import rankdata

from partsjax.emergence.own_evidence import OwnEvidence
from partsjax.emergence.sharing import SharedFilters
from partsjax.emergence.summary import NullSummary, best_unregressed, summarize
from partsjax.emergence.verdict import PRIOR_NAME, UNKNOWN, Estimate, NullVerdict, PriorVerdict
from tests.emergence.test_verdict import NAN, NOT_FITTED, PLACE, SURE, UNSURE, place, verdict

PASSING = verdict()
NOTHING = verdict(combination_ap_train=0.1, combination_ap_val=Estimate(0.1, 0.0, 0.2), q_value=0.6)
EMPTY = verdict(combination_ap_train=NAN, combination_ap_val=UNKNOWN, q_value=NAN, priors={})
ZEROS = {PRIOR_NAME: PLACE, "zeros": PriorVerdict("boxes of no size", 0.0, Estimate(0.0, 0.0, 0.0))}


def null(*verdicts) -> NullVerdict:
    return NullVerdict("some words", verdicts)


def test_a_layer_counts_judged_parts_alone():
    strong = verdict(nulls={"random": null(NOTHING, PASSING), "other": null(NOTHING)})
    weak = verdict(
        part="ear",
        combination_ap_train=0.2,
        combination_ap_val=UNSURE,
        priors=place(ap_train=0.31, excess=Estimate(-0.2, -0.3, -0.1)),
        q_value=0.9,
        coverage_train=0.5,
        hit_rate=NAN,
        where=UNKNOWN,
        nulls={"random": null(NOTHING, NOTHING), "other": null(EMPTY)},
    )
    passing = {"random": null(PASSING, PASSING), "other": null(PASSING)}
    rare = verdict(part="tail", num_val=9, nulls=passing)
    wing = dataclasses.replace(NOT_FITTED, nulls=passing)
    summary = summarize([strong, weak, rare, wing], [(0.1, 0.2), (0.3, NAN), (0.9, 0.9), (NAN, NAN)])
    assert summary.parts == 2
    assert summary.parts_too_rare == ("horse:tail", "horse:wing")
    assert (summary.beyond_place, summary.below_place, summary.covered) == (1, 1, 1)
    assert (summary.emerging_paper, summary.emerging_strict, summary.prior_emerging_paper) == (1, 1, 1)
    assert summary.nulls == {
        "random": NullSummary("some words", 2, (0, 1), (0, 1), (0, 1), 0.225, 0.2, 0.3),
        "other": NullSummary("some words", 1, (0,), (0,), (0,), 0.1, 0.1, 0.3),  # NaN is not a part's AP
    }
    means = summary.mean_ap
    assert means["combination_train"] == pytest.approx(0.4) and means["combination_val"] == 0.5
    assert means["best_filter_train"] == 0.4 and means["best_filter_val"] == 0.35
    assert means["best_filter_unregressed_train"] == 0.2
    assert means["best_filter_unregressed_val"] == 0.2
    assert means["prior_train"] == pytest.approx(0.255) and means["prior_val"] == 0.2
    assert means["list_prior_train"] == 0.15 and means["list_prior_val"] == 0.15
    assert (summary.mean_where, summary.mean_whether) == (0.2, 0.1)
    assert (summary.mean_hit_rate, summary.mean_prior_hit_rate) == (0.7, 0.4)
    assert summary.sharing == SharedFilters(filters=2, several_parts=0, several_classes=0)


def test_a_prior_of_one_s_own_has_means_too():
    means = summarize([verdict(priors=ZEROS), verdict()]).mean_ap
    assert (means["zeros_train"], means["zeros_val"]) == (0.0, 0.0)
    assert means["list_prior_val"] == 0.15


def test_correlations_with_size_are_spearman_s():
    rng = np.random.default_rng(0)
    aps, excesses, areas = np.round(rng.random((3, 20)), 1)  # some are equal
    parts = [
        verdict(
            combination_ap_val=Estimate(ap, ap, ap),
            priors=place(excess=Estimate(excess, 0.0, 1.0)),
            mean_area=area,
        )
        for ap, excess, area in zip(aps, excesses, areas, strict=True)
    ]
    unknown = [verdict(mean_area=NAN), verdict(priors=place(excess=UNKNOWN), combination_ap_val=UNKNOWN)]
    summary = summarize([*parts, *unknown, verdict(num_val=0, mean_area=100.0)])
    for ours, of in ((summary.ap_with_size, aps), (summary.excess_with_size, excesses)):
        assert ours == pytest.approx(np.corrcoef(rankdata(of), rankdata(areas))[0, 1], abs=1e-6)


def test_there_is_no_correlation_of_few_parts_or_of_equal_ones():
    two = [verdict(mean_area=0.1), verdict(mean_area=0.2, combination_ap_val=Estimate(0.6, 0.5, 0.7))]
    assert summarize(two).ap_with_size is None
    alike = summarize([verdict(mean_area=area) for area in (0.1, 0.2, 0.3)])
    assert alike.ap_with_size is None and alike.excess_with_size is None


def test_own_evidence_is_averaged_over_judged_parts():
    def found(alone: float, hidden: float) -> OwnEvidence:
        return OwnEvidence(*(Estimate(value, 0, 1) for value in (alone, hidden, alone - hidden)))

    parts = [verdict(own_evidence=found(0.5, 0.125)), verdict(part="ear", own_evidence=found(0.25, 0.5))]
    rare = verdict(part="tail", num_val=9, own_evidence=OwnEvidence())
    means = {"hit_rate_part_alone": 0.375, "hit_rate_part_hidden": 0.3125, "own_evidence": 0.0625}
    assert summarize([*parts, rare]).own_evidence == means
    assert summarize([verdict()]).own_evidence == {}


def test_readouts_of_nulls_are_averaged_where_there_are_any():
    def of(*aps):
        nulls = [NullVerdict("some words", (PASSING,), ap) for ap in aps]
        return summarize([verdict(nulls={"random": one}) for one in nulls]).nulls["random"]

    assert of(0.2, 0.4, NAN).mean_readout_ap_val == 0.3
    assert of(None, None).mean_readout_ap_val is None


def test_nulls_that_were_not_run_on_all_parts_are_not_counted():
    both = {"random": null(NOTHING), "other": null(PASSING)}
    summary = summarize([verdict(nulls=both), verdict(part="ear", nulls={"random": null(PASSING)})])
    assert list(summary.nulls) == ["random"] and summary.nulls["random"].mean_ap_train == 0.35
    assert summary.mean_ap["best_filter_unregressed_val"] is None


def test_a_layer_without_judged_parts_has_no_means():
    summary = summarize([NOT_FITTED, verdict(num_val=0, nulls={"random": null(SURE)})])
    counts = (summary.parts, summary.beyond_place, summary.below_place, summary.covered)
    assert (*counts, summary.emerging_paper, summary.emerging_strict) == (0,) * 6
    assert set(summary.mean_ap.values()) == {None} and summary.mean_where is summary.mean_hit_rate is None
    assert summary.sharing == SharedFilters(0, 0, 0) and summary.ap_with_size is None


def test_a_null_of_a_layer_without_judged_parts_counts_none_for_each_seed():
    rare = verdict(num_val=0, nulls={"random": null(PASSING, PASSING)})
    assert summarize([rare]).nulls["random"] == NullSummary("some words", 2, *[(0, 0)] * 3, *[None] * 3)


def test_the_best_filter_without_regression_is_chosen_on_train_too():
    ap_train = np.array([[0.1, NAN, 0.2], [0.3, NAN, NAN], [0.3, NAN, 0.1]])
    ap_val = np.array([[0.9, 0.5, 0.4], [0.2, 0.5, 0.9], [0.8, 0.5, NAN]])
    first, nothing, last = best_unregressed(ap_train, ap_val)
    assert first == (0.3, 0.2) and last == (0.2, 0.4) and np.isnan(nothing).all()


def test_unregressed_aps_are_of_the_same_parts():
    with pytest.raises(ValueError, match="shorter"):
        summarize([verdict(), verdict()], [(0.1, 0.1)])
