"""The same photograph twice, and a look at each before the network runs."""

import io

import numpy as np
import pytest
from PIL import ExifTags, Image

from partsjax.data import schema
from partsjax.data.duplicates import equal_bytes, equal_looks
from partsjax.data.sources import BytesImage
from partsjax.data.survey import survey
from partsjax.errors import InputError


def picture(seed, width=320, height=240):
    """Something with the slow and fast changes of a photograph."""
    random = np.random.default_rng(seed)
    whole = np.zeros((height, width, 3))
    for cells, strength in ((3, 60), (6, 40), (16, 25), (60, 12)):
        small = Image.fromarray(random.integers(0, 256, (cells, cells, 3), dtype=np.uint8))
        whole += (
            (np.asarray(small.resize((width, height), Image.Resampling.BICUBIC), float) - 128)
            / 128
            * strength
        )
    return Image.fromarray(np.clip(whole + 128, 0, 255).astype(np.uint8))


def encode(image, kind="JPEG", **options):
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def exif(number):
    found = Image.Exif()
    found[ExifTags.Base.Orientation] = number
    return found


def looks_at(*contents, sizes=None):
    """A look at each of some encoded images, called 0, 1, ..."""
    sizes = sizes or [None] * len(contents)
    sources = [
        BytesImage(data, f"{n}.jpg", size) for n, (data, size) in enumerate(zip(contents, sizes, strict=True))
    ]
    return survey([schema.Image(f"{n}", "train", source, ()) for n, source in enumerate(sources)])


def named(pairs):
    return [(int(a.image_id), int(b.image_id)) for a, b in pairs]


ORIGINAL = picture(0)
JPEG = encode(ORIGINAL, quality=90)
DECODED = Image.open(io.BytesIO(JPEG)).convert("RGB")


def test_equal_bytes_are_found_and_are_no_equal_looks():
    looks = looks_at(JPEG, encode(picture(1)), JPEG, JPEG)
    assert named(equal_bytes(looks)) == [(0, 2), (0, 3)]
    assert equal_looks(looks) == []


COPIES = {
    "quality 60": encode(DECODED, quality=60),
    "quality 95": encode(DECODED, quality=95),
    "half the size": encode(DECODED.resize((160, 120)), quality=85),
    "squashed to a square": encode(DECODED.resize((640, 640)), quality=85),
    "PNG": encode(DECODED, "PNG"),
    "WebP": encode(DECODED, "WEBP", quality=75),
    "grey": encode(DECODED.convert("L"), quality=85),
    "other brightness": encode(DECODED.point(lambda v: 0.8 * v + 40), quality=85),
    "mirrored": encode(DECODED.transpose(Image.Transpose.FLIP_LEFT_RIGHT), quality=85),
    "its EXIF gone": JPEG.replace(b"JFIF", b"JFIX"),
    "turned upright": encode(DECODED.transpose(Image.Transpose.ROTATE_90), quality=90, exif=exif(6)),
}


@pytest.mark.parametrize("copy", COPIES)
def test_a_copy_of_other_bytes_looks_the_same(copy):
    looks = looks_at(encode(picture(1)), JPEG, encode(picture(2)), COPIES[copy])
    assert not any(look.problem for look in looks)
    assert named(equal_looks(looks)) == [(1, 3)]
    assert equal_bytes(looks) == []


def test_other_pictures_do_not_look_the_same():
    assert equal_looks(looks_at(*(encode(picture(seed)) for seed in range(20)))) == []


def test_the_same_layout_with_other_details_does_not_look_the_same():
    other = np.asarray(ORIGINAL, float) + 0.2 * (np.asarray(picture(1), float) - 128)
    other = Image.fromarray(other.clip(0, 255).astype(np.uint8))
    a, b = (np.asarray(one.convert("L").resize((8, 8)), float).ravel() for one in (ORIGINAL, other))
    assert np.corrcoef(a, b)[0, 1] > 0.97
    assert equal_looks(looks_at(JPEG, encode(other))) == []


def test_a_picture_like_its_own_mirror_image_is_no_duplicate():
    half = np.asarray(ORIGINAL)[:, :160]
    assert equal_looks(looks_at(encode(Image.fromarray(np.hstack([half, half[:, ::-1]]))), JPEG)) == []


def test_each_copy_stands_behind_the_first():
    looks = looks_at(JPEG, *(encode(DECODED, quality=q) for q in (50, 60, 70)), encode(picture(1)))
    assert named(equal_looks(looks)) == [(0, 1), (0, 2), (0, 3)]


def test_photographs_without_a_pattern_are_not_each_others_duplicates():
    corner = np.add.outer(np.arange(60), np.arange(80))[..., None].repeat(3, axis=2) / 30  # as lenses make it
    blank = [level + corner for level in (0, 100, 110, 240)]
    pages = [Image.fromarray(one.astype(np.uint8)) for one in blank]
    assert equal_looks(looks_at(*(encode(page) for page in pages))) == []


def test_many_blocks_of_pictures(monkeypatch):
    monkeypatch.setattr("partsjax.data.duplicates._BLOCK", 3)
    contents = [encode(picture(seed, 80, 60)) for seed in range(10)]
    copies = [encode(picture(seed, 80, 60), quality=50) for seed in (9, 4)]
    assert named(equal_looks(looks_at(*contents, *copies))) == [(9, 10), (4, 11)]


def test_images_that_cannot_be_used_are_no_duplicates():
    looks = looks_at(b"", b"", JPEG[:2000], JPEG[:2000])
    assert all(look.problem and look.digest for look in looks)
    assert equal_bytes(looks) == equal_looks(looks) == []


@pytest.mark.parametrize(
    ("content", "size"),
    [
        (b"", None),
        (b"<html>", None),
        (JPEG[: len(JPEG) // 2], None),
        (JPEG[:-2], None),
        (JPEG[:-2] + bytes(50), None),
        (JPEG[: len(JPEG) // 2].rstrip(b"\xff") + b"\xff\xd9", None),
        (encode(ORIGINAL, "PNG")[:9000], None),
        (JPEG, (240, 320)),
        (encode(Image.fromarray(np.arange(600, dtype=np.uint16).reshape(20, 30)), "PNG"), None),
    ],
)
def test_what_is_wrong_is_what_reading_would_say(content, size):
    (look,) = looks_at(content, sizes=[size])
    with pytest.raises(InputError) as caught:
        BytesImage(content, "0.jpg", size).read()
    assert look.problem == str(caught.value)


def test_what_is_odd():
    plain, tagged, turned, opaque, clear, film = looks_at(
        JPEG,
        encode(ORIGINAL, exif=exif(3)),
        encode(ORIGINAL, exif=exif(6)),
        encode(ORIGINAL.convert("RGBA"), "PNG"),
        encode(Image.merge("RGBA", (*ORIGINAL.split(), ORIGINAL.getchannel("R"))), "PNG"),
        encode(ORIGINAL, "TIFF", save_all=True, append_images=[picture(1)]),
        sizes=[None, (320, 240), (240, 320), None, None, None],
    )
    assert (tagged.orientation, tagged.turned) == (3, False)
    assert (turned.orientation, turned.turned) == (6, True)
    assert turned.digest != turned.content
    assert clear.transparent and film.several
    for look in (plain, opaque):
        assert (look.orientation, look.turned, look.transparent, look.several) == (1, False, False, False)


def test_a_cameras_picture_with_a_preview_is_one():
    (look,) = looks_at(encode(ORIGINAL, "MPO", save_all=True, append_images=[picture(1)]))
    assert not look.several and look.problem is None


def test_a_drawn_image_has_a_digest_alone():
    class Drawn:
        label = "drawn"

        def digest(self):
            return "abc"

        def read(self):
            raise AssertionError("nobody needs its pixels")

    (look,) = survey([schema.Image("0", "train", Drawn(), ())])
    assert look.digest == "abc" and look.content is None and look.views == ()
    assert equal_bytes([look, look]) == equal_looks([look, look]) == []
