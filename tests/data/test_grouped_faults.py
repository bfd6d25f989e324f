"""Faults of one kind are reported together, over both files; --skip_bad goes on without and counts them."""

import pytest

from partsjax.data import coco_parts
from partsjax.data.faults import Faults
from partsjax.errors import InputError
from tests.data.coco_folder import annotation, document, write

DOG = annotation(10, 1, [10, 10, 50, 40], obj_ann_id=10)
EAR = annotation(11, 3, [12, 12, 5, 6], obj_ann_id=10)
OUTSIDE = {"bbox": [95, 10, 30, 5]}
IMAGE = {"id": 1, "file_name": "im1.png", "width": 100, "height": 80}

KINDS = {
    "outside the image": OUTSIDE,
    "no width": {"bbox": [12, 12, 0, 5]},
    "no box": {"bbox": None},
    "no key": {"category_id": ...},
    "unknown image": {"image_id": 7},
    "unknown category": {"category_id": 7},
    "no flag": {"iscrowd": "yes"},
    "rotated": {"rotation": 20},
    "owner elsewhere": {"obj_ann_id": 99},
    "owner does not hold it": {"bbox": [70, 60, 5, 5]},
    "no owner holds it": {"bbox": [70, 60, 5, 5], "obj_ann_id": None},
}


def changed(entry, number, more):
    entry = {**entry, "id": number, **more}
    return {key: value for key, value in entry.items() if value is not ...}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_named_once_and_skipped_if_asked(tmp_path, kind):
    ears = [changed(EAR, 100 + i, KINDS[kind]) for i in range(7)]
    val = [{**DOG, "image_id": 2}, changed({**EAR, "image_id": 2}, 200, KINDS[kind])]
    folder = write(tmp_path, document([DOG, EAR, *ears]), document(val))
    with pytest.raises(InputError) as caught:
        coco_parts.read_coco_parts(folder)
    message = str(caught.value)
    assert "8 such: 100, 101, 102, 103, 104 and 3 more" in message and message.count("such") == 1
    assert "--skip_bad" in message and "\n" not in message
    data = coco_parts.read_coco_parts(folder, skip_bad=True)
    assert [[len(o.parts) for o in image.objects] for image in data.images] == [[1], [0]]
    (note,) = (note for note in data.notes if "--skip_bad" in note)
    assert "8 of a kind" in note and "annotation 100" in note


def test_a_kind_over_two_files_names_the_file(tmp_path):
    bad = annotation(11, 3, [95, 10, 30, 5], image=2)
    with pytest.raises(InputError, match=r"\(2 such: 11, 11 in instances_val\.json\)"):
        coco_parts.read_coco_parts(write(tmp_path, document([DOG, bad]), document([DOG, bad])))


def test_several_kinds_in_one_line(tmp_path):
    wrong = [changed(EAR, 20, OUTSIDE), changed(EAR, 21, {"rotation": 20}), changed(EAR, 22, {"image_id": 7})]
    with pytest.raises(InputError) as caught:
        coco_parts.read_coco_parts(write(tmp_path, document([DOG, EAR, *wrong])))
    assert all(text in str(caught.value) for text in ("annotation 20 ", "annotation 21 ", "annotation 22 "))


def test_what_is_wrong_with_all_parts_is_said_rather_than_that_there_are_none(tmp_path):
    with pytest.raises(InputError, match="annotation 11 has iscrowd"):
        coco_parts.read_coco_parts(write(tmp_path, document([DOG, {**EAR, "iscrowd": 3}])))


def test_bad_images_go_with_their_annotations(tmp_path):
    train = document(
        [DOG, EAR, annotation(20, 1, [1, 1, 5, 5], image=3)], [IMAGE, {**IMAGE, "id": 3, "width": 0}]
    )
    folder = write(tmp_path, train)
    with pytest.raises(InputError, match="image 3 has size 0x80"):
        coco_parts.read_coco_parts(folder)
    assert len(coco_parts.read_coco_parts(folder, skip_bad=True).images) == 1


def test_parts_of_a_bad_object_go_with_it(tmp_path):
    """Its parts are not another's, nor an object by themselves."""
    second = [
        annotation(20, 1, [60, 50, 90, 20], obj_ann_id=20),
        annotation(21, 3, [70, 55, 5, 5], obj_ann_id=20),
    ]
    third = annotation(22, 3, [70, 65, 5, 3])
    alone = [annotation(30, 1, [60, 50, 90, 20], image=2), annotation(31, 3, [70, 55, 5, 5], image=2)]
    data = coco_parts.read_coco_parts(
        write(tmp_path, document([DOG, EAR, *second, third, *alone])), skip_bad=True
    )
    assert [[p.box for p in o.parts] for image in data.images for o in image.objects] == [[(12, 12, 17, 18)]]
    assert "3 parts of objects that are left out" in data.notes


@pytest.mark.parametrize("skip_bad", [False, True])
def test_what_cannot_be_skipped_is_refused_all_the_same(tmp_path, skip_bad):
    with pytest.raises(InputError, match="has the id 10 twice") as caught:
        coco_parts.read_coco_parts(write(tmp_path, document([DOG, {**EAR, "id": 10}])), skip_bad=skip_bad)
    assert "--skip_bad" not in str(caught.value)


def test_more_kinds_than_a_line_should_hold():
    faults = Faults()
    for number in range(9):
        faults.add("f.json", number, "is wrong", f"fix {number}")
    with pytest.raises(InputError, match=r"fix 4 .*4 more kinds of faults$"):
        faults.settle()


def test_a_class_that_loses_its_last_part_is_none_of_all(tmp_path):
    cat = [annotation(20, 2, [60, 10, 20, 20], image=2), annotation(21, 5, [90, 10, 40, 4], image=2)]
    folder = write(tmp_path, document([DOG, EAR, *cat]))
    data = coco_parts.read_coco_parts(folder, skip_bad=True)
    assert data.parts == {"dog": ("ear",)} and len(data.images) == 1
    with pytest.raises(InputError, match="class 'cat' has no part boxes; choose from: dog"):
        coco_parts.read_coco_parts(folder, ["cat", "dog"], skip_bad=True)
