"""Crops and their truth against the plain reference."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from PIL import Image as Pillow

from partsjax.data.crops import class_crops, fingerprints, to_crop_frame, warp
from partsjax.data.dataset import Dataset
from partsjax.data.schema import Image, Object, Part
from partsjax.data.sources import FileImage
from tests.discriminativeness.plain import mask_pixels
from tests.plain import crops as plain

PIXELS = np.zeros((64, 64, 3), np.uint8)
FILL = np.array([100.5, 110.25, 120.75])


@pytest.mark.parametrize(
    "box",
    [
        (40, 30, 90, 70),  # well inside
        (0, 0, 120, 90),  # the whole image: context reaches outside on all sides
        (-10.5, 20, 30, 85.25),  # partly outside, fractional
        (119, 89, 120, 90),  # one pixel in the corner
        (10, 10, 11, 80),  # one pixel wide
    ],
)
@pytest.mark.parametrize("size", [64, 224, 227])
def test_warp_equals_plain(box, size):
    image = np.random.default_rng(0).integers(0, 256, (90, 120, 3)).astype(np.uint8)
    np.testing.assert_allclose(
        warp(image, box, size, FILL), plain.crop(image, box, size, FILL), atol=2e-3, rtol=1e-5
    )


def test_warp_far_outside_is_the_mean_colour():
    image = np.zeros((20, 20, 3), np.uint8)
    assert (warp(image, (200, 200, 240, 240), 64, FILL) == FILL.astype(np.float32)).all()


coordinates = some.floats(-50, 300)


@given(coordinates, coordinates, some.floats(1, 200), some.floats(1, 200), some.sampled_from([64, 224, 227]))
def test_boxes_go_through_the_same_map_as_pixels(x, y, width, height, size):
    box = np.array([x, y, x + width, y + height])
    np.testing.assert_allclose(to_crop_frame(box, box, size), [16, 16, size - 16, size - 16], atol=1e-6)
    part = box + np.array([0.1, 0.2, -0.3, -0.1]) * np.array([width, height] * 2)
    np.testing.assert_allclose(to_crop_frame(part, box, size), plain.box_to_crop(part, box, size), atol=1e-6)


def dataset() -> Dataset:
    def part(name, *box):
        return Part(name, box)

    images = (
        Image(
            "a",
            "train",
            PIXELS,
            (
                Object("dog", (0, 0, 32, 32), (part("ear", 0, 0, 4, 4), part("ear", 8, 0, 12, 4))),
                Object("cat", (0, 0, 9, 9), ()),
                Object("dog", (0, 0, 64, 64), ()),
            ),
        ),
        Image("b", "val", PIXELS, (Object("dog", (0, 0, 32, 32), (part("tail", 0, 0, 32, 32),)),)),
        Image("c", "train", PIXELS, (Object("cat", (0, 0, 9, 9), ()),)),
        Image("d", "train", PIXELS, (Object("dog", (0, 0, 32, 64), (part("tail", 0, 0, 1, 60),)),)),
    )
    return Dataset(images, {"dog": ("ear", "tail"), "cat": ("ear",)}, "toy")


def test_every_object_of_the_class_is_a_crop_with_its_own_parts():
    crops = class_crops(dataset(), "dog", "train", 64)
    assert crops.ids == ("a#0", "a#2", "d#0")
    assert [image.image_id for image in crops.images] == ["a", "d"]
    assert crops.image_index.tolist() == [0, 0, 1]
    truth = crops.truth
    assert truth.valid.shape == (2, 2, 3)  # two parts, two ears at most, three crops
    assert truth.valid[0].T.tolist() == [[True, True], [False, False], [False, False]]
    assert truth.positives.tolist() == [2, 1]
    # The 32-pixel box fills pixels 16 to 48 of 64: one to one.
    np.testing.assert_allclose(truth.boxes[:, 0, :, 0].T, [[16, 16, 20, 20], [24, 16, 28, 20]])


def test_limit_takes_objects_evenly_spread_over_the_split():
    assert class_crops(dataset(), "dog", "train", 64, limit=2).ids == ("a#0", "d#0")
    assert class_crops(dataset(), "dog", "train", 64, limit=1).ids == ("a#2",)
    assert class_crops(dataset(), "dog", "train", 64, limit=9).ids == ("a#0", "a#2", "d#0")


def test_small_parts_are_difficult_only_when_asked():
    assert not class_crops(dataset(), "dog", "train", 64).truth.difficult.any()
    truth = class_crops(dataset(), "dog", "train", 64, min_part_size=3).truth
    assert truth.difficult[1, 0].tolist() == [False, False, True]  # the tail one pixel wide
    assert truth.positives.tolist() == [2, 0]


def test_a_split_without_the_class_is_empty():
    crops = class_crops(dataset(), "cat", "val", 64)
    assert len(crops) == 0 and crops.truth.valid.shape == (1, 1, 0)
    assert crops.truth.positives.tolist() == [0]


def test_fingerprints_change_with_image_and_box_and_with_nothing_else():
    crops = class_crops(dataset(), "dog", "train", 64)
    first = fingerprints(crops, {"a": "1", "d": "2"})
    assert len(set(first)) == 3
    other_image = fingerprints(crops, {"a": "1", "d": "3"})
    assert first[:2] == other_image[:2] and first[2] != other_image[2]
    assert fingerprints(class_crops(dataset(), "dog", "train", 227), {"a": "1", "d": "2"})[0] != first[0]


def test_crops_keep_their_objects_and_the_sizes_of_their_images():
    crops = class_crops(dataset(), "dog", "train", 64)
    assert [len(found.parts) for found in crops.objects] == [2, 0, 1]
    assert crops.object_boxes.tolist() == [[0, 0, 32, 32], [0, 0, 64, 64], [0, 0, 32, 64]]
    assert crops.image_sizes.tolist() == [[64, 64]] * 3


def test_sizes_come_from_annotations_or_headers_and_are_left_open_where_there_are_neither(tmp_path):
    Pillow.fromarray(np.zeros((30, 50, 3), np.uint8)).save(tmp_path / "a.png")
    dog = (Object("dog", (0, 0, 20, 20), (Part("ear", (0, 0, 9, 9)),)),)
    sources = (tmp_path / "a.png", FileImage(tmp_path / "none.png", (40, 30)), tmp_path / "none.png")
    images = [Image(number, "train", source, dog) for number, source in enumerate(sources)]
    sizes = class_crops(Dataset(images), "dog", "train", 64).image_sizes
    np.testing.assert_array_equal(sizes, [[50, 30], [40, 30], [np.nan, np.nan]])


@given(some.integers(0, 2**32 - 1), some.sampled_from([33, 64]))
def test_masks_in_the_crop_s_frame_equal_plain(seed, size):
    random = np.random.default_rng(seed)
    masks = random.random((2, 40, 50)) < 0.5
    x, y = random.uniform(0, 20, 2)
    box = (x, y, x + random.uniform(20, 40), y + random.uniform(20, 40))
    parts = (Part("ear", mask=masks[0]), Part("tail", (18, 18, 22, 23)), Part("ear", mask=masks[1]))
    image = Image("a", "train", np.zeros((200, 200, 3), np.uint8), (Object("dog", box, parts),))
    crops = class_crops(dataclasses.replace(dataset(), images=(image,)), "dog", "train", size)
    for name, those in (("ear", parts[::2]), ("tail", parts[1:2])):
        expected = [mask_pixels(part, box, size) for part in those]
        np.testing.assert_array_equal(crops.part_masks(0, name), expected)
    assert crops.part_masks(0, "nose").shape == (0, size, size)


def test_real_photographs_match_plain(photographs):
    from partsjax.data.coco_parts import read_coco_parts

    crops = class_crops(read_coco_parts(photographs, ["horse"]), "horse", "val", 224)
    for n in range(0, len(crops), 40):
        image = crops.images[crops.image_index[n]].source.read()
        box = crops.object_boxes[n]
        np.testing.assert_allclose(
            warp(image, box, 224, FILL), plain.crop(image, box, 224, FILL), atol=2e-3, rtol=1e-5
        )
