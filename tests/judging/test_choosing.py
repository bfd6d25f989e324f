"""Top crops against their definition; lists of filters; samples."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from partsjax.errors import InputError
from partsjax.judging.choosing import FEWEST, filters_asked, sample, top_crops
from partsjax.judging.items import PICTURES


def plainly(values, image):
    """One filter's crops: the strongest that is left, the first of equal ones, of an image not yet taken."""
    chosen = []
    while len(chosen) < PICTURES:
        left = [n for n, v in enumerate(values) if v > 0 and image[n] not in [image[c] for c in chosen]]
        if not left:
            break
        chosen.append(min(left, key=lambda n: (-values[n], n)))
    return chosen


@given(st.integers(0, 2**31), st.integers(1, 40), st.integers(1, 30))
def test_top_crops_are_the_strongest_of_different_images(seed, crops, images):
    random = np.random.default_rng(seed)
    highest = random.integers(-2, 5, (3, crops)).astype(np.float32)  # many are equal
    image = random.integers(0, images, crops)
    top = top_crops(highest, image)
    for values, those, silent in zip(highest, top.crops, top.silent, strict=True):
        kept = those[those >= 0].tolist()
        assert kept == plainly(values, image)
        assert (those[len(kept) :] == -1).all()
        assert silent == (len(kept) < FEWEST)


def test_no_crops_are_no_error():
    assert top_crops(np.zeros((2, 0), np.float32), np.zeros(0, int)).silent.all()


@pytest.mark.parametrize(
    ("text", "filters"),
    [("", range(12)), ("3", [3]), ("0,5-7", [0, 5, 6, 7]), (" 7 - 8 ,1,7", [1, 7, 8]), ("11", [11])],
)
def test_filters_that_are_asked_for(text, filters):
    assert filters_asked(text, 12, "conv5").tolist() == list(filters)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("12", "conv5 has no filter 12; it has 0 to 11"),
        ("5-12", "no filter 12"),
        ("7-5", "no number or range"),
        ("-1", "no number or range"),
        ("a", "no number or range"),
        ("1,,2", "no number or range"),
        ("1.5", "no number or range"),
        ("٣", "no number or range"),
    ],
)
def test_filters_that_are_none(text, what):
    with pytest.raises(InputError, match=what):
        filters_asked(text, 12, "conv5")


def test_a_sample_is_even_over_groups_and_the_same_again():
    groups = [np.arange(3), np.arange(100), np.arange(50, 90)]
    found = sample(groups, 23, seed=1)
    assert [len(group) for group in found] == [3, 10, 10]
    for group, those in zip(groups, found, strict=True):
        assert set(those) <= set(group) and (np.diff(those) > 0).all()
    assert all(map(np.array_equal, found, sample(groups, 23, seed=1)))
    assert not all(map(np.array_equal, found, sample(groups, 23, seed=2)))
    assert [len(group) for group in sample(groups, 2, seed=0)] == [1, 1, 0]
    assert [len(group) for group in sample(groups, 143, seed=0)] == [3, 100, 40]
    assert all(map(np.array_equal, groups, sample(groups, None, seed=0)))
    with pytest.raises(InputError, match="144 of 143 pairs"):
        sample(groups, 144, seed=0)
