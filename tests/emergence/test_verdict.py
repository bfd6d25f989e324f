"""Criteria, q-values, thresholds, rare parts, and what nulls add up to."""

import dataclasses
import math

import numpy as np
import pytest

from partsjax.emergence.method import Method
from partsjax.emergence.summary import summarize
from partsjax.emergence.verdict import (
    LIST_PRIOR_NAME,
    PRIOR_NAME,
    UNKNOWN,
    Estimate,
    NullVerdict,
    PriorVerdict,
    Verdict,
    null_labels,
    require_column_name,
    with_q_values,
)
from partsjax.errors import InputError

NAN = math.nan
SURE, UNSURE = Estimate(0.5, 0.35, 0.6), Estimate(0.5, 0.25, 0.6)
PLACE = PriorVerdict("place prior", 0.2, Estimate(0.2, 0.1, 0.3), Estimate(0.3, 0.1, 0.4), p_value=0.001)
LIST = PriorVerdict("list prior", 0.15, Estimate(0.15, 0.1, 0.2), Estimate(0.35, 0.15, 0.45), p_value=0.0005)


def verdict(**changes) -> Verdict:
    """On a part beyond place that emerges strictly, changed."""
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
        "priors": {PRIOR_NAME: PLACE, LIST_PRIOR_NAME: LIST},
        "q_value": 0.01,
        "where": Estimate(0.2, 0.1, 0.3),
        "whether": Estimate(0.1, 0.0, 0.2),
        "hit_rate": 0.7,
        "prior_hit_rate": 0.4,
        "coverage_train": 0.8,
        "mean_area": 0.1,
    }
    return Verdict(**fields | changes)


def place(**changes) -> dict[str, PriorVerdict]:
    """Priors of which the place prior is changed."""
    return {PRIOR_NAME: dataclasses.replace(PLACE, **changes), LIST_PRIOR_NAME: LIST}


NOT_FITTED = Verdict("conv5", "horse", "wing", 0, 40, None)


@pytest.mark.parametrize(
    ("ap_train", "ap_val", "q_value", "beyond", "paper", "strict"),
    [
        (0.6, SURE, 0.01, True, True, True),
        (0.6, UNSURE, 0.01, True, True, False),  # beyond place, not significantly over 0.30
        (0.6, SURE, 0.06, False, True, False),  # significantly over 0.30, not beyond place
        (0.2, SURE, 0.05, True, False, True),  # at the rate is within it
        (0.3, Estimate(0.5, 0.3, 0.6), 0.01, True, False, False),  # over means over
        (NAN, UNKNOWN, NAN, False, False, False),
    ],
)
def test_what_emerges(ap_train, ap_val, q_value, beyond, paper, strict):
    one = verdict(combination_ap_train=ap_train, combination_ap_val=ap_val, q_value=q_value)
    assert (one.beyond_place, one.emerges_paper, one.emerges_strict) == (beyond, paper, strict)


def test_a_part_is_below_place_when_the_whole_interval_is():
    ends = {-0.01: True, 0.0: False, 0.1: False, NAN: False}
    for high, below in ends.items():
        assert verdict(priors=place(excess=Estimate(-0.1, -0.2, high))).below_place == below


def test_a_verdict_is_compared_with_the_place_prior():
    one = verdict()
    assert (one.prior, one.list_prior, one.excess) == (PLACE, LIST, PLACE.excess)
    assert one.prior_emerges_paper is False
    assert verdict(priors=place(ap_train=0.31)).prior_emerges_paper
    assert not verdict(priors=place(ap_train=0.3)).prior_emerges_paper


def test_rare_and_not_fitted_parts_are_not_judged():
    assert verdict(num_val=10).judged and not verdict(num_val=10).rare
    assert verdict(num_val=9).rare and not verdict(num_val=9).judged
    assert not NOT_FITTED.rare and not NOT_FITTED.judged


def test_what_is_not_known_of_a_part_is_empty():
    aps = (NOT_FITTED.combination_ap_val, NOT_FITTED.prior.ap_val, NOT_FITTED.excess, NOT_FITTED.where)
    assert all(np.isnan(ap).all() for ap in aps) and math.isnan(NOT_FITTED.list_prior.p_value)
    assert not (NOT_FITTED.beyond_place or NOT_FITTED.below_place or NOT_FITTED.prior_emerges_paper)
    assert not NOT_FITTED.nulls and not summarize([NOT_FITTED]).nulls


def test_thresholds_are_those_of_the_verdict_s_method():
    one = verdict(combination_ap_train=0.4, num_val=5)
    assert one.beyond_place and one.emerges_paper and one.emerges_strict and one.rare
    other = dataclasses.replace(one, emergence_ap=0.45, min_val_boxes=5, priors=place(ap_train=0.46))
    assert not (other.emerges_paper or other.emerges_strict or other.rare)
    assert other.prior_emerges_paper and not one.prior_emerges_paper
    assert not dataclasses.replace(one, false_discovery_rate=0.009).beyond_place
    summary = summarize([dataclasses.replace(other, false_discovery_rate=0.2)])
    assert (summary.parts, summary.emerging_paper, summary.prior_emerging_paper) == (1, 0, 1)
    assert (summary.emergence_ap, summary.min_val_boxes, summary.false_discovery_rate) == (0.45, 5, 0.2)
    method = Method()
    assert (one.emergence_ap, one.min_val_boxes, one.false_discovery_rate) == (
        method.emergence_ap,
        method.min_val_boxes,
        method.false_discovery_rate,
    )


def test_a_filter_serves_as_the_best_or_in_the_set():
    one = verdict(best_filter=3, combination=(8, 9))
    assert [number for number in range(12) if one.serves(number)] == [3, 8, 9]
    assert not NOT_FITTED.serves(0)


def plain_q_values(p_values: list[float]) -> list[float]:
    """q_i = min over p_j >= p_i of p_j m / rank of p_j (Benjamini and Hochberg, 1995)."""
    m = len(p_values)
    ranked = [(p, sum(other <= p for other in p_values)) for p in p_values]
    return [min(1.0, min(other * m / rank for other, rank in ranked if other >= p)) for p in p_values]


@pytest.mark.parametrize("seed", range(3))
def test_q_values_are_those_of_benjamini_and_hochberg(seed):
    rng = np.random.default_rng(seed)
    p_values = np.round(rng.random(30) ** 3, 2).tolist()  # some are equal
    found = with_q_values([verdict(q_value=NAN, priors=place(p_value=p)) for p in p_values])
    np.testing.assert_allclose([v.q_value for v in found], plain_q_values(p_values), rtol=1e-12)


def test_q_values_are_of_the_judged_parts_alone():
    p_values = [0.01, 0.04, 0.2]
    judged = [verdict(q_value=NAN, priors=place(p_value=p)) for p in p_values]
    rare = verdict(q_value=NAN, num_val=9, priors=place(p_value=0.0005))
    unknown = verdict(q_value=NAN, priors=place(p_value=NAN))
    found = with_q_values([rare, judged[0], NOT_FITTED, *judged[1:], unknown])
    q_values = [v.q_value for v in found]
    assert np.isnan([q_values[i] for i in (0, 2, 5)]).all()
    assert [q_values[i] for i in (1, 3, 4)] == pytest.approx(plain_q_values(p_values))
    assert [v.beyond_place for v in found] == [False, True, False, False, False, False]
    assert repr([dataclasses.replace(v, q_value=NAN) for v in found]) == repr(
        [rare, judged[0], NOT_FITTED, *judged[1:], unknown]
    )
    assert with_q_values([]) == []


def test_under_no_effect_a_run_rarely_has_a_part_beyond_place():
    rng = np.random.default_rng(0)
    some = [
        any(v.beyond_place for v in with_q_values([verdict(priors=place(p_value=p)) for p in rng.random(40)]))
        for _ in range(400)
    ]
    assert 0.02 < np.mean(some) < 0.08


def test_a_null_is_the_mean_and_the_share_over_its_seeds():
    weak = verdict(combination_ap_train=0.2, combination_ap_val=UNSURE, q_value=0.5)
    null = NullVerdict("some words", (verdict(), weak, weak, weak))
    assert (null.ap_train, null.excess) == (pytest.approx(0.3), pytest.approx(0.3))
    assert null.ap_val == (0.5, 0.25, 0.6)
    assert (null.beyond_place, null.emerges_paper, null.emerges_strict) == (0.25, 0.25, 0.25)


def test_a_nulls_readout_is_held_against_its_place_prior():
    null = NullVerdict("some words", (verdict(priors=place(ap_val=Estimate(0.25, 0.1, 0.4))),), 0.75)
    assert null.readout_excess == 0.5
    assert NullVerdict("some words", (verdict(),)).readout_excess is None


def test_nulls_count_where_they_ran_on_all_parts():
    a, b = (NullVerdict(f"words of {name}", (verdict(),)) for name in "ab")
    both, only = verdict(nulls={"b": b, "a": a}), verdict(nulls={"a": a})
    assert list(null_labels([both, both]).items()) == [("b", "words of b"), ("a", "words of a")]
    assert null_labels([both, only]) == {"a": "words of a"} == null_labels([only, both])


@pytest.mark.parametrize(
    "name", ["prior", "list_prior", "combination", "best_filter", "readout", "a_readout"]
)
def test_a_name_of_a_column_is_taken(name):
    with pytest.raises(InputError, match=f"null '{name}': {name}_ap_val is another column"):
        require_column_name("null", name)
    require_column_name("null", f"{name}_2")


@pytest.mark.parametrize("name", ["", "Random", "1st", "a b", "a-b", "_a", "a,b", "ä"])
def test_a_name_is_one_of_columns(name):
    with pytest.raises(InputError, match="its columns are named after it"):
        require_column_name("place prior", name)


def test_verdicts_are_records():
    with pytest.raises(dataclasses.FrozenInstanceError):
        verdict().part = "ear"
