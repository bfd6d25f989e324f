"""Masks say which way up the photograph was: as stored, or turned as its EXIF says."""

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageOps

from partsjax.data import pascal_part
from partsjax.data.survey import survey
from partsjax.errors import InputError
from tests.data.pascal_folder import rectangle, thing, write

UPRIGHT = (80, 60)  # rows and columns of the masks; photographs have as many columns and rows


@pytest.fixture
def annotated(tmp_path):
    """Reads a folder whose photographs a, b and c are tagged with some orientations."""

    def read(*orientations):
        objects = {
            name: [thing("dog", rectangle(5, 5, 50, 70, shape), head=rectangle(5, 5, 20, 20, shape))]
            for name, shape in (("a", UPRIGHT), ("b", UPRIGHT[::-1]), ("c", UPRIGHT))
        }
        objects["b"] = [thing("dog", rectangle(5, 5, 70, 50, UPRIGHT[::-1]))]
        folder = write(tmp_path / "source", objects, val=("b",), shape=UPRIGHT[::-1])
        for name, number in zip("abc", orientations, strict=True):
            path = folder / "VOCdevkit" / "VOC2010" / "JPEGImages" / f"{name}.jpg"
            exif = Image.Exif()
            exif[ExifTags.Base.Orientation] = number
            with Image.open(path) as picture:
                picture.save(path, exif=exif)
        data = pascal_part.read_pascal_part(folder, prepared_dir=tmp_path / "prepared")
        return {image.image_id: image for image in data.images}, path.parent

    return read


def test_photographs_are_turned_where_their_masks_are_and_nowhere_else(annotated):
    images, folder = annotated(6, 6, 8)
    for name, image in images.items():
        with Image.open(folder / f"{name}.jpg") as stored:
            wanted = stored if name == "b" else ImageOps.exif_transpose(stored)
            assert np.array_equal(image.source.read(), np.asarray(wanted))
        assert image.source.size() == ((80, 60) if name == "b" else (60, 80))
    assert [(look.image.image_id, look.turned) for look in survey(images.values())] == [
        ("a", True),
        ("c", True),
        ("b", False),
    ]


def test_without_such_an_orientation_they_are_refused(annotated):
    with pytest.raises(InputError, match=r"c\.mat: masks are 60x80 px but .*c\.jpg is 80x60"):
        annotated(6, 6, 3)
