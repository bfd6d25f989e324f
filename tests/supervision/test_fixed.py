"""Validation sets: fixed, whole, in order, and independent of how they are cut into batches."""

import numpy as np
import pytest

from partsjax.data import shapeparts
from partsjax.supervision import proposals
from partsjax.supervision.examples import gather
from partsjax.supervision.fixed import FixedImages, FixedWindows
from partsjax.supervision.inputs import WINDOWS, inputs_for
from partsjax.supervision.pictures import Pictures, View, mirror_windows, whole_picture
from partsjax.supervision.recipe import Recipe
from partsjax.supervision.sampling import WindowsOfImage
from tests.supervision.pictured import unbalanced

VIEW = View(Pictures(), 48, (100.0, 110.0, 120.0))


def fixed(objective, examples=None, **changes):
    seed = changes.pop("seed", 0)
    recipe = Recipe(**{"batch_size": 4, "num_windows": 7, "val_limit": None} | changes)
    return inputs_for(objective, examples or unbalanced(), VIEW, recipe, seed=seed).val


def unpadded(validation):
    batches = [validation(number) for number in range(len(validation))]
    counts = [batch.pop("count") for batch in batches]
    assert all(count == validation.batch_size for count in counts[:-1])
    assert 0 < counts[-1] <= validation.batch_size
    for batch in batches:
        assert all(len(value) == validation.batch_size for value in batch.values())
    for value in batches[-1].values():
        assert not value[counts[-1] :].any()
    return {
        name: np.concatenate([b[name][:count] for b, count in zip(batches, counts, strict=True)])
        for name in batches[0]
    }


@pytest.mark.parametrize("objective", WINDOWS)
@pytest.mark.parametrize("limit", [None, 5])
def test_the_set_is_the_same_however_it_is_cut(objective, limit):
    whole_set, *others = (
        unpadded(fixed(objective, batch_size=size, seed=seed, val_limit=limit))
        for size, seed in ((64, 0), (4, 1), (5, 2))
    )
    for other in others:
        assert other.keys() == whole_set.keys()
        for name in whole_set:
            np.testing.assert_array_equal(other[name], whole_set[name])


def test_every_object_has_a_window_and_there_is_three_times_as_much_background():
    validation = fixed("object")
    found = unpadded(validation)
    _, val = unbalanced()
    assert found["labels"].tolist() == [*np.concatenate(val.box_classes), *[2] * 39]
    np.testing.assert_array_equal(found["labels"], validation.truth)
    assert validation.truth.dtype == found["labels"].dtype == np.int32
    assert len(np.unique(found["pixels"], axis=0)) == len(found["pixels"])


def test_every_image_is_there_whole_in_order_with_its_truth():
    validation = fixed("image")
    found = unpadded(validation)
    _, val = unbalanced()
    expected = np.stack([whole_picture(image.source.read(), 48) for image in val.images])
    np.testing.assert_array_equal(found["pixels"], expected)
    np.testing.assert_array_equal(found["labels"], val.labels)
    np.testing.assert_array_equal(validation.truth.labels, val.labels)
    assert [len(boxes) for boxes in validation.truth.boxes] == [len(boxes) for boxes in val.boxes]


def test_windows_of_images_are_fixed_and_not_mirrored():
    _, val = unbalanced()
    found = np.array([[0.0, 0, 15, 40], [0, 0, 30, 20]])
    windows = WindowsOfImage(Pictures(), 3, lambda image: found)
    batch = FixedImages(val, VIEW, 4, windows)(0)
    expected = np.array([[0, 0, 0.25, 1], [0, 0, 0.5, 0.5], [0, 0, 0, 0]])
    np.testing.assert_allclose(batch["windows"], np.tile(expected, (4, 1, 1)))
    assert batch["valid"].tolist() == [[True, True, False]] * 4
    assert not np.allclose(mirror_windows(expected[0]), expected[0])


def test_a_limit_spreads_over_the_set():
    _, val = unbalanced()
    validation = FixedImages(val, VIEW, 4, limit=4)
    numbers = [1, 4, 6, 9]  # of 11
    np.testing.assert_array_equal(unpadded(validation)["labels"], val.labels[numbers])
    assert len(validation.truth.boxes) == len(validation.truth.box_classes) == 4
    np.testing.assert_array_equal(validation.truth.labels, val.labels[numbers])
    windows = FixedWindows(val, VIEW, 4, limit=4)
    assert len(windows) == 4 and len(windows.truth) == 16


def test_windows_of_shapeparts_show_what_their_labels_say():
    data = shapeparts.read_shapeparts(per_class=3)
    examples = gather(data, "train"), gather(data, "val")
    validation = fixed("object", examples)
    objects = np.concatenate(examples[1].box_classes)
    assert validation.truth.tolist() == [*objects, *[4] * (3 * len(objects))]
    for (image, box), label in zip(validation._places, validation.truth, strict=True):
        overlap = proposals.overlaps(box[None], examples[1].boxes[image]).max()
        assert (overlap >= 0.5) == (label != 4)
