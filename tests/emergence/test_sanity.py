"""Scores under wrong labels, added up: how far they fall, for how many parts, and what they are blind to."""

import dataclasses
import math

import pytest

from partsjax.emergence.sanity import Sanity, score_sanities
from partsjax.emergence.summary import summarize
from tests.emergence.test_verdict import verdict

FALLS, STAYS = Sanity(0.8, 0.4, 0.6), Sanity(0.8, 0.8, 0.8)


def test_a_fall_is_a_share_of_the_score():
    assert FALLS.relative_fall("missing") == pytest.approx(0.5)
    assert FALLS.relative_fall("extra") == pytest.approx(0.25)
    assert Sanity(0.4, 0.5, 0.4).relative_fall("missing") == pytest.approx(-0.25)
    for value in (0.0, -0.1, math.nan):
        assert math.isnan(Sanity(value, 0.1, 0.1).relative_fall("extra"))


def test_a_score_is_blind_where_it_falls_for_no_more_than_half_of_the_parts():
    half = dataclasses.replace(FALLS, extra=0.8)
    parts = [
        {"ap": FALLS, "constant": STAYS, "half": FALLS, "rare": Sanity(math.nan, math.nan, math.nan)},
        {"ap": FALLS, "constant": STAYS, "half": half},
        {"ap": Sanity(0.5, 0.6, 0.4), "constant": Sanity(0.2, 0.3, 0.2)},
    ]
    found = score_sanities(parts)
    assert list(found) == ["ap", "constant", "half"]
    assert found["ap"].blind_to == ()
    assert found["constant"].blind_to == ("missing", "extra")
    assert found["half"].blind_to == ("extra",)
    ap = found["ap"]
    assert (ap.parts, found["half"].parts) == (3, 2)
    assert (ap.falls_missing, ap.falls_extra, ap.falls_both) == pytest.approx((2 / 3, 1, 2 / 3))
    assert (ap.as_labeled, ap.missing, ap.extra) == pytest.approx((0.7, 1.4 / 3, 1.6 / 3))


def test_rounding_is_no_fall():
    assert not Sanity(0.1 + 0.2, 0.3, 0.3).falls("missing")


def test_a_layer_is_of_its_parts_beyond_place():
    verdicts = [
        verdict(part="head", sanity={"ap": FALLS}),
        verdict(part="ear", sanity={"ap": STAYS}, q_value=0.5),
        verdict(part="eye", sanity={"ap": STAYS}, num_val=3, q_value=math.nan),
    ]
    assert summarize(verdicts).sanity == score_sanities([{"ap": FALLS}])
    assert summarize([verdict()]).sanity == {}
