import io
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from partsjax.data.sources import BytesImage, FileImage
from partsjax.errors import InputError


def noise(height=48, width=64, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def encode(image, kind="JPEG", **options):
    stream = io.BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(stream, kind, **options)
    return stream.getvalue()


JPEG = encode(noise(), quality=90)


def read(data):
    return BytesImage(data, "somewhere").read()


def refused(data):
    with pytest.raises(InputError, match=r"^somewhere: ") as caught:
        read(data)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_lossless_pixels_are_exact():
    assert np.array_equal(read(encode(noise(), "PNG")), noise())


def test_rgb_rows_then_columns_in_8_bits():
    pixels = read(JPEG)
    assert pixels.shape == (48, 64, 3)
    assert pixels.dtype == np.uint8
    assert BytesImage(JPEG, "somewhere").size() == (64, 48)


@pytest.mark.parametrize("mode", ["L", "P", "1", "RGBA", "LA"])
def test_other_modes_become_rgb(mode):
    image = Image.fromarray(noise()).convert(mode)
    pixels = read(encode(image, "PNG"))
    assert pixels.shape == (48, 64, 3)
    if mode in ("L", "LA"):
        assert np.array_equal(pixels, np.repeat(np.asarray(image.convert("L"))[..., None], 3, axis=2))


def test_a_cmyk_jpeg_becomes_rgb_and_is_not_inverted():
    flat = np.full((16, 16, 3), (200, 40, 90), np.uint8)
    pixels = read(encode(Image.fromarray(flat).convert("CMYK"), quality=95))
    assert np.abs(pixels.astype(int) - flat).max() < 8


def test_exif_orientation_is_left_alone():
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by a quarter
    assert read(encode(noise(), exif=exif)).shape == (48, 64, 3)


def test_more_than_8_bits_are_refused():
    deep = Image.fromarray(np.arange(600, dtype=np.uint16).reshape(20, 30))
    assert "8-bit" in refused(encode(deep, "PNG"))


def test_nothing_and_no_image():
    assert "empty (0 bytes)" in refused(b"")
    assert "not an image" in refused(b"<html>404</html>")


@settings(max_examples=60, deadline=None)
@given(st.integers(1, len(JPEG) - 1))
def test_a_jpeg_cut_off_anywhere_is_refused(length):
    refused(JPEG[:length])


@settings(max_examples=30, deadline=None)
@given(st.integers(len(JPEG) // 4, len(JPEG) * 3 // 4))
def test_a_jpeg_padded_with_zeros_instead_of_its_end_is_refused(length):
    refused(JPEG[:length] + bytes(len(JPEG) - length))


@settings(max_examples=30, deadline=None)
@given(st.integers(len(JPEG) // 4, len(JPEG) * 3 // 4))
def test_a_jpeg_closed_before_its_picture_ends_is_refused(length):
    # Pillow alone paints the rest grey and says nothing.
    refused(JPEG[:length].rstrip(b"\xff") + b"\xff\xd9")


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("subsampling", [0, 2])
def test_a_picture_that_truly_ends_in_that_grey_is_read(subsampling, progressive):
    pixels = noise()
    pixels[-24:] = 128
    data = encode(pixels, quality=90, subsampling=subsampling, progressive=progressive)
    assert (read(data)[-8:] == 128).all()
    assert (read(data + b"\xff\xd9 trailing bytes")[-8:] == 128).all()


def test_a_png_cut_off_is_refused():
    data = encode(noise(), "PNG")
    assert "cut off or damaged" in refused(data[: len(data) // 2])


def test_a_file_reads_as_its_bytes_do(tmp_path):
    path = tmp_path / "a.jpg"
    path.write_bytes(JPEG)
    there, here = FileImage(path), BytesImage(JPEG, "somewhere")
    assert np.array_equal(there.read(), here.read())
    assert there.digest() == here.digest()
    assert there.size() == here.size() == (64, 48)
    assert there.label == str(path)
    assert FileImage(str(path)).encoded() == JPEG


def test_equal_digests_mean_equal_bytes():
    assert BytesImage(JPEG, "a").digest() == BytesImage(JPEG, "b").digest()
    assert BytesImage(JPEG, "a").digest() != BytesImage(JPEG + b"\0", "a").digest()


@pytest.mark.parametrize("ask", [FileImage.read, FileImage.size, FileImage.digest])
def test_a_file_that_is_not_there(tmp_path, ask):
    with pytest.raises(InputError, match=r"gone\.jpg: image not found"):
        ask(FileImage(tmp_path / "gone.jpg"))
    with pytest.raises(InputError, match="cannot be read"):
        ask(FileImage(tmp_path))


@pytest.mark.parametrize("ask", [FileImage.read, FileImage.size])
def test_a_damaged_file_is_named(tmp_path, ask):
    path = tmp_path / "bad.jpg"
    for content in (b"", b"\xff\xd8\xff"):
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"bad\.jpg: "):
            ask(FileImage(path))


@pytest.mark.parametrize("ask", [FileImage.read, FileImage.size])
def test_a_file_of_another_size_than_annotated_is_refused(tmp_path, ask):
    path = tmp_path / "a.jpg"
    path.write_bytes(JPEG)
    ask(FileImage(path, (64, 48)))
    with pytest.raises(InputError, match="is 64x48 px but was annotated at 48x64"):
        ask(FileImage(path, (48, 64)))


def test_sources_survive_pickling(tmp_path):
    path = tmp_path / "a.jpg"
    path.write_bytes(JPEG)
    for source in (FileImage(path, (64, 48)), BytesImage(JPEG, "somewhere")):
        again = pickle.loads(pickle.dumps(source))
        assert again == source
        assert np.array_equal(again.read(), source.read())
