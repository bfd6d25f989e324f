"""Image lists as editors write them, faults of one kind together, what is marked twice."""

import pytest

from partsjax.data import pascal_part
from partsjax.errors import InputError
from tests.data.pascal_folder import dog, rectangle, simple, thing, write


def image_list(folder, split="train"):
    return folder / "VOCdevkit" / "VOC2010" / "ImageSets" / "Main" / f"{split}.txt"


def dogs(count):
    return {f"2008_{i:06}": [dog(head=rectangle(5, 5, 20, 20))] for i in range(count)}


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf2008_000001\n",
        b"2008_000001\r\n",
        b"\r\n\n  \n2008_000001  1\n\n\t\n",
        b"\xef\xbb\xbf\r\n2008_000001 -1",
    ],
)
def test_lists_with_a_byte_order_mark_blank_lines_and_other_line_ends(tmp_path, content):
    folder = simple(tmp_path / "source")
    image_list(folder).write_bytes(content)
    data = pascal_part.read_pascal_part(folder, prepared_dir=tmp_path / "prepared")
    assert [image.image_id for image in data.images] == ["2008_000001", "2008_000002"]


def test_a_list_that_is_no_utf_8(tmp_path):
    folder = simple(tmp_path / "source")
    image_list(folder).write_text("2008_000001\n", encoding="utf-16")
    with pytest.raises(InputError, match=r"train\.txt: image list is not UTF-8 text; save it as UTF-8"):
        pascal_part.read_pascal_part(folder, prepared_dir=tmp_path / "prepared")


def test_faults_of_lists_and_photographs_are_reported_together(tmp_path):
    folder = write(tmp_path / "source", dogs(9))
    for number in range(7):
        (folder / "VOCdevkit" / "VOC2010" / "JPEGImages" / f"2008_{number:06}.jpg").unlink()
    with open(image_list(folder), "a") as file:
        file.write("2008_000008\n2008_000007\n../x\n")
    with pytest.raises(InputError) as caught:
        pascal_part.read_pascal_part(folder, prepared_dir=tmp_path / "prepared")
    message = str(caught.value)
    assert "7 such: 2008_000000.jpg" in message and "and 2 more" in message
    assert "image 2008_000008 is listed twice" in message and "2 such: 2008_000008, 2008_000007" in message
    assert "'../x' is not an image id" in message and "--skip_bad" not in message and "\n" not in message


def test_damaged_annotations_are_reported_together_and_skipped_if_asked(tmp_path):
    folder, prepared = write(tmp_path / "source", dogs(9)), tmp_path / "prepared"
    for number in range(1, 8):
        (folder / "Annotations_Part" / f"2008_{number:06}.mat").write_bytes(b"MATLAB 5.0 no more")
    for _ in range(2):
        with pytest.raises(InputError, match=r"2008_000001\.mat: not a MATLAB file") as caught:
            pascal_part.read_pascal_part(folder, prepared_dir=prepared)
        assert "(7 such annotations: 2008_000001, " in str(caught.value)
        assert "--skip_bad" in str(caught.value)
    assert not list(prepared.glob("*/pascal_part_photographs"))  # refused before gigabytes are copied
    data = pascal_part.read_pascal_part(folder, prepared_dir=prepared, skip_bad=True)
    assert [image.image_id for image in data.images] == ["2008_000000", "2008_000008"]
    assert any("left out by --skip_bad, 7 of a kind" in note for note in data.notes)
    for data_dir in (folder, None):  # the copy is whole, and still refused without being asked for
        with pytest.raises(InputError, match="--skip_bad"):
            pascal_part.read_pascal_part(data_dir, prepared_dir=prepared)


def test_what_is_marked_twice_counts_once(tmp_path):
    ears = {
        "lear": rectangle(5, 5, 20, 20),
        "rear": rectangle(30, 5, 45, 20),
        "lear__2": rectangle(5, 5, 20, 20),
    }
    other = thing("dog", rectangle(5, 5, 70, 50), head=rectangle(5, 5, 30, 30))
    folder = write(tmp_path / "source", {"a": [dog(**ears), other]})
    data = pascal_part.read_pascal_part(folder, prepared_dir=tmp_path / "prepared")
    ((found,),) = (image.objects for image in data.images)
    assert [part.name for part in found.parts] == ["ear", "ear", "head"]
    assert {note.partition(" boxes")[0] for note in data.notes if "doubled" in note} == {
        "1 doubled dog",
        "1 doubled dog:ear",
    }
    assert any("val.txt: no val image shows dog" in note for note in data.notes)
