"""EXIF orientation: a tag that says how the stored pixels are to be turned for viewing.

One rule for all formats (our choice): pixels count as they are stored, as in most annotation tools. Only
where the annotations' width and height are those of the turned picture, and not those of the stored one, is
it turned as the tag says. Orientations 2, 3 and 4 keep the size, so nothing could tell: never turned.
"""

from PIL import ExifTags, Image

UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""Orientation -> what turns the stored pixels upright."""

_SIDEWAYS = (5, 6, 7, 8)  # those that swap width and height
_TAG = ExifTags.Base.Orientation


def orientation(image: Image.Image) -> int:
    """1 to 8; 1 where there is no tag, or none that can be read. To be asked before `keep_as_stored`.

    For a PNG this may decode the picture: its tag may stand behind the pixels.
    """
    try:
        found = image.getexif().get(_TAG, 1)
    except MemoryError:
        raise
    except Exception:  # Pillow raises almost anything on damaged EXIF, which says nothing of the pixels
        return 1
    return found if found in UPRIGHT else 1


def stored_size(image: Image.Image) -> tuple[int, int]:
    """(width, height) of the pixels as stored. Pillow gives a TIFF's as turned."""
    if image.format == "TIFF":
        return image.tag_v2[ExifTags.Base.ImageWidth], image.tag_v2[ExifTags.Base.ImageLength]
    return image.size


def keep_as_stored(image: Image.Image) -> None:
    """Keeps Pillow from turning a TIFF while it loads it; it turns no other format."""
    if image.format == "TIFF" and orientation(image) != 1:
        image.getexif()[_TAG] = 1


def turn_to(image: Image.Image, annotated_size: tuple[int, int] | None) -> Image.Transpose | None:
    """What turns the stored pixels to the size that was annotated; None where they are to stay.

    To be asked before `keep_as_stored`.
    """
    size = stored_size(image)
    if annotated_size is None or size == annotated_size or size[::-1] != annotated_size:
        return None
    found = orientation(image)
    return UPRIGHT[found] if found in _SIDEWAYS else None
