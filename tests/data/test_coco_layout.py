"""Files of other conventions: one file without splits, categories that are parts of one class."""

import json
import random

import pytest

from partsjax.data import coco_parts
from partsjax.data.loading import load_dataset
from partsjax.errors import InputError
from tests.data.coco_folder import OBJECT, annotation, document, write

CAR = {"object_class": "car"}
CATEGORIES = [
    {"id": 0, "name": "_background_", "supercategory": ""},
    {"id": 1, "name": "wheel"},
    {"id": 2, "name": "door", "supercategory": "vehicle"},
]


def cars(count=40, categories=CATEGORIES):
    """A wheel and a door in each of some images."""
    images = [{"id": i, "file_name": f"car{i}.jpg", "width": 100, "height": 80} for i in range(1, count + 1)]
    found = []
    for i in range(1, count + 1):
        found += [annotation(2 * i, 1, [10, 20, 30, 30], i), annotation(2 * i + 1, 2, [30, 10, 40, 20], i)]
    return document(found, images, categories)


def single(folder, content, name="annotations.json", images="JPEGImages"):
    (folder / images).mkdir(parents=True)
    (folder / name).write_text(json.dumps(content))
    return folder


def test_one_file_of_parts_alone(tmp_path):
    data = load_dataset("coco_parts", single(tmp_path, cars()), classes=["car"], **CAR)
    assert data.parts == {"car": ("wheel", "door")}
    assert len(data.images) == 40
    for image in data.images:
        (car,) = image.objects
        assert car.box == (10, 10, 70, 50) and [p.name for p in car.parts] == ["wheel", "door"]
    assert "40 car objects without a box: taken to be the union of their parts' boxes" in data.notes
    val = sum(image.split == "val" for image in data.images)
    assert 10 < val < 30
    said = f"annotations.json has no splits: {val} of 40 images are val, by a hash of their names"
    assert any(note.startswith(said) and "--val_fraction=0.5" in note for note in data.notes)
    assert [image.split for image in data.images] == ["train"] * (40 - val) + ["val"] * val


def test_halves_do_not_depend_on_order_ids_or_what_else_there_is(tmp_path):
    content = cars()
    before = {
        i.image_id: i.split for i in coco_parts.read_coco_parts(single(tmp_path / "a", content), **CAR).images
    }
    number = random.Random(0).sample(range(100, 999), 40)
    for image in content["images"]:
        image["id"] = number[image["id"] - 1]
    for entry in content["annotations"]:
        entry["image_id"] = number[entry["image_id"] - 1]
    content["images"] = content["images"][::-1][:25]
    left = {image["id"] for image in content["images"]}
    content["annotations"] = [a for a in content["annotations"] if a["image_id"] in left]
    after = {
        i.image_id: i.split for i in coco_parts.read_coco_parts(single(tmp_path / "b", content), **CAR).images
    }
    assert len(after) == 25 and after.items() <= before.items()


def test_a_share_of_val(tmp_path):
    folder = single(tmp_path, cars(200))
    for share in (0.1, 0.8):
        data = coco_parts.read_coco_parts(folder, object_class="car", val_fraction=share)
        assert sum(i.split == "val" for i in data.images) / 200 == pytest.approx(share, abs=0.07)


def test_roboflow_s_file_beside_its_images(tmp_path):
    (tmp_path / "_annotations.coco.json").write_text(json.dumps(cars()))
    data = coco_parts.read_coco_parts(tmp_path, **CAR)
    assert data.images[0].source.path == str(tmp_path / f"{data.images[0].image_id}.jpg")


def test_roboflow_s_folders_are_splits(tmp_path):
    for name, count in (("train", 3), ("valid", 2)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "_annotations.coco.json").write_text(json.dumps(cars(count)))
    data = coco_parts.read_coco_parts(tmp_path, **CAR)
    assert [image.split for image in data.images] == ["train"] * 3 + ["val"] * 2
    assert data.images[3].source.path == str(tmp_path / "valid" / "car1.jpg")
    with pytest.raises(InputError, match="has a file for each split"):
        coco_parts.read_coco_parts(tmp_path, object_class="car", val_fraction=0.5)


@pytest.mark.parametrize(("asked", "name"), [("car", "Car"), ("car", "CAR "), ("sports car", "sports_car")])
def test_the_class_spelled_otherwise_is_no_part_of_it(tmp_path, asked, name):
    content = cars(categories=[{"id": 1, "name": name}, {"id": 2, "name": "door"}])
    with pytest.raises(InputError, match=f"'{asked}' and '{name.strip()}' are nearly equal"):
        coco_parts.read_coco_parts(single(tmp_path, content), object_class=asked)


@pytest.mark.parametrize(
    "content", [cars(), cars(categories=[{**c, "supercategory": "PART"} for c in CATEGORIES])]
)
def test_without_an_object_class_one_line_names_the_flag(tmp_path, content):
    with pytest.raises(InputError, match=r"annotations\.json: category .*--object_class") as caught:
        coco_parts.read_coco_parts(single(tmp_path, content))
    assert "\n" not in str(caught.value)


def test_an_object_class_that_the_categories_name_themselves(tmp_path):
    pair = [annotation(10, 1, [10, 10, 50, 40]), annotation(11, 3, [12, 12, 5, 6])]
    with pytest.raises(InputError, match=r"--object_class=dog: .*--classes=dog"):
        coco_parts.read_coco_parts(write(tmp_path, document(pair)), object_class="dog")


def test_two_files_of_plain_detection(tmp_path):
    """One category bears the class's name: its boxes are the objects."""
    categories = [
        {"id": 1, "name": "Car ", "supercategory": "none"},
        {"id": 2, "name": "wheel", "supercategory": "none"},
    ]
    two = [
        annotation(1, 1, [0, 0, 40, 40]),
        annotation(2, 1, [50, 0, 40, 40]),
        annotation(3, 2, [55, 30, 9, 9]),
    ]
    val = document([{**entry, "image_id": 2} for entry in two[2:]], categories=categories)
    folder = write(tmp_path, document(two, categories=categories), val)
    data = coco_parts.read_coco_parts(folder, object_class="Car")
    assert [[len(o.parts) for o in image.objects] for image in data.images] == [[0, 1], [1]]
    assert "1 Car objects without a box: taken to be the union of their parts' boxes" in data.notes
    assert not any("has no splits" in note for note in data.notes)


def test_categories_that_are_not_used_do_not_matter(tmp_path):
    unused = [{"id": 5, "name": "Wheel"}, {"id": 6, "name": 7}, {"id": 7, "name": "car"}]
    content = cars(categories=[*CATEGORIES, *unused])
    assert coco_parts.read_coco_parts(single(tmp_path, content), **CAR).parts == {"car": ("wheel", "door")}


def test_parts_may_bear_the_class_s_name_before_theirs(tmp_path):
    content = cars(categories=[{"id": 1, "name": "car:wheel"}, {"id": 2, "name": "car:door"}])
    assert coco_parts.read_coco_parts(single(tmp_path, content), **CAR).parts == {"car": ("wheel", "door")}


def test_a_share_for_files_that_are_splits_already(tmp_path):
    with pytest.raises(InputError, match=r"--val_fraction=0.5: .* has a file for each split"):
        coco_parts.read_coco_parts(write(tmp_path, document()), val_fraction=0.5)


def test_files_of_splits_go_before_one_of_all(tmp_path):
    folder = write(
        tmp_path, document([annotation(10, 1, [10, 10, 50, 40]), annotation(11, 3, [12, 12, 5, 6])])
    )
    (folder / "annotations.json").write_text("{}")
    assert len(coco_parts.read_coco_parts(folder).images) == 1
    (folder / "instances_val.json").unlink()
    with pytest.raises(InputError, match=r"instances_val\.json: not found"):
        coco_parts.read_coco_parts(folder)


@pytest.mark.parametrize("split", ["train", "val"])
def test_a_split_that_shows_none_of_a_class(tmp_path, split):
    """A line says which file that is."""
    pair = [annotation(10, 1, [10, 10, 50, 40]), annotation(11, 3, [12, 12, 5, 6])]
    both = [document(pair), document(categories=[{"id": 9, "name": "dog", "supercategory": OBJECT}])]
    data = coco_parts.read_coco_parts(write(tmp_path, *(both if split == "val" else both[::-1])))
    (note,) = data.notes
    assert f"instances_{split}.json: no {split} image shows dog; nothing can be" in note
