"""The place prior: what it reads, whom it takes for neighbors, what it detects."""

import dataclasses

import numpy as np
import pytest

from partsjax.emergence import nearest
from partsjax.emergence.ground import Ground
from partsjax.emergence.method import Method
from partsjax.emergence.nearest import covariates, nearest_boxes
from partsjax.emergence.place_prior import of_part
from tests.emergence.bare_crops import SIDE, bare_crops, random_boxes
from tests.emergence.test_scoring import padded, plain_truth

METHOD = Method()


def crops_of(count, seed, parts=1):
    return bare_crops(padded(plain_truth(count, parts, seed)), boxes=random_boxes(count, seed))


def test_covariates_are_shape_size_and_truncation():
    boxes = [[0, 10, 40, 30], [2, 2.5, 42, 42.5], [20, 30, SIDE - 2, SIDE - 2.5], [30, 0, 50, SIDE]]
    found = covariates(bare_crops(padded(plain_truth(4, 1, 0)), boxes=boxes))
    np.testing.assert_allclose(found[:2, 0], [np.log(2), 0])
    np.testing.assert_allclose(found[:2, 1], [np.log(800) / 2, np.log(40)])
    assert found[:, 2:].tolist() == [[1, 0, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0], [0, 1, 0, 1]]


def test_an_image_of_unknown_size_cuts_nothing_off_at_its_right_and_bottom():
    crops = bare_crops(padded(plain_truth(1, 1, 0)), boxes=[[0, 0, SIDE, SIDE]])
    unknown = dataclasses.replace(crops, images=(type("", (), {"size": None})(),))
    assert covariates(unknown)[0, 2:].tolist() == [1, 1, 0, 0]


def test_it_reads_the_boxes_of_objects_and_nothing_else_of_what_it_is_judged_on():
    train, val = crops_of(40, 0), crops_of(30, 1)
    hidden = of_part(val, 0, hidden=True)
    found, again = (nearest_boxes(train, crops, METHOD) for crops in (val, hidden))
    np.testing.assert_array_equal(found.boxes, again.boxes)
    # Of a crop it depends on that crop alone.
    np.testing.assert_array_equal(
        nearest_boxes(train, val.select(np.arange(3)), METHOD).boxes, found.boxes[found.crops < 3]
    )


def test_a_train_crop_is_not_its_own_neighbor():
    """The part is where no other crop has it: found on train only by a detector that looks at the answer."""
    corners = np.array([[x, y] for x in range(0, 60, 12) for y in range(0, 60, 12)], float)
    lists = [[np.concatenate([corner, corner + 10])[None]] for corner in corners]
    train = bare_crops(padded(lists), boxes=random_boxes(len(lists), 0))
    ground = Ground(train, train, METHOD, 0)
    prior = ground.priors[0]
    assert ground.judged(prior, 0).ap_train == 0
    val = dataclasses.replace(train, split="val")
    assert ground.judged(prior, 0).ap_val.value > 0.01
    assert (nearest_boxes(train, val, METHOD).scores >= 1 / len(lists)).all()


def test_what_a_few_neighbors_have_at_a_place_is_their_median_by_their_number(monkeypatch):
    monkeypatch.setattr(nearest, "NEIGHBORS", (4,))
    left, right = np.array([10.0, 10, 20, 20]), np.array([40.0, 40, 52, 50])
    lists = (
        [[np.stack([left + d, right - d])] for d in (0, 0.2, 0.5)]
        + [[left[None]]]
        + [[right[None] + 0.1]] * 9
    )
    boxes = [[20, 20, 60, 60]] * 4 + [[20, 20, 79, 30]] * 9  # the first four are alike
    train = bare_crops(padded(lists), boxes=boxes)
    crop = bare_crops(padded(plain_truth(1, 1, 0)), boxes=[[21, 20, 61, 60]])
    found = nearest_boxes(train, crop, METHOD)
    np.testing.assert_allclose(found.boxes, [left + 0.1, right - 0.2], atol=1e-5)
    assert found.scores.tolist() == [1, 3 / 4] and found.crops.tolist() == [0, 0]


def test_the_number_of_neighbors_is_the_one_with_the_highest_train_ap(monkeypatch):
    """Two shapes of object with the part in two places: few neighbors know it, all of them do not."""
    random = np.random.default_rng(0)
    wide = random.random(60) < 0.5
    boxes = np.where(wide[:, None], [10, 30, 70, 45], [30, 10, 45, 70]) + random.uniform(-1, 1, (60, 4))
    place = np.where(wide[:, None], [5.0, 5, 25, 25], [35.0, 35, 55, 55])
    crops = bare_crops(padded([[box[None]] for box in place]), boxes=boxes)
    few = nearest_boxes(crops, dataclasses.replace(crops), METHOD)
    assert len(few.scores) == 60 and (few.scores == 1).all()  # 15 neighbors, all of the same shape
    monkeypatch.setattr(nearest, "NEIGHBORS", (59,))
    nearest._fitted.cache_clear()
    assert len(nearest_boxes(crops, dataclasses.replace(crops), METHOD).scores) == 120


@pytest.mark.parametrize("count", [1, 2, 5])
def test_few_crops(count):
    train, val = crops_of(count, 3), crops_of(4, 5)
    if not train.truth.positives[0]:
        pytest.skip("no box")
    on_train, on_val = nearest_boxes(train, train, METHOD), nearest_boxes(train, val, METHOD)
    assert set(on_val.crops) == set(range(4)) and (on_val.scores <= train.truth.valid.sum()).all()
    assert count > 1 or len(on_train.scores) == 0


def test_batches_do_not_matter(monkeypatch):
    train, val = crops_of(30, 7), crops_of(20, 8)
    whole = nearest_boxes(train, val, METHOD)
    monkeypatch.setattr(nearest, "_CACHED_WORDS", 1)
    for ours, again in zip(
        *(vars(of).values() for of in (whole, nearest_boxes(train, val, METHOD))), strict=True
    ):
        np.testing.assert_array_equal(ours, again)
    monkeypatch.setattr(nearest, "_BATCH_WORDS", 1)
    one_by_one = nearest_boxes(train, val, METHOD)
    by_crop = np.argsort(whole.crops, kind="stable")
    np.testing.assert_array_equal(whole.boxes[by_crop], one_by_one.boxes)
    np.testing.assert_array_equal(whole.scores[by_crop], one_by_one.scores)


def test_of_very_many_boxes_it_is_not_tabulated_which_overlap(monkeypatch):
    train, val = crops_of(30, 7), crops_of(20, 8)
    monkeypatch.setattr(nearest, "_TABLE", 12)
    monkeypatch.setattr(nearest, "NEIGHBORS", (4,))
    nearest._fitted.cache_clear()
    few = [nearest_boxes(train, crops, METHOD) for crops in (train, val)]
    monkeypatch.setattr(nearest, "_TABLE", 8192)
    nearest._fitted.cache_clear()
    for crops, one_by_one in zip((train, val), few, strict=True):
        whole = nearest_boxes(train, crops, METHOD)
        by_crop = np.argsort(whole.crops, kind="stable")
        for ours, expected in zip(vars(one_by_one).values(), vars(whole).values(), strict=True):
            np.testing.assert_array_equal(ours, expected[by_crop])


def test_difficult_boxes_are_no_candidates():
    train = crops_of(30, 9)
    hard = train.truth.valid & (np.arange(30) % 2 == 0)
    marked = dataclasses.replace(train, truth=dataclasses.replace(train.truth, difficult=hard))
    without = dataclasses.replace(
        train, truth=dataclasses.replace(train.truth, valid=train.truth.valid & ~hard)
    )
    val = crops_of(10, 10)
    np.testing.assert_array_equal(
        nearest_boxes(marked, val, METHOD).boxes, nearest_boxes(without, val, METHOD).boxes
    )


def test_neighbors_are_looked_for_once_whatever_the_number_of_parts_and_wherever_they_are(monkeypatch):
    nearest._by_distance.cache_clear()
    looked, once = [], nearest._nearest
    monkeypatch.setattr(nearest, "_nearest", lambda *of, **how: looked.append(of) or once(*of, **how))
    train, val = crops_of(20, 11, parts=3), crops_of(15, 12, parts=3)
    moved = dataclasses.replace(train, truth=train.truth.select(np.arange(20)[::-1]))
    for of_train in (train, moved):
        ground = Ground(of_train, val, METHOD, 0)
        for part in range(3):
            ground.detected(ground.priors[0], part)
    assert len(looked) == 2  # on train, and on val


def test_a_part_is_padded_to_the_most_boxes_that_a_crop_has_of_it():
    truth = padded([[np.tile([0.0, 0, 9, 9], (n, 1)) for n in crop] for crop in ((1, 3), (2, 0))])
    assert [of_part(bare_crops(truth), part).truth.valid.shape for part in (0, 1)] == [(1, 2, 2), (1, 3, 2)]
    nothing = dataclasses.replace(truth, valid=np.zeros_like(truth.valid))
    assert of_part(bare_crops(nothing), 0).truth.valid.shape == (1, 1, 2)
