"""Every fault of a COCO folder is one line that names the file, the entry and the fix."""

import pytest

from partsjax.data import coco_parts
from partsjax.errors import InputError
from tests.data.coco_folder import OBJECT, PART, annotation, document, write

DOG = annotation(10, 1, [10, 10, 50, 40], obj_ann_id=10)
EAR = annotation(11, 3, [12, 12, 5, 6], obj_ann_id=10)
IMAGE = {"id": 1, "file_name": "im1.png", "width": 100, "height": 80}
DOG_CATEGORY = {"id": 1, "name": "dog", "supercategory": OBJECT}


def fault(folder, classes=None):
    with pytest.raises(InputError) as caught:
        coco_parts.read_coco_parts(folder, classes)
    message = str(caught.value)
    assert "\n" not in message
    return message


def fault_of(tmp_path, train, classes=None, val=None):
    message = fault(write(tmp_path, train, val), classes)
    assert "instances_" in message
    return message


def test_no_folder(tmp_path):
    assert "no data_dir is given" in fault(None)
    assert str(tmp_path / "gone") in fault(tmp_path / "gone")


@pytest.mark.parametrize("split", ["train", "val"])
def test_a_split_file_missing(tmp_path, split):
    folder = write(tmp_path, document([DOG, EAR]))
    (folder / f"instances_{split}.json").unlink()
    message = fault(folder)
    assert f"instances_{split}.json: not found" in message
    assert "both needed" in message


def test_no_image_folder(tmp_path):
    folder = write(tmp_path, document([DOG, EAR]))
    (folder / "JPEGImages").rename(folder / "photos")
    assert "neither JPEGImages/ nor images/" in fault(folder)


def test_broken_json_names_line_and_column(tmp_path):
    assert "line 2, column 3" in fault_of(tmp_path, '{"images":\n [}')


@pytest.mark.parametrize("text", ["[]", "3", '{"images": 3}', '{"images": [], "categories": []}'])
def test_no_coco_document(tmp_path, text):
    message = fault_of(tmp_path, text)
    assert "holds no COCO document" in message or "has no list `" in message
    assert "images, categories, annotations" in message


def test_not_text(tmp_path):
    folder = write(tmp_path, document([DOG, EAR]))
    (folder / "instances_val.json").write_bytes(b"\x80\x81\xff" * 9)
    assert "instances_val.json: not a JSON text" in fault(folder)


@pytest.mark.parametrize("key", ["id", "image_id", "category_id", "bbox"])
def test_an_annotation_lacks_a_key(tmp_path, key):
    entry = {k: v for k, v in EAR.items() if k != key}
    message = fault_of(tmp_path, document([DOG, entry]))
    assert f"`{key}`" in message
    assert "annotations" in message and ("11" in message or key == "id")


@pytest.mark.parametrize("key", ["id", "file_name", "width", "height"])
def test_an_image_lacks_a_key(tmp_path, key):
    image = {k: v for k, v in IMAGE.items() if k != key}
    assert f"has no `{key}`" in fault_of(tmp_path, document([DOG, EAR], images=[image]))


@pytest.mark.parametrize("entry", [3, None, []])
def test_an_entry_is_no_object(tmp_path, entry):
    assert "entry 1 of `annotations`" in fault_of(tmp_path, document([DOG, entry]))


@pytest.mark.parametrize(
    "bbox", [[1, 2, 0, 5], [1, 2, 5, 0], [1, 2, -3, 5], [1, 2, float("nan"), 5], [1, 2, float("inf"), 5]]
)
def test_a_box_without_width_or_height(tmp_path, bbox):
    message = fault_of(tmp_path, document([DOG, {**EAR, "bbox": bbox}]))
    assert "annotation 11 " in message and "without a width and height" in message


@pytest.mark.parametrize(
    "bbox", [[1, 2, 3], [1, 2, 3, 4, 5], "1,2,3,4", [1, 2, "3", 4], None, [1, 2, True, 4]]
)
def test_a_malformed_box(tmp_path, bbox):
    message = fault_of(tmp_path, document([DOG, {**EAR, "bbox": bbox}]))
    assert "annotation 11 " in message and "four numbers" in message


@pytest.mark.parametrize(
    "bbox",
    [[95, 10, 7, 5], [10, 75, 5, 7], [-2, 10, 5, 5], [10, -1.5, 5, 5], [200, 10, 5, 5], [100, 10, 0.5, 5]],
)
def test_a_box_outside_its_image(tmp_path, bbox):
    message = fault_of(tmp_path, document([DOG, {**EAR, "bbox": bbox}]))
    assert "annotation 11 " in message and "outside its image im1.png (100x80 px)" in message


@pytest.mark.parametrize("image", [99, None, [1]])
def test_an_unknown_image(tmp_path, image):
    message = fault_of(tmp_path, document([DOG, {**EAR, "image_id": image}]))
    assert "annotation 11 " in message and "names image" in message


@pytest.mark.parametrize("category", [99, None, {}])
def test_an_unknown_category(tmp_path, category):
    message = fault_of(tmp_path, document([DOG, {**EAR, "category_id": category}]))
    assert "annotation 11 " in message and "names category" in message


def test_an_id_twice(tmp_path):
    assert "`annotations` has the id 10 twice" in fault_of(tmp_path / "a", document([DOG, {**EAR, "id": 10}]))
    assert "`images` has the id 1 twice" in fault_of(tmp_path / "b", document([DOG], images=[IMAGE, IMAGE]))
    assert "`categories` has the id 1 twice" in fault_of(
        tmp_path / "c", document([DOG], categories=[DOG_CATEGORY, DOG_CATEGORY])
    )
    assert "id [1]" in fault_of(tmp_path / "d", document([{**DOG, "id": [1]}]))


def test_a_category_twice(tmp_path):
    categories = [DOG_CATEGORY, {**DOG_CATEGORY, "id": 2}]
    assert "category 'dog' appears twice" in fault_of(tmp_path, document([DOG], categories=categories))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("dog", "animal"),
        ("dog", PART),
        ("dog:", PART),
        (":ear", PART),
        ("dog:ear", OBJECT),
        ("", OBJECT),
        (3, PART),
    ],
)
def test_a_category_that_is_neither_object_nor_part(tmp_path, name, kind):
    categories = [{"id": 1, "name": name, "supercategory": kind}]
    message = fault_of(tmp_path, document([DOG], categories=categories))
    assert "category 1 has name" in message and "OBJECT" in message


@pytest.mark.parametrize("owner", [99, "10", [10]])
def test_a_part_of_no_annotation(tmp_path, owner):
    message = fault_of(tmp_path, document([DOG, {**EAR, "obj_ann_id": owner}]))
    assert "annotation 11 has obj_ann_id" in message and "not an annotation of its image" in message


def test_a_part_of_an_object_elsewhere(tmp_path):
    far = annotation(20, 1, [10, 10, 50, 40], image=2)
    message = fault_of(tmp_path, document([DOG, far, {**EAR, "obj_ann_id": 20}]))
    assert "annotation 11 has obj_ann_id 20" in message and "not an annotation of its image" in message


def test_a_part_of_another_class_or_of_a_part(tmp_path):
    cat = annotation(20, 2, [10, 10, 50, 40])
    other = document([DOG, cat, {**EAR, "obj_ann_id": 20}])
    assert "annotation 11 has obj_ann_id 20, which is not a dog" in fault_of(tmp_path / "a", other)
    # The cat is not asked for, and is looked up all the same.
    assert "which is not a dog" in fault(write(tmp_path / "b", other), ["dog"])
    of_part = document([DOG, EAR, annotation(12, 4, [12, 12, 2, 2], obj_ann_id=11)])
    assert "annotation 12 has obj_ann_id 11, which is not a dog" in fault_of(tmp_path / "c", of_part)


def test_an_object_of_another_object(tmp_path):
    assert "annotation 10 is an object" in fault_of(tmp_path, document([{**DOG, "obj_ann_id": 11}, EAR]))


def test_a_part_outside_every_object(tmp_path):
    ear = annotation(11, 3, [80, 60, 5, 6])
    assert "annotation 11 lies outside every dog" in fault_of(tmp_path, document([DOG, ear]))


@pytest.mark.parametrize(
    "name", ["/etc/im1.png", "../im1.png", "a/../../im1.png", "a\\im1.png", "", 3, "a/", "..", "."]
)
def test_a_file_name_that_leads_elsewhere(tmp_path, name):
    images = [{**IMAGE, "file_name": name}]
    message = fault_of(tmp_path, document([DOG, EAR], images=images))
    assert "image 1 has file name" in message


@pytest.mark.parametrize("width", [0, -5, "100", 1.5, None])
def test_an_image_without_a_size(tmp_path, width):
    images = [{**IMAGE, "width": width}]
    assert "image 1 has size" in fault_of(tmp_path, document([DOG, EAR], images=images))


def test_one_photograph_in_both_splits(tmp_path):
    message = fault_of(tmp_path, document([DOG, EAR]), val=document([DOG, EAR]))
    assert "instances_val.json: image im1.png appears twice (before in instances_train.json)" in message


def test_an_unknown_class_gets_the_nearest(tmp_path):
    message = fault(write(tmp_path, document([DOG, EAR])), ["dgo"])
    assert "no class 'dgo'" in message and "did you mean 'dog'" in message


def test_a_class_without_part_boxes(tmp_path):
    cat = annotation(20, 2, [60, 10, 20, 20])
    folder = write(tmp_path, document([DOG, EAR, cat]))
    assert "class 'cat' has no part boxes; choose from: dog" in fault(folder, ["dog", "cat"])
    assert "no class is asked for" in fault(folder, [])
    assert list(coco_parts.read_coco_parts(folder).parts) == ["dog"]


def test_no_part_boxes_at_all(tmp_path):
    assert "no class has part boxes" in fault(write(tmp_path, document([DOG])))
