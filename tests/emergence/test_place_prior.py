"""Place priors: judged as the plain reference does it, shown no more than they may know, named apart."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from partsjax.emergence.ground import Ground
from partsjax.emergence.method import Method
from partsjax.emergence.place_prior import (
    ORDERS,
    PlacePrior,
    PriorDetections,
    judge_place,
    mean_ap,
    require_priors,
)
from partsjax.errors import InputError
from partsjax.ops.average_precision import curve
from tests.emergence.bare_crops import bare_crops
from tests.emergence.test_fixed_boxes import of_part, with_difficult
from tests.emergence.test_scoring import padded, plain_truth
from tests.plain.average_precision import in_random_orders
from tests.plain.detections import overlapped

METHOD = Method()


def nothing(train, crops, method) -> PriorDetections:
    return PriorDetections(np.zeros((0, 4)), np.zeros(0), np.zeros(0, int))


@given(some.integers(0, 2**32 - 1), some.integers(1, 12), some.integers(0, 30), some.booleans())
def test_judged_as_the_plain_list(seed, crops, count, near):
    """Any boxes, other ones in every crop, with ties; `near`: some are right, and some boxes found twice."""
    random = np.random.default_rng(seed)
    truth = with_difficult(padded(plain_truth(crops, 1, seed)), seed)
    there, hard = of_part(truth, 0)
    corner = random.uniform(0, 40, (count, 2))
    boxes = np.concatenate([corner, corner + random.uniform(6, 24, (count, 2))], axis=1)
    where = random.integers(0, crops, count)
    for d, n in enumerate(where):
        if near and len(there[n]):
            boxes[d] = there[n][random.integers(len(there[n]))] + random.normal(0, 1, 4)
    scores = random.integers(0, 6, count).astype(float)
    mine = judge_place(PriorDetections(boxes, scores, where), truth, METHOD)

    first = np.cumsum([0] + [len(boxes) for boxes in there])
    local = np.array([overlapped(box, there[n]) for box, n in zip(boxes, where, strict=True)], int)
    found = np.where(local >= 0, local + first[where], -1)
    expected = in_random_orders(scores, found, np.concatenate(hard).astype(bool))
    np.testing.assert_allclose(mean_ap(mine, truth), expected, atol=1e-9)
    counted = len(mine[0].scores)
    assert all((np.diff(order.scores) < 0).all() and len(order.scores) == counted for order in mine)


def test_the_same_boxes_in_any_one_order_are_no_better_than_the_mean_of_orders():
    """Judged as one tie they would be: the envelope begins at the tie's end."""
    truth = padded(plain_truth(60, 1, 3))
    box = np.median(truth.boxes[:, 0][:, truth.valid[0]], axis=1)
    found = PriorDetections(np.tile(box, (60, 1)), np.zeros(60), np.arange(60))
    orders = judge_place(found, truth, METHOD)
    assert len(orders) == ORDERS == 20
    aps = [mean_ap([order], truth) for order in orders]
    tied = curve(np.zeros(60), orders[0].true, np.zeros(60, int), truth.positives).average_precision()
    assert tied < min(aps) < mean_ap(orders, truth) < max(aps)
    distinct = judge_place(dataclasses.replace(found, scores=np.arange(60.0)), truth, METHOD)
    assert len(distinct) == 1


def test_a_prior_is_shown_one_part_and_nothing_of_what_it_is_judged_on():
    train, val = (bare_crops(padded(plain_truth(n, 2, n))) for n in (9, 7))
    seen = []

    def look(of_train, crops, method):
        seen.append((of_train, crops))
        return nothing(of_train, crops, method)

    ground = Ground(train, val, METHOD, 0, (PlacePrior("look", "look", look),))
    look = ground.priors[-1]
    judged = [ground.judged(look, part) for part in (0, 1)]
    assert [ground.judged(look, part) for part in (0, 1)] == judged and len(seen) == 4
    for part, ((of_train, same), (again, unseen)) in enumerate(zip(seen[::2], seen[1::2], strict=True)):
        assert of_train is same is again and of_train.parts == unseen.parts == (train.parts[part],)
        np.testing.assert_array_equal(of_train.truth.boxes[:, 0], train.truth.boxes[:, part])
        np.testing.assert_array_equal(of_train.truth.valid[0], train.truth.valid[part])
        assert len(unseen) == 7 and not unseen.truth.valid.any() and not unseen.truth.boxes.any()
        assert not any(found.parts for crops in (of_train, unseen) for found in crops.objects)
    assert (judged[0].ap_train, judged[0].ap_val.value, judged[0].hit_rate) == (0, 0, 0)


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ((np.zeros((2, 4)), np.zeros(3), np.zeros(3, int)), r"boxes \(2, 4\), scores \(3,\)"),
        ((np.zeros((3, 4)), np.zeros(3), np.zeros(2, int)), r"crops \(2,\)"),
        ((np.zeros((1, 4)), np.zeros((1, 1)), np.zeros(1, int)), r"scores \(1, 1\)"),
        ((np.full((1, 4), np.nan), np.zeros(1), np.zeros(1, int)), "NaN or infinite"),
        ((np.zeros((1, 4)), np.full(1, np.inf), np.zeros(1, int)), "NaN or infinite"),
        ((np.zeros((1, 4)), np.zeros(1), np.array([5])), "whole numbers from 0 to 4"),
        ((np.zeros((1, 4)), np.zeros(1), np.array([-1])), "whole numbers from 0 to 4"),
        ((np.zeros((1, 4)), np.zeros(1), np.array([0.5])), "whole numbers from 0 to 4"),
    ],
)
def test_detections_that_are_none_are_refused(found, message):
    crops = bare_crops(padded(plain_truth(5, 1, 0)))
    prior = PlacePrior("own", "own", lambda train, crops, method: PriorDetections(*found))
    with pytest.raises(InputError, match=f"place prior 'own', beast part 0: .*{message}"):
        prior.on(crops, crops, METHOD)


@pytest.mark.parametrize("name", ["prior", "list_prior", "combination", "Own", "a b", "random", "twice"])
def test_a_name_that_cannot_be_a_column_or_is_one_already(name):
    with pytest.raises(InputError, match=f"place prior '{name}'"):
        require_priors([PlacePrior(n, n, nothing) for n in (name, "twice")], ["random"])
    require_priors([PlacePrior("own", "own", nothing)], ["random"])


def test_an_image_is_asked_for_its_size_once_whatever_the_number_of_parts():
    asked = []

    class Sized:
        @property
        def size(self):
            asked.append(self)
            return 80, 80

    splits = (bare_crops(padded(plain_truth(n, 3, n))) for n in (9, 7))
    train, val = (dataclasses.replace(crops, images=tuple(Sized() for _ in crops.images)) for crops in splits)
    ground = Ground(train, val, METHOD, 0)
    for part in range(3):
        ground.judged(ground.priors[0], part)
    assert len(asked) == len(set(map(id, asked))) == 16
