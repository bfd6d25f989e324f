"""Halves of the train images: nothing is in both, and both are alike."""

import numpy as np
import pytest

from partsjax.data.dataset import Dataset
from partsjax.data.halves import HALVES, half
from partsjax.data.schema import Image, Object

BOX, PIXELS = (0.0, 0.0, 8.0, 8.0), np.zeros((8, 8, 3), np.uint8)


def dataset(train: list[str], val: int = 3) -> Dataset:
    """Images named by what they show: "dog+cat"; "" is a negative."""
    shown = [(f"t{i}", "train", what) for i, what in enumerate(train)] + [
        (f"v{i}", "val", "dog") for i in range(val)
    ]
    images = tuple(
        Image(name, split, PIXELS, tuple(Object(c, BOX) for c in what.split("+") if c))
        for name, split, what in shown
    )
    return Dataset(images, {"dog": ("ear",), "cat": ("ear",)}, "painted")


def names(found: Dataset, split: str) -> list[str]:
    return [image.image_id for image in found.images if image.split == split]


@pytest.mark.parametrize(
    "train",
    [
        ["dog"] * 7,
        ["dog", "cat"] * 10,
        ["cat"] * 5 + ["dog"] * 5,
        ["dog", "dog+cat", "", "cat", "car"] * 4,
        [],
    ],
)
def test_every_train_image_is_in_one_half_and_val_in_both(train):
    data = dataset(train)
    one, two = (half(data, number) for number in HALVES)
    assert not set(names(one, "train")) & set(names(two, "train"))
    assert sorted(names(one, "train") + names(two, "train")) == sorted(names(data, "train"))
    assert abs(len(names(one, "train")) - len(names(two, "train"))) <= 1
    assert names(one, "val") == names(two, "val") == names(data, "val")
    assert one.parts == data.parts
    for found in (one, two):  # in the dataset's order
        assert [i for i in data.images if i in found.images] == list(found.images)
    assert one.notes == (f"painted: half 1 of the train images, {len(names(one, 'train'))} of {len(train)}",)


@pytest.mark.parametrize("train", [["dog", "cat"] * 12, ["dog"] * 12 + ["cat"] * 12, ["dog", "cat", ""] * 8])
def test_halves_have_as_much_of_each_class_and_of_each_stretch_of_the_split(train):
    data = dataset(train)
    for what in sorted(set(train)):
        places = [f"t{i}" for i, shown in enumerate(train) if shown == what]
        for stretch in np.array_split(places, 2):
            counts = [len(set(stretch) & set(names(half(data, number), "train"))) for number in HALVES]
            assert abs(counts[0] - counts[1]) <= 1, (what, counts)
