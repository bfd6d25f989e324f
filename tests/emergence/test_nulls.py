"""Nulls as records; what they leave of a planted detector."""

import dataclasses

import numpy as np
import pytest

from partsjax.emergence.changed_truth import shuffled
from partsjax.emergence.evidence import Evidence
from partsjax.emergence.ground import Ground
from partsjax.emergence.method import Method
from partsjax.emergence.nulls import NULLS, Null, beside, chosen_nulls
from partsjax.emergence.verdict import NullVerdict
from partsjax.errors import InputError
from tests.emergence.bare_crops import bare_crops
from tests.emergence.test_scoring import activations, padded, plain_truth, scored
from tests.emergence.test_verdict import UNSURE, verdict


@pytest.mark.parametrize("name", ["", "Random", "1st", "a b", "a-b", "_a", "a,b", "ä"])
def test_a_name_that_is_no_name_of_columns(name):
    with pytest.raises(InputError, match="columns are named after it"):
        Null(name, "some words")


@pytest.mark.parametrize("name", ["prior", "list_prior", "combination", "best_filter"])
def test_a_name_whose_columns_are_there_already(name):
    with pytest.raises(InputError, match=f"{name}_ap_val is another column"):
        Null(name, "some words")


@pytest.mark.parametrize(
    ("function", "words"),
    [
        ({"truth_of": lambda ground: ground}, r"truth_of has to take \(ground, seed\): too many positional"),
        ({"network_of": lambda network, seed, more: network}, "network_of has to take .*: missing .* 'more'"),
        ({"network_of": "random"}, "network_of has to take .*'random' is not a callable object"),
    ],
)
def test_a_function_that_cannot_be_called(function, words):
    with pytest.raises(InputError, match=f"^null 'own': {words}"):
        Null("own", "some words", **function)


def test_functions_of_any_kind_can_be_called():
    Null("own", "some words", network_of=lambda *given: given[0], truth_of=max)


def test_nulls_are_chosen_by_name_or_given():
    own = Null("own", "some words")
    assert chosen_nulls(["shuffled", own]) == (NULLS["shuffled"], own)
    assert chosen_nulls(["all"]) == tuple(NULLS.values()) and chosen_nulls([]) == ()
    with pytest.raises(InputError, match="no null 'shufled'; did you mean 'shuffled'"):
        chosen_nulls(["shufled"])
    with pytest.raises(InputError, match="all means every one; give it alone"):
        chosen_nulls(["all", own])
    with pytest.raises(InputError, match="neither a name nor a Null but 3"):
        chosen_nulls([3])
    with pytest.raises(InputError, match="own is given twice"):
        chosen_nulls([own, "random", Null("own", "other words")])


def test_nulls_stand_beside_each_verdict_in_order_seed_by_seed():
    head, ear = verdict(), verdict(part="ear")
    real = Evidence((head, ear), (), (), *np.zeros((2, 2, 1000), np.float32))
    weak = verdict(combination_ap_train=0.1, combination_ap_val=UNSURE)
    null = dataclasses.replace(real, verdicts=(weak, ear))
    found = beside(real, {Null("b", "words of b"): [null, real], Null("a", "words of a"): [real]})
    assert [list(v.nulls.items()) for v in found.verdicts] == [
        [("b", NullVerdict("words of b", (weak, head))), ("a", NullVerdict("words of a", (head,)))],
        [("b", NullVerdict("words of b", (ear, ear))), ("a", NullVerdict("words of a", (ear,)))],
    ]
    assert [dataclasses.replace(v, nulls={}) for v in found.verdicts] == [head, ear]


@pytest.mark.parametrize("name", ["shuffled", "unfounded"])
def test_each_split_and_each_seed_has_another_truth(name):
    crops = bare_crops(padded(plain_truth(40, 3, 0)))
    ground = Ground(crops, crops, Method(), 7)
    first, again, other = (NULLS[name].truth_of(ground, seed) for seed in (3, 3, 4))
    boxes = [of.truth.boxes for null in (first, again, other) for of in (null.train, null.val)]
    np.testing.assert_array_equal(boxes[:2], boxes[2:4])
    assert len({array.tobytes() for array in [*boxes, crops.truth.boxes]}) == 5
    assert first.seed == ground.seed and first.train.objects is crops.objects


@pytest.mark.slow
def test_a_planted_detector_loses_its_ap():
    truth = [plain_truth(25, 3, seed) for seed in (0, 1)]
    maps = [activations(25, 5, seed + 2, truth[seed]) for seed in (0, 1)]
    real, _ = scored(maps, [padded(t) for t in truth])
    null, _ = scored(maps, [shuffled(padded(t), (0, split)) for split, t in enumerate(truth)])
    assert real.ap_val[0, 0] > 0.5
    assert null.ap_val[:, 0].max() < real.ap_val[0, 0] / 2
    assert null.ap_train[:, 0].max() < real.ap_train[0, 0] / 2
