"""Files that bear an image's name and are none, and odd kinds of pixels: each a line, or read by one rule."""

import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from partsjax.data.coco_parts.tables import load
from partsjax.data.faults import Faults
from partsjax.data.pascal_part.annotation import read_annotation
from partsjax.data.sources import BytesImage, FileImage
from partsjax.errors import InputError

PICTURE = np.random.default_rng(0).integers(0, 256, (24, 32, 3), dtype=np.uint8)
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 12345\n"


def encode(image, kind="PNG", **options):
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (POINTER, "git-lfs pointer.*git lfs pull"),
        (b"/annex/objects/SHA256E-s1--ab.jpg\n", "git-annex pointer"),
        (b"\n <!DOCTYPE html><html><body>404</body></html>", "web page"),
        (b"\xef\xbb\xbf<HTML>", "web page"),
        (b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', "XML"),
        (b'<?xml version="1.0"?><svg xmlns="x"/>', "SVG"),
        (b'{"message": "Not Found"}', "JSON"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"),
        (b"%PDF-1.7", "PDF"),
        (b"PK\x03\x04\x14\0", "zip archive"),
        (bytes(5000), "zero bytes only"),
        (b"", r"empty \(0 bytes\)"),
        (b"\xff\xd8\xff", "its header is damaged"),
    ],
)
def test_a_line_that_says_what_it_is(content, said, tmp_path):
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    for ask in (FileImage(path).read, FileImage(path).size, BytesImage(content, f"{path}").read):
        with pytest.raises(InputError, match=rf"a\.jpg: .*{said}") as caught:
            ask()
        assert "\n" not in str(caught.value)


STAND_INS = [
    (POINTER, "git-lfs pointer"),
    (b"<html>404</html>", "web page"),
    (bytes(5000), "zero bytes only"),
]


@pytest.mark.parametrize(("content", "said"), STAND_INS)
def test_annotations_that_are_something_else(content, said, tmp_path):
    path = tmp_path / "annotations"
    path.write_bytes(content)
    with pytest.raises(InputError, match=rf"annotations: not JSON but .*{said}"):
        load(path, Faults())
    with pytest.raises(InputError, match=rf"annotations: not a MATLAB file but .*{said}"):
        read_annotation(path)


def test_what_is_no_file(tmp_path):
    (tmp_path / "folder.jpg").mkdir()
    (tmp_path / "link.jpg").symlink_to("elsewhere.jpg")
    for ask in (FileImage.read, FileImage.size, FileImage.digest):
        with pytest.raises(InputError, match=r"folder\.jpg: cannot be read \(a folder"):
            ask(FileImage(tmp_path / "folder.jpg"))
        with pytest.raises(InputError, match=r"link\.jpg: image not found: a link to elsewhere\.jpg"):
            ask(FileImage(tmp_path / "link.jpg"))


def test_a_picture_over_pillows_limit_is_a_line(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 300)
    data = encode(Image.fromarray(PICTURE))
    for ask in (BytesImage(data, "a").read, BytesImage(data, "a").size):
        with pytest.raises(InputError, match=r"^a: over 0 million pixels, more than Pillow opens; scale"):
            ask()


def test_no_word_of_pillows_own_in_between():
    """A picture over half its limit, a palette with transparency, damaged EXIF: Pillow warns of all three."""
    code = """if True:
        import io
        from PIL import Image
        from partsjax.data.sources import BytesImage
        def read(image, kind, **options):
            stream = io.BytesIO()
            image.save(stream, kind, **options)
            return BytesImage(stream.getvalue(), "a").read()
        palette = Image.new("RGB", (32, 32), "red").convert("P")
        read(palette, "PNG", transparency=bytes(range(256)))
        read(Image.new("RGB", (32, 32)), "TIFF", exif=b"Exif\\0\\0II*\\0\\xff\\xff\\xff\\xff")
        Image.MAX_IMAGE_PIXELS = 800
        read(Image.new("RGB", (32, 32)), "JPEG")
    """
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (found.returncode, found.stderr) == (0, "")


def transparent(mode):
    image = Image.fromarray(PICTURE).convert("RGBA" if mode != "LA" else "LA")
    image.putalpha(Image.fromarray(np.arange(24 * 32, dtype=np.uint16).astype(np.uint8).reshape(24, 32)))
    return image


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_a_transparent_pixel_has_the_colour_stored_beside_it(mode, kind):
    image = transparent(mode)
    wanted = PICTURE if mode == "RGBA" else np.asarray(image.getchannel("L"))[..., None].repeat(3, -1)
    assert np.array_equal(BytesImage(encode(image, kind), "a").read(), wanted)


def test_a_transparent_palette_has_its_colours():
    palette = Image.fromarray(PICTURE).convert("P", palette=Image.Palette.ADAPTIVE)
    wanted = np.asarray(palette.convert("RGB"))
    for transparency in (0, bytes(256), bytes(range(256))):
        data = encode(palette, transparency=transparency)
        assert np.array_equal(BytesImage(data, "a").read(), wanted)


def test_grey_and_rgb_with_one_transparent_colour():
    for image, colour in ((Image.fromarray(PICTURE), (1, 2, 3)), (Image.fromarray(PICTURE[..., 0]), 5)):
        read = BytesImage(encode(image, transparency=colour), "a").read()
        assert np.array_equal(read, np.asarray(image.convert("RGB")))


@pytest.mark.parametrize("kind", ["GIF", "PNG", "TIFF", "WEBP"])
def test_the_first_of_several_pictures(kind):
    first, second = Image.new("RGB", (32, 24), (255, 0, 0)), Image.new("RGB", (32, 24), (0, 0, 255))
    data = encode(first, kind, save_all=True, append_images=[second])
    assert np.abs(BytesImage(data, "a").read().astype(int) - (255, 0, 0)).max() < 4


def test_a_cmyk_tiff_and_lab_colours():
    image = Image.fromarray(PICTURE).convert("CMYK")
    assert np.array_equal(BytesImage(encode(image, "TIFF"), "a").read(), np.asarray(image.convert("RGB")))
    with pytest.raises(InputError, match="Lab colors; save it as 8-bit RGB"):
        BytesImage(encode(Image.new("LAB", (8, 8)), "TIFF"), "a").read()
