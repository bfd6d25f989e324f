"""What programs write for one value: each kind is read by one strict rule, or refused by name."""

import pytest

from partsjax.data import coco_parts
from partsjax.errors import InputError
from tests.data.coco_folder import annotation, document, write

NAN = float("nan")
IMAGES = [{"id": 1, "file_name": "im1.png", "width": 100, "height": 80}]
DOG = annotation(10, 1, [10, 10, 50, 40], obj_ann_id=10)
EAR = annotation(11, 3, [12, 12, 5, 6], obj_ann_id=10)


def read(tmp_path, dog=None, ear=None, image=None):
    """The folder of one dog and its ear, with some entries of each changed."""
    train = document(
        [{**DOG, **(dog or {})}, {**EAR, **(ear or {})}], images=[{**IMAGES[0], **(image or {})}]
    )
    return coco_parts.read_coco_parts(write(tmp_path, train))


def parts(data):
    return [[part.box for part in found.parts] for image in data.images for found in image.objects]


WHOLE = [
    {"dog": {"id": 10.0}},
    {"dog": {"image_id": 1.0}, "ear": {"category_id": 3.0}},
    {"ear": {"obj_ann_id": 10.0}},
    {"image": {"id": 1.0, "width": 100.0, "height": 80.0}},
]


@pytest.mark.parametrize("changed", WHOLE)
def test_whole_floats_are_whole_numbers(tmp_path, changed):
    data = read(tmp_path, **changed)
    assert parts(data) == [[(12, 12, 17, 18)]]
    assert type(data.images[0].source.annotated_size[0]) is int


@pytest.mark.parametrize("key", ["id", "image_id", "category_id"])
@pytest.mark.parametrize("value", [1.5, True, NAN, [1]])
def test_an_id_that_is_no_whole_number(tmp_path, key, value):
    with pytest.raises(InputError, match=r"instances_train\.json: "):
        read(tmp_path, ear={key: value})


@pytest.mark.parametrize("size", [1.5, True, "100", NAN, float("inf"), None])
def test_a_size_that_is_no_whole_number(tmp_path, size):
    with pytest.raises(InputError, match=r"image 1 has size .*; write its real size"):
        read(tmp_path, image={"height": size})


@pytest.mark.parametrize("owner", [NAN, None])
def test_an_owner_that_is_not_there(tmp_path, owner):
    """pandas writes NaN for it; the ear is the dog's that holds it."""
    assert parts(read(tmp_path, dog={"obj_ann_id": owner}, ear={"obj_ann_id": owner})) == [[(12, 12, 17, 18)]]


@pytest.mark.parametrize("owner", [True, 10.5, "10", ""])
def test_an_owner_that_is_no_id(tmp_path, owner):
    with pytest.raises(InputError, match=r"annotation 11 has obj_ann_id .* not an annotation of its image"):
        read(tmp_path, ear={"obj_ann_id": owner})


@pytest.mark.parametrize("crowd", [0, 0.0, False, "0", None, NAN])
def test_no_crowd(tmp_path, crowd):
    assert parts(read(tmp_path, dog={"iscrowd": crowd}, ear={"iscrowd": crowd})) == [[(12, 12, 17, 18)]]


@pytest.mark.parametrize("crowd", [1, 1.0, True, "1"])
def test_a_crowd_of_parts_is_left_out_and_counted(tmp_path, crowd):
    train = document([DOG, EAR, {**EAR, "id": 12, "bbox": [30, 30, 9, 9], "iscrowd": crowd}])
    data = coco_parts.read_coco_parts(write(tmp_path, train))
    assert parts(data) == [[(12, 12, 17, 18)]]
    assert "1 crowds of parts (iscrowd) left out" in data.notes


@pytest.mark.parametrize("crowd", [2, -1, 0.5, "true", "", [], {}])
def test_a_crowd_or_not(tmp_path, crowd):
    with pytest.raises(InputError, match=r"annotation 11 has iscrowd .*; write 0 or 1"):
        read(tmp_path, ear={"iscrowd": crowd})


@pytest.mark.parametrize("named", [{"obj_ann_id": 20}, {}])
def test_parts_of_a_crowd_go_with_it_whether_they_name_it_or_not(tmp_path, named):
    crowd = annotation(20, 1, [70, 50, 25, 25], iscrowd="1")
    theirs = annotation(21, 3, [72, 52, 5, 5], **named)
    data = coco_parts.read_coco_parts(write(tmp_path, document([DOG, EAR, crowd, theirs])))
    assert parts(data) == [[(12, 12, 17, 18)]]
    assert {"1 crowds (iscrowd) left out", "1 parts of crowds (iscrowd) left out"} <= set(data.notes)


@pytest.mark.parametrize("rotation", [0, 0.0, 360, "0.0", None, NAN])
@pytest.mark.parametrize("tool", ["CVAT", "Label Studio"])
def test_a_rotation_of_nothing(tmp_path, rotation, tool):
    entry = {"rotation": rotation} if tool == "Label Studio" else {"attributes": {"rotation": rotation}}
    assert parts(read(tmp_path, ear=entry)) == [[(12, 12, 17, 18)]]


@pytest.mark.parametrize("rotation", [30, -5.5, 375, "45.0"])
@pytest.mark.parametrize("tool", ["CVAT", "Label Studio"])
@pytest.mark.parametrize("who", ["dog", "ear"])
def test_a_rotated_box_is_refused(tmp_path, rotation, tool, who):
    entry = {"rotation": rotation} if tool == "Label Studio" else {"attributes": {"rotation": rotation}}
    with pytest.raises(InputError, match=r"annotation 1. is rotated by .* degrees"):
        read(tmp_path, **{who: entry})


def test_a_part_outside_the_object_that_it_names(tmp_path):
    far = {"bbox": [70, 60, 5, 6]}
    with pytest.raises(
        InputError, match="annotation 11 lies outside the dog that its obj_ann_id names, annotation 10"
    ):
        read(tmp_path / "a", ear=far)
    # It touches, and shares no pixel.
    with pytest.raises(InputError, match="annotation 11 lies outside the dog"):
        read(tmp_path / "b", ear={"bbox": [60, 20, 5, 6]})
    assert parts(read(tmp_path / "c", ear={"bbox": [59, 20, 5, 6]})) == [[(59, 20, 64, 26)]]


def test_a_byte_order_mark_before_json(tmp_path):
    folder = write(tmp_path, document([DOG, EAR]))
    for encoding in ("utf-8-sig", "utf-16"):
        for split in ("train", "val"):
            path = folder / f"instances_{split}.json"
            text = path.read_bytes()
            path.write_bytes(text.decode().encode(encoding))
            assert parts(coco_parts.read_coco_parts(folder)) == [[(12, 12, 17, 18)]]
            path.write_bytes(text)


def test_half_a_character_in_a_file_name(tmp_path):
    with pytest.raises(InputError, match="image 1 has file name"):
        read(tmp_path, image={"file_name": "im\ud8001.png"})
