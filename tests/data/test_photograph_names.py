"""File names of photographs: what an image is called, and where it lies."""

import os
import unicodedata

import pytest
from PIL import Image

from partsjax.data import coco_parts
from partsjax.data.coco_parts.photographs import PhotographFolder, image_ids
from partsjax.errors import InputError
from tests.data.coco_folder import annotation, document, write


@pytest.mark.parametrize(
    "expected",
    [
        {"a.jpg": "a", "b.jpg": "b", "deep/a.jpg": "deep/a", "plain": "plain", "a.b.png": "a.b"},
        {"x.jpg": "x.jpg", "x.png": "x.png", "y.jpg": "y"},
        {"x.jpg": "x.jpg", "X.jpg": "X", "x.JPG": "x.JPG"},
        {"x": "x", "x.jpg": "x.jpg"},
        {"x.jpg": "x.jpg", "x.png": "x.png", "x.jpg.png": "x.jpg.png", "z.jpg.png": "z.jpg"},
        {"x.jpg": "x.jpg", "x.png": "x.png", "x.jpg.png": "x.jpg.png", "x.jpg.png.gif": "x.jpg.png.gif"},
    ],
)
def test_ids_are_names_without_the_ending_unless_others_share_it(expected):
    assert image_ids(expected) == image_ids(reversed(expected)) == expected
    assert image_ids([*expected, *expected]) == expected


COMPOSED, APART = (unicodedata.normalize(form, "été/chién é.png") for form in ("NFC", "NFD"))


def split(name, image=1):
    entry = {"id": image, "file_name": name, "width": 100, "height": 80}
    found = [annotation(1, 1, [10, 10, 50, 40], image=image), annotation(2, 3, [12, 12, 5, 6], image=image)]
    return document(found, images=[entry])


def test_one_name_with_two_endings_is_two_images(tmp_path):
    data = coco_parts.read_coco_parts(write(tmp_path, split("im1.png"), split("im1.jpg")))
    assert [(i.image_id, i.split) for i in data.images] == [("im1.png", "train"), ("im1.jpg", "val")]
    with pytest.raises(InputError, match=r"im1\.jpg: image not found"):
        data.images[1].source.read()


@pytest.mark.parametrize(("on_disk", "in_file"), [(COMPOSED, APART), (APART, COMPOSED)])
def test_accents_spelled_otherwise_are_found(tmp_path, on_disk, in_file):
    folder = write(tmp_path, split(in_file), split("im1.png", image=2))
    path = folder / "JPEGImages" / on_disk
    path.parent.mkdir()
    Image.new("RGB", (100, 80)).save(path)
    image = coco_parts.read_coco_parts(folder).images[0]
    assert image.source.read().shape == (80, 100, 3)
    assert image.image_id == in_file.removesuffix(".png")


def test_both_spellings_on_disk_are_two_files(tmp_path):
    names = [unicodedata.normalize(form, "é.png") for form in ("NFC", "NFD")]
    for name in names:
        (tmp_path / name).write_bytes(b"")
    if len(os.listdir(tmp_path)) == 1:
        pytest.skip("this file system knows one spelling only")
    assert [PhotographFolder(tmp_path).path(name) for name in names] == [f"{tmp_path}/{n}" for n in names]


def test_a_folder_is_listed_once_and_only_if_need_be(tmp_path, monkeypatch):
    listed, listdir = [], os.listdir
    monkeypatch.setattr(os, "listdir", lambda folder: listed.append(folder) or listdir(folder))
    folder = PhotographFolder(tmp_path)
    assert folder.path("plain.jpg") == f"{tmp_path}/plain.jpg" and not listed
    for number in range(3):
        assert folder.path(f"é{number}.jpg") == f"{tmp_path}/é{number}.jpg"
    assert folder.path("fehlt/é.jpg") == f"{tmp_path}/fehlt/é.jpg"
    assert listed == [tmp_path, tmp_path / "fehlt"]
    assert folder.path("é" * 300) == f"{tmp_path}/{'é' * 300}"
