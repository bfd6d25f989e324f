import pytest

from partsjax.data import coco_parts
from partsjax.errors import InputError
from tests.data.coco_folder import OBJECT, PART, annotation, document, write

DOG = annotation(10, 1, [10, 10, 50, 40], obj_ann_id=10)
EAR = annotation(11, 3, [12, 12, 5, 6], obj_ann_id=10)


def only_object(data):
    (image,) = data.images
    (found,) = image.objects
    return found


def test_boxes_become_half_open_corners(tmp_path):
    found = only_object(coco_parts.read_coco_parts(write(tmp_path, document([DOG, EAR]))))
    assert found.object_class == "dog"
    assert found.box == (10, 10, 60, 50)
    assert [(p.name, p.box, p.mask) for p in found.parts] == [("ear", (12, 12, 17, 18), None)]


def test_parts_are_in_the_order_of_category_ids_and_only_those_with_boxes(tmp_path):
    tail = annotation(12, 4, [12, 12, 5, 6], obj_ann_id=10)
    data = coco_parts.read_coco_parts(write(tmp_path, document([DOG, tail, EAR])))
    assert data.parts == {"dog": ("ear", "tail")}


def test_images_are_in_split_then_file_order_with_stems_as_ids(tmp_path):
    ear = annotation(3, 3, [0, 0, 5, 5], image=1, obj_ann_id=2)
    train = document([annotation(1, 1, [0, 0, 9, 9], image=2), annotation(2, 1, [0, 0, 9, 9], image=1), ear])
    val = document(
        [annotation(1, 1, [0, 0, 9, 9], image=7)],
        images=[{"id": 7, "file_name": "deeper/im7.jpg", "width": 9, "height": 9}],
    )
    data = coco_parts.read_coco_parts(write(tmp_path, train, val))
    assert [(i.image_id, i.split) for i in data.images] == [
        ("im1", "train"),
        ("im2", "train"),
        ("deeper/im7", "val"),
    ]


def test_pixels_come_from_the_image_folder(tmp_path):
    (image,) = coco_parts.read_coco_parts(write(tmp_path, document([DOG, EAR]), images="images")).images
    assert image.source.read().shape == (80, 100, 3)


def test_a_missing_photograph_is_reported_when_read_not_before(tmp_path):
    folder = write(tmp_path, document([DOG, EAR]))
    (folder / "JPEGImages" / "im1.png").unlink()
    (image,) = coco_parts.read_coco_parts(folder).images
    with pytest.raises(InputError, match=r"im1\.png: image not found"):
        image.source.read()


def test_a_resized_photograph_is_refused(tmp_path):
    images = [{"id": 1, "file_name": "im1.png", "width": 200, "height": 160}]
    (image,) = coco_parts.read_coco_parts(write(tmp_path, document([DOG, EAR], images=images))).images
    with pytest.raises(InputError, match="is 100x80 px but was annotated at 200x160"):
        image.source.read()


def test_only_objects_of_the_asked_classes_are_kept(tmp_path):
    cat = [annotation(20, 2, [60, 10, 20, 20]), annotation(21, 5, [60, 10, 4, 4], obj_ann_id=20)]
    far_cat = annotation(22, 2, [0, 0, 20, 20], image=2)
    folder = write(tmp_path, document([DOG, EAR, *cat, far_cat]))
    data = coco_parts.read_coco_parts(folder, ["dog"])
    assert only_object(data).object_class == "dog"
    assert data.parts == {"dog": ("ear",)}
    assert [len(i.objects) for i in coco_parts.read_coco_parts(folder).images] == [2, 1]
    assert coco_parts.read_coco_parts(folder, "cat").parts == {"cat": ("ear",)}


def test_the_order_of_asking_changes_nothing(tmp_path):
    cat = [annotation(20, 2, [60, 10, 20, 20]), annotation(21, 5, [60, 10, 4, 4], obj_ann_id=20)]
    folder = write(tmp_path, document([DOG, EAR, *cat]))
    one, other = (
        coco_parts.read_coco_parts(folder, ["cat", "dog"]),
        coco_parts.read_coco_parts(folder, ["dog", "cat"]),
    )
    assert one == other
    assert list(one.parts) == ["dog", "cat"]


def test_without_obj_ann_id_the_part_goes_to_the_box_that_holds_most_of_it(tmp_path):
    left = annotation(1, 1, [0, 0, 40, 40])
    right = annotation(2, 1, [30, 0, 40, 40])
    ears = [annotation(3, 3, [24, 5, 14, 10]), annotation(4, 3, [29, 20, 14, 10])]
    (image,) = coco_parts.read_coco_parts(write(tmp_path, document([left, right, *ears]))).images
    assert [[p.box for p in found.parts] for found in image.objects] == [
        [(24, 5, 38, 15)],
        [(29, 20, 43, 30)],
    ]


def test_of_two_boxes_that_hold_a_part_whole_the_smaller_owns_it(tmp_path):
    big = annotation(1, 1, [0, 0, 90, 70])
    small = annotation(2, 1, [10, 10, 30, 30])
    data = coco_parts.read_coco_parts(
        write(tmp_path, document([big, small, annotation(3, 3, [15, 15, 5, 5])]))
    )
    assert [len(found.parts) for found in data.images[0].objects] == [0, 1]


def test_another_class_never_owns_a_part(tmp_path):
    dog = annotation(1, 1, [50, 50, 20, 20])
    cat = annotation(2, 2, [10, 10, 45, 45])
    data = coco_parts.read_coco_parts(
        write(tmp_path, document([dog, cat, annotation(3, 3, [45, 45, 9, 9])])), "dog"
    )
    assert [p.name for p in only_object(data).parts] == ["ear"]


def test_without_object_boxes_the_union_of_the_parts_is_one_object_and_said_aloud(tmp_path):
    parts = [annotation(1, 3, [10, 20, 5, 5]), annotation(2, 4, [40, 10, 20, 5])]
    data = coco_parts.read_coco_parts(write(tmp_path, document(parts)))
    found = only_object(data)
    assert found.box == (10, 10, 60, 25)
    assert [p.name for p in found.parts] == ["ear", "tail"]
    assert data.notes[:1] == ("1 dog objects without a box: taken to be the union of their parts' boxes",)


def test_classes_known_from_their_parts_alone_can_be_asked_for(tmp_path):
    categories = [{"id": 3, "name": "dog:ear", "supercategory": PART}]
    folder = write(tmp_path, document([annotation(1, 3, [1, 2, 3, 4])], categories=categories))
    assert coco_parts.read_coco_parts(folder, ["dog"]).parts == {"dog": ("ear",)}


def test_crowds_are_left_out_with_their_parts_and_counted(tmp_path):
    crowd = annotation(20, 1, [0, 0, 90, 70], iscrowd=1, obj_ann_id=20)
    theirs = annotation(21, 3, [1, 1, 5, 5], obj_ann_id=20)
    data = coco_parts.read_coco_parts(write(tmp_path, document([DOG, EAR, crowd, theirs])))
    assert len(only_object(data).parts) == 1
    assert data.notes[:2] == ("1 crowds (iscrowd) left out", "1 parts of crowds (iscrowd) left out")


def test_a_box_that_overhangs_by_a_pixel_is_cut_at_the_image(tmp_path):
    dog = annotation(10, 1, [-0.5, -1, 101.5, 82])
    assert only_object(coco_parts.read_coco_parts(write(tmp_path, document([dog, EAR])))).box == (
        0,
        0,
        100,
        80,
    )


def test_damage_to_a_class_not_asked_for_does_not_matter(tmp_path):
    bad_cat = annotation(20, 2, [60, 10, 0, 20])
    cat_ear = annotation(21, 5, [60, 10, 4, 4], obj_ann_id=20)
    folder = write(tmp_path, document([DOG, EAR, bad_cat, cat_ear]))
    assert len(coco_parts.read_coco_parts(folder, ["dog"]).images) == 1
    with pytest.raises(InputError, match="annotation 20"):
        coco_parts.read_coco_parts(folder)


def test_part_ids_of_both_files_merge_by_name(tmp_path):
    val_categories = [
        {"id": 7, "name": "dog:nose", "supercategory": PART},
        {"id": 9, "name": "dog", "supercategory": OBJECT},
    ]
    val = document(
        [annotation(1, 9, [0, 0, 9, 9], image=5), annotation(2, 7, [1, 1, 2, 2], image=5, obj_ann_id=1)],
        images=[{"id": 5, "file_name": "im5.png", "width": 9, "height": 9}],
        categories=val_categories,
    )
    data = coco_parts.read_coco_parts(write(tmp_path, document([DOG, EAR]), val))
    assert data.parts == {"dog": ("ear", "nose")}
