"""Objects and parts that are marked twice count once, and are said."""

import pytest

from partsjax.data import coco_parts
from partsjax.data.doubled import counted_once
from partsjax.data.schema import Image, Object, Part
from tests.data.coco_folder import annotation, document, write

DOG = annotation(10, 1, [10, 10, 50, 40], obj_ann_id=10)
EAR = annotation(11, 3, [12, 12, 20, 20], obj_ann_id=10)
TAIL = annotation(12, 4, [40, 30, 10, 15], obj_ann_id=10)


def read(tmp_path, *annotations):
    data = coco_parts.read_coco_parts(write(tmp_path, document(annotations)))
    notes = [note for note in data.notes if "doubled" in note]
    return [[(p.name, p.box) for p in o.parts] for i in data.images for o in i.objects], notes


def test_a_part_twice(tmp_path):
    found, notes = read(tmp_path, DOG, EAR, {**EAR, "id": 13, "bbox": [12, 12, 20.5, 20]})
    assert found == [[("ear", (12, 12, 32, 32))]]
    assert notes == ["1 doubled dog:ear boxes (IoU over 0.95): each counted once"]


@pytest.mark.parametrize(
    "other",
    [
        {"bbox": [13, 13, 20, 20]},  # IoU .82
        {"category_id": 4},  # another part
    ],
)
def test_what_is_not_the_same_stays(tmp_path, other):
    found, notes = read(tmp_path, DOG, EAR, {**EAR, "id": 13, **other})
    assert len(found[0]) == 2 and notes == []


@pytest.mark.parametrize("owner", [10, 20, None])
def test_an_object_twice_is_one_with_the_parts_of_both(tmp_path, owner):
    copy = {**DOG, "id": 20, "obj_ann_id": 20}
    tail = {**TAIL, "obj_ann_id": owner}
    found, notes = read(tmp_path, DOG, copy, EAR, {**EAR, "id": 13, "obj_ann_id": owner}, tail)
    assert [sorted(parts) for parts in found] == [[("ear", (12, 12, 32, 32)), ("tail", (40, 30, 50, 45))]]
    assert notes == [
        "1 doubled dog boxes (IoU over 0.95): each counted once",
        "1 doubled dog:ear boxes (IoU over 0.95): each counted once",
    ]


def test_the_same_part_of_two_objects_is_two(tmp_path):
    other = annotation(20, 1, [10, 10, 50, 60], obj_ann_id=20)
    found, notes = read(tmp_path, DOG, other, EAR, {**EAR, "id": 13, "obj_ann_id": 20})
    assert [len(parts) for parts in found] == [1, 1] and notes == []


def test_whatever_the_reader():
    part = Part("ear", (1, 1, 9, 9), b"mask")
    twice = Object("dog", (0, 0, 20, 20), (part, part, Part("ear", (10, 1, 18, 9))))
    whole = Object("cat", (0, 0, 20, 20), (part,))
    images = [Image("a", "train", b"", (twice, whole)), Image("b", "val", b"", (whole,))]
    found, notes = counted_once(images)
    assert [[len(o.parts) for o in image.objects] for image in found] == [[2, 1], [1]]
    assert found[1] is images[1] and notes == ["1 doubled dog:ear boxes (IoU over 0.95): each counted once"]
