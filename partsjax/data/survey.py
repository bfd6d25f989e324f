"""One look at each photograph of a run, before the network runs: is it whole, and what is odd about it?"""

import dataclasses
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from PIL import Image as Pillow

from partsjax.data import images
from partsjax.data.checks import outside
from partsjax.data.orientation import UPRIGHT, orientation, stored_size, turn_to
from partsjax.data.schema import Image
from partsjax.data.sources import ArrayImage, EncodedImage
from partsjax.errors import InputError

SIDE = 32  # of a view, in pixels
# A JPEG decoder may give the picture reduced, at a fraction of the time; not below four times a view's side,
# or what a copy in another format and size looks like differs by the way it was reduced.
_DRAFT = (4 * SIDE, 4 * SIDE)


@dataclasses.dataclass(frozen=True)
class Look:
    """What a look at one image found. Of a drawn image there is nothing but `digest`.

    Attributes:
      image: the image.
      digest: as its source gives it; None where there are no bytes to be had.
      content: hash of its encoded bytes.
      problem: what is wrong with it, one line; it cannot be used then.
      orientation: EXIF's, 1 to 8. turned: whether its pixels are read as turned by it.
      transparent: whether a pixel is not opaque. several: whether the file holds more pictures than one.
      views: what it looks like, each uint8 [SIDE, SIDE] gray: as stored and, if that differs, upright.
    """

    image: Image
    digest: str | None = None
    content: str | None = None
    problem: str | None = None
    orientation: int = 1
    turned: bool = False
    transparent: bool = False
    several: bool = False
    views: tuple[np.ndarray, ...] = ()


def survey(
    those: Iterable[Image], *, threads: int = 2, progress: Callable[[int, int], None] | None = None
) -> list[Look]:
    """A look at each of `those`, in their order.

    JPEGs are decoded at a fraction of their size, so damage that shows only in full is still found later.

    Args:
      threads: host threads.
      progress: called with the images looked at so far and their total.
    """
    those, found = list(those), []
    with ThreadPoolExecutor(threads) as pool:
        for look in pool.map(_look, those):
            found.append(look)
            if progress is not None:
                progress(len(found), len(those))
    return found


def _look(image: Image) -> Look:
    source = image.source
    if isinstance(source, ArrayImage):
        view = Pillow.fromarray(source.read()).convert("L").resize((SIDE, SIDE), Pillow.Resampling.BILINEAR)
        return Look(image, source.digest(), source.digest(), views=(np.asarray(view),))
    try:
        if not isinstance(source, EncodedImage):
            return Look(image, digest=source.digest())
        data = source.encoded()
    except InputError as error:
        return Look(image, problem=str(error))
    known = {"digest": source.digest_of(data), "content": images.digest(data)}
    try:
        return Look(image, **known, **_seen(image, data))
    except InputError as error:
        return Look(image, **known, problem=str(error))


def _seen(image: Image, data: bytes) -> dict:
    """The rest of a look; raises `InputError` where the image cannot be used."""
    source = image.source
    with images.open_image(data, source.label, source.annotated_size) as picture:
        if source.annotated_size is None and (said := outside(image, stored_size(picture))):
            raise InputError(f"{source.label}: {said}; boxes are x1, y1, x2, y2 in the image's pixels")
        try:
            turned = turn_to(picture, source.annotated_size) is not None
            found = orientation(picture)
            # A camera's MPO holds a preview or a second eye besides; that is no other picture.
            several = picture.format != "MPO" and getattr(picture, "is_animated", False)
            picture.draft("L", _DRAFT)
            small = images.flat(picture, "L").resize((SIDE, SIDE), Pillow.Resampling.BILINEAR)
            transparent = picture.has_transparency_data and _shows_through(picture)
        except MemoryError:
            raise
        except Exception:  # Pillow raises almost anything on damaged data
            small = None
    # Decoding it in full says what is wrong. It is also asked where a JPEG may have ended early.
    if small is None or (picture.format == "JPEG" and _may_end_early(data, small)):
        images.decode(data, source.label, source.annotated_size)
    if small is None:
        return {}
    views = (small,) if found == 1 else (small, small.transpose(UPRIGHT[found]))
    return {
        "orientation": found,
        "turned": turned,
        "transparent": transparent,
        "several": several,
        "views": tuple(np.asarray(view) for view in views),
    }


def _shows_through(picture: Pillow.Image) -> bool:
    return picture.convert("RGBA").getchannel("A").getextrema()[0] < 255


def _may_end_early(data: bytes, small: Pillow.Image) -> bool:
    return not data.endswith(b"\xff\xd9") or abs(small.getpixel((SIDE - 1, SIDE - 1)) - 128) <= 1
