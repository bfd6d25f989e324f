"""Pixels as stored, in every format, unless the annotations were made on the turned picture."""

import io

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageOps, features

from partsjax.data.orientation import orientation
from partsjax.data.sources import BytesImage, FileImage
from partsjax.errors import InputError

STORED = np.random.default_rng(0).integers(0, 256, (6, 10, 3), dtype=np.uint8).repeat(8, 0).repeat(8, 1)
SIZE, TURNED = (80, 48), (48, 80)  # width and height
FORMATS = [
    pytest.param("JPEG", {"quality": 98, "subsampling": 0}, id="JPEG"),
    pytest.param("PNG", {}, id="PNG"),
    pytest.param("WEBP", {"lossless": True}, id="WEBP"),
    pytest.param("TIFF", {}, id="TIFF"),
    pytest.param("TIFF", {"compression": "tiff_lzw"}, id="TIFF-lzw"),
    pytest.param("TIFF", {"compression": "jpeg", "quality": 98}, id="TIFF-jpeg"),
]


def encoded(kind, number, options):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = number
    stream = io.BytesIO()
    Image.fromarray(STORED).save(stream, kind, exif=exif, **options)
    return stream.getvalue()


def close(pixels, wanted):
    return pixels.shape == wanted.shape and np.abs(pixels.astype(int) - wanted).mean() < 6


def upright(number):
    image = Image.fromarray(STORED)
    image.getexif()[ExifTags.Base.Orientation] = number
    return np.asarray(ImageOps.exif_transpose(image))


@pytest.mark.parametrize("number", range(1, 9))
@pytest.mark.parametrize(("kind", "options"), FORMATS)
def test_pixels_are_as_stored(kind, options, number, tmp_path):
    data = encoded(kind, number, options)
    (tmp_path / "a").write_bytes(data)
    assert orientation(Image.open(io.BytesIO(data))) == number
    for annotated in (None, SIZE):
        for source in (BytesImage(data, "a", annotated), FileImage(tmp_path / "a", annotated)):
            assert close(source.read(), STORED)
            assert source.size() == SIZE


@pytest.mark.parametrize("number", range(1, 9))
@pytest.mark.parametrize(("kind", "options"), FORMATS)
def test_turned_where_the_annotated_size_is_the_turned_one(kind, options, number, tmp_path):
    data = encoded(kind, number, options)
    (tmp_path / "a").write_bytes(data)
    for source in (BytesImage(data, "a", TURNED), FileImage(tmp_path / "a", TURNED)):
        if number > 4:
            assert close(source.read(), upright(number))
            assert source.size() == TURNED
            assert source.digest() != BytesImage(data, "a", SIZE).digest()
        else:
            for ask in (source.read, source.size):
                with pytest.raises(InputError, match="is 80x48 px but was annotated at 48x80"):
                    ask()


def test_an_orientation_of_no_meaning_is_none():
    for number in (0, 9, 70):
        data = encoded("JPEG", number, {})
        assert orientation(Image.open(io.BytesIO(data))) == 1
        with pytest.raises(InputError, match="was annotated at"):
            BytesImage(data, "a", TURNED).read()


def test_damaged_exif_is_no_orientation():
    data = encoded("JPEG", 6, {"quality": 98, "subsampling": 0})
    at = data.index(b"Exif\0\0") + 6
    for broken in (data[:at] + b"XX" + data[at + 2 :], data[: at + 4] + b"\xff" * 4 + data[at + 8 :]):
        assert orientation(Image.open(io.BytesIO(broken))) == 1
        assert close(BytesImage(broken, "a", SIZE).read(), STORED)


def test_a_square_picture_is_not_turned():
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    stream = io.BytesIO()
    Image.fromarray(STORED[:, :48]).save(stream, "PNG", exif=exif)
    assert np.array_equal(BytesImage(stream.getvalue(), "a", (48, 48)).read(), STORED[:, :48])


def test_pillow_has_the_formats():
    assert features.check("webp") and features.check("libtiff")
