"""Nulls as records; of parts permuted among crops, that all stays but what belongs to what."""

import dataclasses

import numpy as np
import pytest

from partsjax.emergence.evidence import Evidence
from partsjax.emergence.nulls import NULLS, Null, beside, chosen_nulls, shuffled
from partsjax.emergence.verdict import NullVerdict
from partsjax.errors import InputError
from tests.emergence.test_scoring import activations, padded, plain_truth, scored
from tests.emergence.test_verdict import SURE, UNSURE, verdict


@pytest.mark.parametrize("name", ["", "Random", "1st", "a b", "a-b", "_a", "a,b", "ä"])
def test_a_name_that_is_no_name_of_columns(name):
    with pytest.raises(InputError, match="columns are named after it"):
        Null(name, "some words")


@pytest.mark.parametrize("name", ["prior", "one_box", "median_box", "combination", "best_filter"])
def test_a_name_whose_columns_are_there_already(name):
    with pytest.raises(InputError, match=f"{name}_ap_val is another column"):
        Null(name, "some words")


def test_nulls_are_chosen_by_name_or_given():
    own = Null("own", "some words")
    assert chosen_nulls(["shuffled", own]) == (NULLS["shuffled"], own)
    with pytest.raises(InputError, match="no null 'shufled'; did you mean 'shuffled'"):
        chosen_nulls(["shufled"])
    with pytest.raises(InputError, match="own is given twice"):
        chosen_nulls([own, "random", Null("own", "other words")])


def test_nulls_stand_beside_each_verdict_in_order():
    ear = verdict(part="ear")
    real = Evidence((verdict(), ear), (), (), np.zeros((2, 1000), np.float32))
    weak = verdict(combination_ap_train=0.1, combination_ap_val=UNSURE)
    null = dataclasses.replace(real, verdicts=(weak, ear))
    found = beside(real, {Null("b", "words of b"): null, Null("a", "words of a"): real})
    of_a, of_b = (NullVerdict(f"words of {n}", 0.6, SURE, True, True) for n in "ab")
    head, found_ear = found.verdicts
    assert list(head.nulls.items()) == [
        ("b", NullVerdict("words of b", 0.1, UNSURE, False, False)),
        ("a", of_a),
    ]
    assert found_ear.nulls == {"b": of_b, "a": of_a}
    assert dataclasses.replace(head, nulls={}) == verdict()


def test_crops_are_permuted_whole():
    truth = padded(plain_truth(40, 3, 0))
    truth.difficult[:] = truth.valid & (np.random.default_rng(0).random(truth.valid.shape) < 0.3)
    null = shuffled(truth, (0, 1))

    def crops(t):
        flat = [a.reshape(-1, 40).T.astype(float) for a in (t.boxes, t.valid, t.difficult)]
        return np.concatenate(flat, axis=1)

    one, other = crops(truth), crops(null)
    assert sorted(map(tuple, one)) == sorted(map(tuple, other))
    assert (one != other).any(axis=1).mean() > 0.9
    np.testing.assert_array_equal(null.positives, truth.positives)
    np.testing.assert_array_equal(crops(shuffled(truth, (0, 1))), other)
    assert (crops(shuffled(truth, (0, 2))) != other).any()


@pytest.mark.slow
def test_a_planted_detector_loses_its_ap():
    truth = [plain_truth(25, 3, seed) for seed in (0, 1)]
    maps = [activations(25, 5, seed + 2, truth[seed]) for seed in (0, 1)]
    real, _ = scored(maps, [padded(t) for t in truth])
    null, _ = scored(maps, [shuffled(padded(t), (0, split)) for split, t in enumerate(truth)])
    assert real.ap_val[0, 0] > 0.5
    assert null.ap_val[:, 0].max() < real.ap_val[0, 0] / 2
    assert null.ap_train[:, 0].max() < real.ap_train[0, 0] / 2
