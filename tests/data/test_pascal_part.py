import numpy as np
import pytest
from PIL import Image

from partsjax.data import pascal_part
from partsjax.errors import InputError
from tests.data.pascal_folder import SHAPE, dog, rectangle, save_annotation, simple, thing, write


def read_one(tmp_path, *objects, **options):
    folder = write(tmp_path / "source", {"a": list(objects)})
    return pascal_part.read_pascal_part(folder, prepared_dir=tmp_path / "prepared", **options)


def boxes(found):
    return [(p.name, p.box) for p in found.parts]


def fault(data_dir, prepared_dir, *args, **options):
    with pytest.raises(InputError) as caught:
        pascal_part.read_pascal_part(data_dir, *args, prepared_dir=prepared_dir, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_images_objects_and_parts(tmp_path):
    data = pascal_part.read_pascal_part(simple(tmp_path / "source"), prepared_dir=tmp_path / "prepared")
    assert data.name == "pascal_part"
    assert [(i.image_id, i.split) for i in data.images] == [("2008_000001", "train"), ("2008_000002", "val")]
    (found,) = data.images[0].objects
    assert (found.object_class, found.box) == ("dog", (5, 5, 70, 50))
    assert boxes(found) == [("head", (5, 5, 20, 20)), ("ear", (5, 5, 9, 9))]
    assert data.parts == {"dog": ("head", "ear")}
    assert "PASCAL-Part with the 123-part list" in data.notes


def test_pixels_are_those_of_the_file(tmp_path):
    folder = simple(tmp_path / "source")
    data = pascal_part.read_pascal_part(folder, prepared_dir=tmp_path / "prepared")
    for image in data.images:
        path = folder / "VOCdevkit" / "VOC2010" / "JPEGImages" / f"{image.image_id}.jpg"
        assert np.array_equal(image.source.read(), np.asarray(Image.open(path)))
        assert image.source.size() == SHAPE[::-1]
        assert image.source.label == str(path)


def test_halves_of_one_limb_are_one_instance_and_other_limbs_are_not(tmp_path):
    upper, lower = rectangle(10, 30, 16, 40), rectangle(12, 42, 20, 50)
    horse = thing(
        "horse",
        rectangle(0, 0, 80, 60),
        lfuleg=upper,
        lflleg=lower,
        lfho=rectangle(12, 50, 20, 55),
        rbuleg=rectangle(60, 30, 66, 40),
        rblleg=rectangle(62, 38, 70, 50),
        rflleg=rectangle(30, 42, 34, 50),
    )
    (found,) = read_one(tmp_path, horse).images[0].objects
    assert boxes(found) == [
        ("leg", (10, 30, 20, 50)),
        ("hoof", (12, 50, 20, 55)),
        ("leg", (60, 30, 70, 50)),
        ("leg", (30, 42, 34, 50)),
    ]
    both = (upper | lower)[30:50, 10:20].astype(bool)
    assert np.array_equal(found.parts[0].pixels(), both)


def test_a_limb_never_takes_pieces_of_another_object(tmp_path):
    people = [thing("person", rectangle(x, 0, x + 30, 60), luarm=rectangle(x, 5, x + 5, 9)) for x in (0, 40)]
    people[1]["parts"][0, 0]["part_name"] = "llarm"
    found = read_one(tmp_path, *people).images[0].objects
    assert [boxes(person) for person in found] == [[("arm", (0, 5, 5, 9))], [("arm", (40, 5, 45, 9))]]


def test_position_labels_are_dropped_and_instances_stay_apart(tmp_path):
    car = thing(
        "car",
        rectangle(0, 0, 80, 60),
        wheel_1=rectangle(5, 50, 15, 60),
        wheel_2=rectangle(50, 50, 60, 60),
        leftmirror=rectangle(20, 20, 22, 22),
    )
    (found,) = read_one(tmp_path, car).images[0].objects
    assert boxes(found) == [
        ("wheel", (5, 50, 15, 60)),
        ("wheel", (50, 50, 60, 60)),
        ("mirror", (20, 20, 22, 22)),
    ]


def test_both_lists_come_from_one_preparation(tmp_path):
    folder = write(
        tmp_path / "source", {"a": [dog(leye=rectangle(9, 9, 11, 11), head=rectangle(6, 6, 20, 20))]}
    )
    prepared = tmp_path / "prepared"
    asked = []
    for part_list, names in (("123", ("head", "eye")), ("105", ("head",))):
        data = pascal_part.read_pascal_part(
            folder, part_list=part_list, prepared_dir=prepared, progress=lambda *done: asked.append(done)
        )
        assert data.parts == {"dog": names}
        assert {p.name for p in data.images[0].objects[0].parts} == set(names)
        assert any(f"the {part_list}-part list" in note for note in data.notes)
    assert [done for done, *_ in asked] == [1, 1]


def test_only_the_asked_classes_are_kept(tmp_path):
    cat = thing("cat", rectangle(40, 20, 80, 60), tail=rectangle(70, 20, 80, 25))
    images = {
        "a": [dog(tail=rectangle(5, 5, 9, 9)), cat],
        "b": [cat],
        "c": [thing("chair", rectangle(0, 0, 9, 9))],
    }
    folder = write(tmp_path / "source", images)
    data = pascal_part.read_pascal_part(folder, ["dog"], prepared_dir=tmp_path)
    assert [[o.object_class for o in i.objects] for i in data.images] == [["dog"]]
    data = pascal_part.read_pascal_part(folder, prepared_dir=tmp_path)
    assert [[o.object_class for o in i.objects] for i in data.images] == [["dog", "cat"], ["cat"]]
    one = pascal_part.read_pascal_part(folder, ["cat", "dog"], prepared_dir=tmp_path)
    assert one == pascal_part.read_pascal_part(folder, ["dog", "cat"], prepared_dir=tmp_path)


def test_objects_without_parts_stay_where_their_class_has_some(tmp_path):
    images = {
        "a": [dog(tail=rectangle(5, 5, 9, 9))],
        "b": [dog()],
        "c": [thing("cat", rectangle(1, 1, 9, 9))],
    }
    data = pascal_part.read_pascal_part(write(tmp_path / "source", images), prepared_dir=tmp_path)
    assert [i.image_id for i in data.images] == ["a", "b"]


def test_what_is_left_out_is_counted_in_the_notes(tmp_path):
    nothing = np.zeros(SHAPE, np.uint8)
    objects = [
        dog(head=rectangle(5, 5, 9, 9), tail=nothing, hooves=rectangle(5, 5, 9, 9)),
        thing("dog", rectangle(20, 5, 75, 55), head=rectangle(26, 6, 29, 9), tail=nothing),
        thing("dog", rectangle(30, 5, 75, 30), head=rectangle(26, 31, 29, 39)),
        thing("dog", nothing, head=rectangle(5, 5, 9, 9)),
    ]
    folder = write(tmp_path / "source", {"a": objects}, listed_too=("b", "c"))
    data = pascal_part.read_pascal_part(folder, prepared_dir=tmp_path / "prepared")
    assert len(data.images[0].objects) == 3
    assert data.notes[1:6] == (
        "2 listed images have no annotation and are left out",
        "dog objects without a marked pixel: 1 left out",
        "parts of dog outside their object: 1 left out",
        "pieces named dog:hooves, which the lists do not know: 1 left out",
        "pieces of dog without a marked pixel: 2 left out",
    )
    assert data.notes[6].startswith("parts of the list without a box in these images: dog:eye, dog:ear, ")


def test_vocs_name_for_the_table_is_no_class_with_parts(tmp_path):
    message = fault(simple(tmp_path / "source"), tmp_path, ["diningtable"])
    assert "class 'diningtable' has no part boxes" in message


def test_unknown_classes_and_lists_are_refused_before_anything_is_prepared(tmp_path):
    folder = simple(tmp_path / "source")
    prepared = tmp_path / "prepared"
    assert "did you mean 'horse'" in fault(folder, prepared, ["hrose"])
    assert "no class is asked for" in fault(folder, prepared, [])
    assert "choose from: 123, 105" in fault(folder, prepared, part_list="104")
    assert not prepared.exists()


def test_a_class_that_these_images_do_not_show(tmp_path):
    message = fault(simple(tmp_path / "source"), tmp_path / "prepared", ["dog", "sheep"])
    assert "class 'sheep' has no part boxes; choose from: dog" in message


@pytest.mark.parametrize(
    "gone", [".", "VOCdevkit/VOC2010/JPEGImages", "VOCdevkit/VOC2010/ImageSets/Main", "Annotations_Part"]
)
def test_a_missing_folder(tmp_path, gone):
    folder = simple(tmp_path / "source")
    (folder / gone).rename(tmp_path / "elsewhere")
    assert f"{(folder / gone)}: no such folder; unpack VOC2010" in fault(folder, tmp_path / "prepared")


@pytest.mark.parametrize("split", ["train", "val"])
def test_a_missing_image_list(tmp_path, split):
    folder = simple(tmp_path / "source")
    (folder / "VOCdevkit" / "VOC2010" / "ImageSets" / "Main" / f"{split}.txt").unlink()
    assert f"{split}.txt: image list cannot be read" in fault(folder, tmp_path / "prepared")


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("../2008_000001\n", "is not an image id"),
        ("2008_000001\n2008_000001\n", "image 2008_000001 is listed twice (before in train.txt)"),
        ("2008_000002\n", "image 2008_000002 is listed twice (before in train.txt)"),
    ],
)
def test_a_malformed_image_list(tmp_path, lines, message):
    folder = simple(tmp_path / "source")
    (folder / "VOCdevkit" / "VOC2010" / "ImageSets" / "Main" / "train.txt").write_text(lines)
    assert message in fault(folder, tmp_path / "prepared")


def test_annotations_of_other_images_alone(tmp_path):
    folder = write(tmp_path / "source", {}, listed_too=("b",))
    save_annotation(folder / "Annotations_Part" / "other.mat", dog())
    assert "no .mat file of any listed image" in fault(folder, tmp_path / "prepared")


def test_a_missing_photograph(tmp_path):
    folder = simple(tmp_path / "source")
    path = folder / "VOCdevkit" / "VOC2010" / "JPEGImages" / "2008_000002.jpg"
    path.unlink()
    said = f"{path.parent}: photograph 2008_000002.jpg of an annotation in Annotations_Part is not there"
    assert said in fault(folder, tmp_path / "prepared")


def test_a_damaged_annotation_is_named(tmp_path):
    folder = simple(tmp_path / "source")
    path = folder / "Annotations_Part" / "2008_000002.mat"
    path.write_bytes(path.read_bytes()[:200])
    assert fault(folder, tmp_path / "prepared").startswith(f"{path}: not a MATLAB file")


def test_masks_of_another_size_than_the_photograph(tmp_path):
    folder = write(tmp_path / "source", {"a": [dog()]}, shape=(60, 90))
    message = fault(folder, tmp_path / "prepared")
    assert "a.mat: masks are 80x60 px but" in message and "a.jpg is 90x60" in message


def test_a_damaged_photograph_is_reported_when_read(tmp_path):
    folder = simple(tmp_path / "source")
    path = folder / "VOCdevkit" / "VOC2010" / "JPEGImages" / "2008_000001.jpg"
    path.write_bytes(path.read_bytes()[:900])
    first, second = pascal_part.read_pascal_part(folder, prepared_dir=tmp_path / "prepared").images
    with pytest.raises(InputError, match=f"^{path}: cut off or damaged"):
        first.source.read()
    assert second.source.read().shape == (*SHAPE, 3)


def test_no_annotated_image_in_one_split(tmp_path):
    data = pascal_part.read_pascal_part(
        write(tmp_path / "source", {"a": [dog(head=rectangle(5, 5, 9, 9))]}), prepared_dir=tmp_path
    )
    assert [i.split for i in data.images] == ["train"]


def test_the_default_place_is_where_tfds_keeps_its_own(tmp_path, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "there"))
    data = pascal_part.read_pascal_part(simple(tmp_path / "source"))
    assert data.images[0].source.copy.startswith(str(tmp_path / "there" / "pascal_part_"))
