"""Files whose boxes are not x, y, width, height in pixels are refused, saying what they look like."""

import numpy as np
import pytest

from partsjax.data import coco_parts
from partsjax.errors import InputError
from tests.data.coco_folder import annotation, document, write

WIDTH, HEIGHT = 640, 480


def boxes(count=15, seed=0):
    """Right boxes of `count` dogs, one an image, and of an ear each: pairs of x, y, width, height."""
    random = np.random.default_rng(seed)
    for _ in range(count):
        x, y, w, h = (int(v) for v in random.integers((0, 0, 150, 120), (400, 300, 230, 170)))
        ear = (int(v) for v in random.integers((0, 0, 10, 10), (w - 30, h - 30, 30, 30)))
        dx, dy, ear_w, ear_h = ear
        yield [x, y, w, h], [x + dx, y + dy, ear_w, ear_h]


def folder(tmp_path, written, count=15, area=None):
    """Every box as `written` has it."""
    images = [
        {"id": i, "file_name": f"im{i}.png", "width": WIDTH, "height": HEIGHT} for i in range(1, count + 1)
    ]
    annotations = []
    for image, pair in enumerate(boxes(count), 1):
        for kind, box in zip((1, 3), pair, strict=True):
            more = {} if area is None else {"area": area(box)}
            owner = 2 * image - 1
            name = owner + (kind == 3)
            annotations.append(annotation(name, kind, written(box), image, obj_ann_id=owner, **more))
    return write(tmp_path, document(annotations, images))


def as_corners(box):
    x, y, w, h = box
    return [x, y, x + w, y + h]


def scaled(factor):
    def written(box):
        return [v * factor / side for v, side in zip(box, (WIDTH, HEIGHT) * 2, strict=True)]

    return written


def test_boxes_as_they_should_be(tmp_path):
    data = coco_parts.read_coco_parts(folder(tmp_path, list))
    assert len(data.images) == 15 and not any("look like" in note for note in data.notes)


@pytest.mark.parametrize(
    ("written", "taken_for"),
    [
        (scaled(1), "fractions of the image"),
        (scaled(100), "percentages of the image"),
        (as_corners, "two corners, x1, y1, x2, y2"),
    ],
)
def test_a_whole_file_in_other_units(tmp_path, written, taken_for):
    path = folder(tmp_path, written)
    for skip_bad in (False, True):  # there is nothing to go on with
        with pytest.raises(
            InputError, match=rf"instances_train\.json: all 30 boxes look like {taken_for}"
        ) as caught:
            coco_parts.read_coco_parts(path, skip_bad=skip_bad)
        assert "annotation 1," in str(caught.value)


def test_fractions_are_certain_even_of_one_image(tmp_path):
    with pytest.raises(InputError, match="all 2 boxes look like fractions"):
        coco_parts.read_coco_parts(folder(tmp_path, scaled(1), count=1))


def test_some_fractions_among_pixels_are_refused_one_by_one(tmp_path):
    dog = annotation(1, 1, [100, 100, 300, 200], obj_ann_id=1)
    ears = [annotation(i, 3, [0.3 + i / 50, 0.4, 0.1, 0.1], obj_ann_id=1) for i in range(2, 5)]
    images = [{"id": 1, "file_name": "im1.png", "width": WIDTH, "height": HEIGHT}]
    with pytest.raises(InputError, match=r"annotation 2 .*first pixel.*\(3 such: 2, 3, 4\); write pixels"):
        coco_parts.read_coco_parts(write(tmp_path, document([dog, *ears], images)))


def test_few_corners_are_recognised_where_most_reach_out_as_sizes(tmp_path):
    images = [{"id": 1, "file_name": "im1.png", "width": 500, "height": 480}]
    pair = annotation(1, 1, [200, 150, 460, 400]), annotation(2, 3, [210, 200, 440, 410], obj_ann_id=1)
    with pytest.raises(InputError, match="all 2 boxes look like two corners"):
        coco_parts.read_coco_parts(write(tmp_path, document(pair, images)))


@pytest.mark.parametrize("written", [scaled(100), as_corners])
def test_two_boxes_are_enough_where_their_areas_say_so(tmp_path, written):
    images = [{"id": 1, "file_name": "im1.png", "width": WIDTH, "height": HEIGHT}]
    dog, ear = next(boxes(1))
    dog, ear = [20, 30, *dog[2:]], [25, 35, 40, 50]
    pair = [
        annotation(1, 1, written(dog), area=dog[2] * dog[3], obj_ann_id=1),
        annotation(2, 3, written(ear), area=ear[2] * ear[3], obj_ann_id=1),
    ]
    with pytest.raises(InputError, match=r"all 2 boxes look like (percentages|two corners)"):
        coco_parts.read_coco_parts(write(tmp_path / "a", document(pair, images)))
    del pair[1]["area"]
    coco_parts.read_coco_parts(write(tmp_path / "b", document(pair, images)))


def test_an_area_can_say_that_numbers_are_width_and_height(tmp_path):
    """Such boxes all lie in the upper left, and are what they are written as."""

    def upper_left(box):
        return [2 + box[0] / 40, 2 + box[1] / 40, 100 + box[2], 100 + box[3]]

    def its_area(box):
        _, _, w, h = upper_left(box)
        return w * h

    assert len(coco_parts.read_coco_parts(folder(tmp_path / "a", upper_left, area=its_area)).images) == 15
    with pytest.raises(InputError, match="two corners"):
        coco_parts.read_coco_parts(folder(tmp_path / "b", upper_left))
