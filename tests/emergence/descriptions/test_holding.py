"""What each described filter does on the part that its text names."""

import dataclasses

import numpy as np
import pytest

from partsjax.emergence.descriptions import Description, held_against_truth, unmatched
from tests.emergence.descriptions.layers import measured_layer
from tests.plain.verdict import q_values

APS = np.random.default_rng(0).random((6, 2, 2)).astype(np.float32)
APS[3, 0, 1] = APS[4, 0, 1] = 0.75


def held(*rows: tuple[int, str], **layer):
    described = [Description("line 2", "conv5", *row) for row in rows]
    return held_against_truth(described, {"conv5": measured_layer(APS, **layer)})


def test_figures_are_those_of_the_filter_and_the_part():
    (one,) = held((2, "ears of cats"), iou=True)
    assert (one.layer, one.filter, one.text) == ("conv5", 2, "ears of cats")
    assert (one.object_class, one.part, one.filters) == ("cat", "ear", 6)
    ap = float(APS[2, 1, 0])
    assert (one.ap_val, one.iou_train, one.iou_val) == (ap, ap / 2, ap / 4)
    assert one.ap_train == pytest.approx(ap + 0.1)
    assert (one.prior_ap_val, one.excess.value) == (0.3, ap - 0.3)
    assert np.isnan([one.excess.low, one.excess.high, one.p_value, one.q_value]).all()
    assert one.beyond_place is None
    assert np.isnan(held((2, "ears of cats"))[0].iou_val)


def test_every_part_has_a_row_and_nothing_is_dropped():
    found = held((0, "ear"), (1, "sky"), (2, "cat"), (3, "sky"), (4, "sea"))
    names = [(one.filter, one.object_class, one.part) for one in found]
    assert names == [
        (0, "dog", "ear"),
        (0, "cat", "ear"),
        (1, "", ""),
        (2, "cat", ""),
        (3, "", ""),
        (4, "", ""),
    ]
    assert np.isnan([one.ap_val for one in found[2:]]).all()
    assert unmatched(found) == {"sky": 2, "sea": 1}


def test_equal_filters_share_the_better_rank():
    ranks = [held((f, "dog's ear"))[0].rank for f in range(6)]
    assert ranks == [1 + sum(other > ap for other in APS[:, 0, 1]) for ap in APS[:, 0, 1]]
    assert ranks[3] == ranks[4] and sorted(ranks) != list(range(1, 7))


def test_q_values_count_each_tested_pair_of_a_judged_part_once():
    tested = {
        "dog": {"tested": [(0, 0, 0.03), (1, 1, 0.01)]},
        "cat": {"tested": [(1, 0, 0.5), (2, 1, 1e-4)]},
    }
    rows = (0, "dog head"), (0, "head"), (1, "ear"), (2, "cat's tail"), (3, "head")
    found = held(*rows, **tested)
    assert [one.p_value for one in found[:5]] == [0.03, 0.03, 0.01, 0.5, 1e-4]
    expected = q_values(np.array([0.03, 0.01, 0.5]))  # cats have too few tails to be judged
    np.testing.assert_allclose([one.q_value for one in found[1:4]], expected)
    assert found[0].q_value == found[1].q_value
    assert [one.beyond_place for one in found] == [True, True, True, False, None, None]
    assert found[0].excess == (0.2, 0.1, 0.3)
    strict = dataclasses.replace(found[0], false_discovery_rate=0.04)
    assert strict.beyond_place is False


def test_share_of_a_class_among_the_strongest_crops():
    dogs, cats = np.zeros((2, 6, 12))
    dogs[0], cats[0] = np.arange(12) + 1, np.arange(12) + 5.5  # 8 of cats and 4 of dogs, of the 12 strongest
    dogs[0], cats[0] = dogs[0, ::-1], cats[0, ::-1]
    dogs[1, :3], cats[1, :1] = 7, 7
    shares = {"dog": {"tops": dogs}, "cat": {"tops": cats}}
    strongest = sorted([*((v, "dog") for v in dogs[0]), *((v, "cat") for v in cats[0])])[-12:]
    found = held((0, "dog"), (0, "cat"), (1, "dog"), (2, "dog"), (0, "dog's ear"), **shares)
    of_dogs = sum(c == "dog" for _, c in strongest) / 12
    np.testing.assert_allclose(
        [one.class_share for one in found], [of_dogs, 1 - of_dogs, 0.75, np.nan, of_dogs]
    )
    assert [one.crop_share for one in found] == [0.75, 0.25, 0.75, 0.75, 0.75]
    assert 0 < of_dogs < 0.5
