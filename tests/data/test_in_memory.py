"""Data made by hand: plain values in, the checks that every dataset gets, and what it is shown as."""

import io

import numpy as np
import pytest
from PIL import Image as Pillow

from partsjax.data.dataset import Dataset
from partsjax.data.duplicates import equal_bytes, equal_looks
from partsjax.data.schema import Image, Object, Part
from partsjax.data.sources import EncodedImage
from partsjax.data.survey import survey
from partsjax.errors import InputError

NOISE = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
EAR = Part("ear", (10, 10, 20, 18))
DOG = Object("dog", (5, 5, 50, 38), (EAR,))


def png(pixels=NOISE):
    file = io.BytesIO()
    Pillow.fromarray(pixels).save(file, "png")
    return file.getvalue()


def one(*objects, source=NOISE, split="train", **more):
    return Dataset([Image("a", split, source, objects)], **more)


def test_pixels_bytes_and_paths(tmp_path):
    (tmp_path / "a.png").write_bytes(png())
    sources = [NOISE, png(), tmp_path / "a.png", str(tmp_path / "a.png")]
    images = [Image(number, "train", source, [DOG]) for number, source in enumerate(sources)]
    for image in Dataset(images).images:
        assert np.array_equal(image.source.read(), NOISE) and image.size == (60, 40)
        assert not image.source.read().flags.writeable


def test_what_is_not_given_is_found_in_the_images():
    cat = Object(
        "cat", np.array([1, 2, 30, 40.0]), [Part("tail", [2, 3, 9, 9]), EAR, Part("tail", (1, 2, 8, 9))]
    )
    data = Dataset(
        [Image("a", "val", NOISE, [cat, DOG]), Image("b", "train", NOISE[::-1], [Object("cow", DOG.box)])]
    )
    assert data.parts == {"cat": ("tail", "ear"), "dog": ("ear",)} and list(data.parts) == ["cat", "dog"]
    assert data.name == "in memory" and data.notes == ()
    assert data.images[0].objects[0].box == (1.0, 2.0, 30.0, 40.0)


def test_a_mask_of_the_whole_image_gives_box_and_pixels():
    mask = np.zeros((40, 60), bool)
    mask[10:14, 20:29] = True
    mask[10, 20] = False
    part = Part("ear", mask=mask)
    assert part.box == (20, 10, 29, 14) and np.array_equal(part.pixels(), mask[10:14, 20:29])
    wider = Part("ear", (18.5, 10, 30, 14), mask)
    assert wider.box == (18.5, 10, 30, 14) and np.array_equal(wider.pixels(), mask[10:14, 18:30])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "part 'ear': has neither box nor mask"),
        ({"box": (1, 2, 3)}, "part 'ear': box .1, 2, 3.: give four finite numbers"),
        ({"box": "none"}, "give four finite numbers"),
        ({"box": (1, 2, 3, float("nan"))}, "give four finite numbers"),
        ({"box": (1, 2, float("inf"), 4)}, "give four finite numbers"),
        ({"mask": np.zeros((4, 4), bool)}, "no pixel of its mask is marked"),
        ({"mask": np.zeros((4, 4, 3), bool)}, r"mask is bool \[4, 4, 3\]; give bool \[height, width\]"),
        ({"mask": np.ones((4, 4))}, "mask is float64"),
        ({"mask": np.ones((4, 4), bool), "box": (0, 0, 5, 4)}, "reaches out of its mask"),
        ({"mask": np.ones((4, 4), bool), "box": (-1, 0, 4, 4)}, "reaches out of its mask"),
    ],
)
def test_parts_that_are_none(given, said):
    with pytest.raises(InputError, match=said):
        Part("ear", **given)


@pytest.mark.parametrize(
    ("pixels", "said"),
    [
        (NOISE / 255, r"image a: pixels are float64 \[40, 60, 3\]; give uint8"),
        (NOISE[..., 0], r"image a: pixels are uint8 \[40, 60\]"),
        (None, "image a: is NoneType; give uint8"),
    ],
)
def test_images_that_are_none(pixels, said):
    with pytest.raises(InputError, match=said):
        Image("a", "train", pixels)


def moved(part_box, box=DOG.box):
    return Object("dog", box, [Part("ear", part_box)])


@pytest.mark.parametrize(
    ("objects", "said"),
    [
        ([moved((20, 10, 10, 18))], r"has dog:ear at \(20, 10, 10, 18\); a box is x1, y1, x2, y2"),
        ([moved((10, 10, 10, 18))], "has dog:ear at"),
        ([Object("dog", (5, 38, 50, 5), ())], "has dog at"),
        (
            [moved((10, 10, 20, 18), (5, 5, 62, 38))],
            r"has dog at \(5, 5, 62, 38\), outside the picture \(60x40 px\)",
        ),
        ([moved((-2, 10, 20, 18))], r"has dog:ear at \(-2, 10, 20, 18\), outside the picture"),
        ([moved((51, 10, 55, 18))], r"has 'ear' at \(51, 10, 55, 18\), outside its dog at"),
        ([moved((0.1, 0.1, 0.2, 0.2), (0, 0, 1, 1))], "all boxes lie in 0 to 1, as fractions"),
        ([Object("dog ", DOG.box, DOG.parts)], "the name 'dog ' has white space at its ends"),
        ([Object("dog", DOG.box, [Part("e\nar", EAR.box)])], "the name 'e.nar' holds a control character"),
    ],
)
def test_boxes_and_names_that_make_figures_wrong(objects, said):
    with pytest.raises(InputError, match=f"^in memory: .*{said}"):
        one(*objects)


def test_splits_ids_and_parts():
    with pytest.raises(InputError, match="image a is in split 'test'; use train or val"):
        one(DOG, split="test")
    with pytest.raises(InputError, match="image a appears twice; give each image an id of its own"):
        Dataset([Image("a", split, NOISE, [DOG]) for split in ("train", "val")])
    with pytest.raises(InputError, match="has 'ear' of dog, which is not in the dataset's parts"):
        one(DOG, parts={"dog": ["tail"]})
    with pytest.raises(InputError, match=r"is in split '' .*5 such: 0, 1, 2, 3, 4"):
        Dataset([Image(number, "", NOISE, [DOG]) for number in range(5)])


def test_a_pixel_of_rounding_is_none():
    assert len(one(moved((-0.5, 10, 20, 18), (-1, 5, 61, 41))).images) == 1


def test_boxes_outside_a_file_are_found_when_it_is_looked_at(tmp_path):
    (tmp_path / "a.png").write_bytes(png())
    data = one(moved((10, 10, 20, 18), (5, 5, 62, 38)), source=tmp_path / "a.png")
    (look,) = survey(data.images)
    assert look.problem.startswith(
        f"{tmp_path}/a.png: has dog at (5, 5, 62, 38), outside the picture (60x40 px)"
    )
    assert isinstance(data.images[0].source, EncodedImage)


def test_the_same_photograph_in_both_splits_is_found():
    images = [Image(n, split, NOISE.copy(), [DOG]) for n, split in enumerate(("train", "val"))]
    brighter = Image("c", "val", (NOISE * 0.9).astype(np.uint8), [DOG])
    looks = survey(Dataset([*images, brighter]).images)
    assert [(a.image_id, b.image_id) for a, b in equal_bytes(looks)] == [("0", "1")]
    assert [(a.image_id, b.image_id) for a, b in equal_looks(looks)] == [("0", "c")]
    other = Image(1, "val", NOISE.reshape(60, 40, 3), [DOG])
    assert images[0].source.digest() == images[1].source.digest() != other.source.digest()


def test_shown_as_a_line_and_as_a_table():
    data = Dataset(
        [Image("a", "train", NOISE, [DOG, DOG]), Image("b", "val", NOISE, [Object("<i>", DOG.box, [EAR])])]
    )
    assert repr(data) == (
        "<Dataset 'in memory': dog, <i>; train: 1 images, 2 objects, 2 part boxes; "
        "val: 1 images, 1 objects, 1 part boxes>"
    )
    table = data._repr_html_()
    assert "<th>dog</th><th>(objects)</th><th>2</th><th>0</th>" in table
    assert "<td></td><td>ear</td><td>2</td><td>0</td>" in table
    assert "<th>&lt;i&gt;</th><th>(objects)</th><th>0</th><th>1</th>" in table and "<i>" not in table
