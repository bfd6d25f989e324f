"""What is to be learned, and what is said when it cannot be."""

import numpy as np
import pytest

from partsjax.data import coco_parts, shapeparts
from partsjax.errors import InputError
from partsjax.supervision.examples import gather
from partsjax.supervision.pictures import Pictures
from tests.supervision.pictured import Broken, dataset, image

DOG, CAT = ("dog", (0.0, 0.0, 30.0, 20.0)), ("cat", (30.0, 10.0, 60.0, 40.0))


def test_labels_and_boxes_follow_the_classes_of_the_data_set():
    found = gather(
        dataset(image(0, CAT, DOG, CAT), image(1), image(2, ("car", (0, 0, 5, 5)), DOG), image(3, DOG)),
        "train",
    )
    assert found.classes == ("dog", "cat")
    assert found.labels.tolist() == [[True, True], [False, False], [True, False], [True, False]]
    assert [c.tolist() for c in found.box_classes] == [[1, 0, 1], [], [0], [0]]
    assert [b.shape for b in found.boxes] == [(3, 4), (0, 4), (1, 4), (1, 4)]
    assert found.notes == ("class 'cat' has one train image: expect it to be memorized",)


def test_truth_is_in_fractions_of_each_image():
    found = gather(dataset(image(0, CAT), image(1), image(2, DOG)), "train").truth(Pictures())
    np.testing.assert_allclose(found.boxes[0], [[0.5, 0.25, 1, 1]])
    np.testing.assert_allclose(found.boxes[2], [[0, 0, 0.5, 0.5]])
    assert found.boxes[1].shape == (0, 4)
    assert all(boxes.dtype == np.float32 for boxes in found.boxes)


def test_a_class_without_a_train_image_is_refused_and_named():
    with pytest.raises(InputError, match=r"painted: class 'cat' has no train image.*--classes"):
        gather(dataset(image(0, DOG), image(0, CAT, split="val")), "train")


@pytest.mark.parametrize("split", ["train", "val"])
def test_a_split_without_a_label_is_refused(split):
    with pytest.raises(InputError, match=f"no {split} image has a label of dog, cat"):
        gather(dataset(image(0, split=split)), split)


def test_a_class_without_a_val_image_is_noted():
    assert gather(dataset(image(0, DOG, split="val")), "val").notes == (
        "class 'cat' has no val image: no metric for it",
    )


def test_unreadable_images_are_left_out_and_what_is_left_is_checked_again():
    data = dataset(image(0, DOG), image(1, CAT, source=Broken()), image(2, CAT), image(3, CAT))
    found = gather(data, "train")
    bad = Pictures().unreadable(found.images)
    assert list(bad) == ["train-1"] and "broken.jpg" in bad["train-1"]
    left = found.without(bad)
    assert [i.image_id for i in left.images] == ["train-0", "train-2", "train-3"]
    assert left.labels.tolist() == [[True, False], [False, True], [False, True]]
    with pytest.raises(InputError, match="'dog' has no train image"):
        found.without({"train-0"})


def test_a_limit_counts_objects_of_each_class():
    """Middle first, then the quarters; an image brings all its objects."""
    data = dataset(
        image(0, DOG), image(1, DOG, DOG), image(2, CAT), image(3, DOG, CAT), image(4), image(5, DOG)
    )
    assert [i.image_id for i in gather(data, "train", limit=2).images] == ["train-1", "train-2", "train-3"]
    assert len(gather(data, "train", limit=9)) == 5  # without the one that shows no class
    assert len(gather(data, "train")) == 6


@pytest.mark.parametrize("arranged", ["by class", "in turn", "at random"])
def test_what_a_limit_keeps_is_spread_over_the_split(arranged):
    """Annotation changes along a split: the first ones are not like the others."""
    shown = {
        "by class": [DOG] * 150 + [CAT] * 50,
        "in turn": ([DOG] * 3 + [CAT]) * 50,
        "at random": np.random.default_rng(0).permutation([0] * 150 + [1] * 50).tolist(),
    }[arranged]
    shown = [(DOG, CAT)[one] if isinstance(one, int) else one for one in shown]
    images = [image(i, *[box] * (1 + i % 3)) for i, box in enumerate(shown)]
    kept = {i.image_id for i in gather(dataset(*images), "train", limit=24).images}
    for name in ("dog", "cat"):
        those = [i for i, box in enumerate(shown) if box[0] == name]
        places = np.array([k for k, i in enumerate(those) if images[i].image_id in kept]) / len(those)
        objects = sum(len(images[those[round(p * len(those))]].objects) for p in places)
        assert 24 <= objects < 24 + 3
        quarters = np.histogram(places, 4, (0, 1))[0] / len(places)
        assert quarters.max() - quarters.min() <= 0.25, quarters


def test_shapeparts_are_one_class_an_image():
    data = shapeparts.read_shapeparts(per_class=3)
    found = gather(data, "val")
    assert found.classes == tuple(data.parts) and not found.notes
    assert found.labels.sum(axis=1).tolist() == [1] * len(found)
    for fractions in found.truth(Pictures()).boxes:
        assert (fractions >= 0).all() and (fractions <= 1).all()


@pytest.mark.slow
def test_labels_of_photographs_are_their_objects_classes(photographs):
    data = coco_parts.read_coco_parts(photographs, ["dog", "cat", "person", "sheep", "horse"])
    for split in ("train", "val"):
        found = gather(data, split)
        images = [i for i in data.images if i.split == split]
        shown = [{o.object_class for o in i.objects} for i in images]
        assert [{found.classes[c] for c in np.flatnonzero(row)} for row in found.labels] == shown
        assert (found.labels.sum(axis=0) > 100).all()
