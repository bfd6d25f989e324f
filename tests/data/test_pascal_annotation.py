import h5py
import numpy as np
import pytest
import scipy.io

from partsjax.data.pascal_part.annotation import read_annotation
from partsjax.errors import InputError
from tests.data.pascal_folder import SHAPE, dog, rectangle, save_annotation, struct, thing


def refused(path):
    with pytest.raises(InputError, match=rf"^{path}: ") as caught:
        read_annotation(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_boxes_are_tight_and_half_open(tmp_path):
    path = tmp_path / "a.mat"
    person = thing(
        "person", rectangle(1, 2, 30, 40), leye=rectangle(7, 8, 9, 9), reye=rectangle(11, 8, 12, 9)
    )
    save_annotation(path, dog(tail=rectangle(60, 5, 70, 6)), person)
    annotation = read_annotation(path)
    assert annotation.size == (80, 60)
    assert [(o.object_class, o.box) for o in annotation.objects] == [
        ("dog", (5, 5, 70, 50)),
        ("person", (1, 2, 30, 40)),
    ]
    assert [(p.name, p.box) for p in annotation.objects[1].parts] == [
        ("leye", (7, 8, 9, 9)),
        ("reye", (11, 8, 12, 9)),
    ]


def test_masks_hold_the_marked_pixels_inside_the_box(tmp_path):
    path = tmp_path / "a.mat"
    mask = rectangle(10, 10, 14, 13)
    mask[11, 12] = 0
    save_annotation(path, dog(head=mask))
    (head,) = read_annotation(path).objects[0].parts
    bits = np.unpackbits(np.frombuffer(head.mask, np.uint8), count=12).reshape(3, 4)
    assert np.array_equal(bits, mask[10:13, 10:14])


def test_none_one_and_many_structs_are_told_apart(tmp_path):
    for count in range(3):
        path = tmp_path / f"{count}.mat"
        parts = {f"wheel_{i}": rectangle(i, 0, i + 2, 2) for i in range(count)}
        save_annotation(path, *[thing("car", rectangle(0, 0, 9, 9), **parts) for _ in range(count)])
        assert [len(o.parts) for o in read_annotation(path).objects] == [count] * count
    assert read_annotation(tmp_path / "0.mat").size is None


def test_a_piece_without_a_marked_pixel_has_no_box(tmp_path):
    path = tmp_path / "a.mat"
    save_annotation(path, thing("dog", np.zeros(SHAPE, np.uint8), tail=np.zeros(SHAPE, np.uint8)))
    (found,) = read_annotation(path).objects
    assert found.box is None
    assert (found.parts[0].box, found.parts[0].mask) == (None, b"")


def test_a_missing_file(tmp_path):
    assert "annotation not found" in refused(tmp_path / "gone.mat")


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.95])
def test_a_file_cut_off(tmp_path, share):
    path = tmp_path / "a.mat"
    noise = np.random.default_rng(0).integers(0, 2, SHAPE, dtype=np.uint8)
    save_annotation(path, thing("dog", noise, tail=noise))
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    assert "intact copy" in refused(path)


def test_a_file_of_something_else(tmp_path):
    path = tmp_path / "a.mat"
    path.write_bytes(b"<html>not found</html>" * 50)
    assert "not a MATLAB file" in refused(path)


def test_a_matlab_7_3_file(tmp_path):
    path = tmp_path / "a.mat"
    with h5py.File(path, "w", userblock_size=512) as file:
        file["anno"] = np.zeros(3)
    with open(path, "r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM")
    assert "save -v7" in refused(path)


def test_other_variables(tmp_path):
    path = tmp_path / "a.mat"
    scipy.io.savemat(path, {"labels": np.zeros(3)})
    assert "no variable `anno`" in refused(path)
    scipy.io.savemat(path, {"anno": np.zeros(3)})
    assert "no variable `anno`" in refused(path)
    scipy.io.savemat(path, {"anno": struct([{"objects": np.ones(4)}])})
    assert "`objects` does not hold structs" in refused(path)


def test_an_object_or_part_that_lacks_something(tmp_path):
    path = tmp_path / "a.mat"
    whole = dog(head=rectangle(5, 5, 20, 20))
    for key in ("class", "mask"):
        save_annotation(path, {k: v for k, v in whole.items() if k != key})
        assert "object 1 has no" in refused(path)
    save_annotation(path, whole, {**whole, "parts": struct([{"mask": rectangle(0, 0, 1, 1)}])})
    assert "object 2, part 1 has no `part_name`" in refused(path)
    save_annotation(path, {**whole, "parts": struct([{"part_name": "head", "mask": "none"}])})
    assert "object 1, part head has no two-dimensional mask" in refused(path)


def test_masks_of_different_shapes(tmp_path):
    path = tmp_path / "a.mat"
    other = rectangle(0, 0, 9, 9, shape=(60, 81))
    save_annotation(path, dog(head=rectangle(5, 5, 9, 9), tail=other))
    assert "mask of object 1, part tail is 81x60 px, the first object's is 80x60" in refused(path)
    save_annotation(path, dog(), thing("cat", other))
    assert "mask of object 2 is 81x60" in refused(path)
