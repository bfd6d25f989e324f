"""Drift of annotation: found where it is, also in herds, not where it is not, and said in one line."""

import dataclasses

import numpy as np
import pytest
from scipy.stats import norm

from partsjax.data.coco_parts import read_coco_parts
from partsjax.data.crops import Crops, Truth, class_crops
from partsjax.emergence.drift import Drift, drift_note, part_drifts, slope_p_values
from tests.emergence.bare_crops import bare_crops


def plain_p_value(has, images) -> float:
    """Per part: sums over the images, one object at a time."""
    x = np.arange(len(has))
    sums = {}
    for i, image in enumerate(images):
        sums[image] = sums.get(image, 0.0) + (x[i] - x.mean()) * (has[i] - np.mean(has))
    squares = sum(s**2 for s in sums.values())
    return 1.0 if squares == 0 else 2 * norm.sf(abs(sum(sums.values())) / squares**0.5)


def wald_p_value(has, images) -> float:
    """Of the slope of a logistic regression fitted by Newton's method, its variance by image (sandwich)."""
    x = np.stack([np.ones(len(has)), np.linspace(-1, 1, len(has))], axis=1)
    beta = np.zeros(2)
    for _ in range(30):
        share = 1 / (1 + np.exp(-x @ beta))
        hessian = (x.T * (share * (1 - share))) @ x
        beta += np.linalg.solve(hessian, x.T @ (has - share))
    of_image = np.stack([np.bincount(images, weights=column * (has - share)) for column in x.T])
    inverse = np.linalg.inv(hessian)
    variance = inverse @ (of_image @ of_image.T) @ inverse
    return 2 * norm.sf(abs(beta[1]) / variance[1, 1] ** 0.5)


def herds(rng, images: int, most: int, alike: float):
    """(bool [1, N], int [N]): objects of an image that agree with its first one with probability `alike`."""
    index = np.repeat(np.arange(images), rng.integers(1, most + 1, images))
    own, first = rng.random(len(index)) < 0.4, rng.random(images) < 0.4
    return np.where(rng.random(len(index)) < alike, first[index], own)[None], index


@pytest.mark.parametrize("seed", range(5))
def test_p_values_are_those_of_plain_code(seed):
    rng = np.random.default_rng(seed)
    images = np.sort(rng.integers(0, 40, 90))
    has = rng.random((6, 90)) < np.array([0.0, 1.0, 0.02, 0.5, 0.9, 0.3])[:, None]
    has[5] = np.arange(90) > 45
    np.testing.assert_allclose(
        slope_p_values(has, images), [plain_p_value(of, images) for of in has], rtol=1e-9
    )


@pytest.mark.parametrize("slope", [0.0, 0.2, 0.4])
def test_the_test_agrees_with_a_fitted_logistic_regression(slope):
    rng = np.random.default_rng(0)
    images = np.sort(rng.integers(0, 800, 2000))
    share = 1 / (1 + np.exp(-slope * np.linspace(-1, 1, 2000)))
    has = rng.random(2000) < share
    (ours,) = slope_p_values(has[None], images)
    fitted = wald_p_value(has, images)
    assert norm.isf(ours / 2) == pytest.approx(norm.isf(fitted / 2), rel=0.03, abs=0.01)


def test_herds_do_not_drift_more_often_than_chance_has_it():
    rng = np.random.default_rng(1)
    p_values = np.concatenate([slope_p_values(*herds(rng, 120, 6, 0.9)) for _ in range(1000)])
    assert (p_values < 0.05).mean() < 0.07 and (p_values < 0.01).mean() < 0.02


def crops_of(split: str, has: np.ndarray) -> Crops:
    """Crops, one an image; `has`: bool [N], which of them have the one part."""
    nothing = np.zeros((1, 1, len(has)), bool)
    truth = Truth(np.zeros((4, 1, 1, len(has)), np.float32), nothing | has, nothing)
    return dataclasses.replace(bare_crops(truth), split=split)


def split_of(split: str, shares, objects: int = 150):
    """Crops, one an image, whose share with the one part goes through `shares` by stretches."""
    rng = np.random.default_rng(2)
    share = np.repeat(shares, objects // len(shares))
    return crops_of(split, rng.random(len(share)) < share)


def test_a_part_that_is_no_longer_annotated_is_found_in_the_split_where_it_is_so():
    ((only,),) = part_drifts(split_of("train", (0.6, 0.4, 0.04)), split_of("val", (0.4,)))
    assert only.split == "train" and only.p_value < 1e-4
    assert only.first == pytest.approx(0.6, abs=0.15) and only.last == pytest.approx(0.04, abs=0.05)
    ((train, val),) = part_drifts(split_of("train", (0.6, 0.04)), split_of("val", (0.04, 0.6)))
    assert (train.split, val.split) == ("train", "val") and train.first > train.last and val.first < val.last


def test_thirds_are_of_objects():
    ((train, _),) = part_drifts(*[crops_of(s, np.arange(100) < 33) for s in ("train", "val")])
    assert (train.first, train.last) == (33 / 34, 0.0)


def test_difficult_boxes_are_annotated_too():
    falling = [split_of(s, (0.6, 0.4, 0.04)) for s in ("train", "val")]
    for crops in falling:
        crops.truth.difficult[:] = crops.truth.valid
    ((train, val),) = part_drifts(*falling)
    assert (train.split, val.split) == ("train", "val")


@pytest.mark.parametrize("objects", [0, 1, 2, 5])
def test_few_objects_do_not_drift(objects):
    has = np.arange(objects) * 2 < objects
    assert part_drifts(crops_of("train", has), crops_of("val", ~has)) == [()]


def test_the_note_names_the_parts_with_their_figures_in_one_line():
    assert drift_note({"sheep leg": (), "sheep head": ()}) is None
    falling, rising = Drift("train", 0.65, 0.03, 1e-9), Drift("val", 0.1, 0.304, 1e-9)
    legs = (
        "sheep leg (train: on 65% of the first third of objects, 3% of the last; "
        "val: on 10% of the first third of objects, 30% of the last)"
    )
    paws = "cat paw (val: on 10% of the first third of objects, 30% of the last)"
    note = drift_note({"sheep leg": (falling, rising), "sheep head": (), "cat paw": (rising,)})
    assert note == (
        f"annotation drifts: {legs}, {paws}; counts of such parts depend on which objects are taken"
    )


@pytest.mark.slow
@pytest.mark.parametrize("limit", [None, 200])
def test_in_real_photographs_a_sheep_s_legs_alone_drift(photographs, limit):
    """Torsos that a few herds lack, most of them early in val, do not."""
    classes = ("cat", "dog", "horse", "person", "sheep")
    animals, found = read_coco_parts(photographs, classes), {}
    for name in classes:
        train, val = (class_crops(animals, name, split, 224, limit=limit) for split in ("train", "val"))
        found |= {
            (name, part): of for part, of in zip(train.parts, part_drifts(train, val), strict=True) if of
        }
    ((legs, drifts),) = found.items()
    assert legs == ("sheep", "leg") and [drift.split for drift in drifts] == ["train", "val"]
    assert all(drift.first > 0.6 and drift.last < 0.03 for drift in drifts)
