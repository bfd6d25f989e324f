"""Encoded images decoded to RGB.

Pixels are taken as stored (`orientation` has the one exception). Transparency is ignored: a pixel has the
color stored with it, whatever its alpha (our choice, and what `convert("RGB")` does). Of a file with
several pictures the first counts.
"""

import hashlib
import io
import warnings

import numpy as np
from PIL import Image

from partsjax.data.contents import no_image
from partsjax.data.orientation import keep_as_stored, stored_size, turn_to
from partsjax.errors import InputError

_REPLACE = "replace it with an intact copy"
# What a decoder is given beyond the end, to learn whether it was still reading. No 0xFF in it.
_PROBE = bytes([0x55, 0x2A]) * 64
_START_OF_SCAN, _END_OF_IMAGE = b"\xff\xda", b"\xff\xd9"

# What Pillow remarks upon (size, odd metadata) is an error or a note of ours where it matters; its own
# words would break into progress bars, once per file.
warnings.filterwarnings("ignore", module=r"PIL\.")


def open_image(data, label: str, annotated_size: tuple[int, int] | None = None) -> Image.Image:
    """An image of which only the header is read, found fit to be decoded.

    Args:
      data: the encoded bytes, or a binary file.
      label: what error messages call the image.
      annotated_size: (width, height) the annotations were made for, or None.

    Raises:
      InputError: nothing there, no image, too large for Pillow, a kind of pixels that is not 8-bit color, or
        another size than annotated, also when turned.
    """
    if isinstance(data, bytes):
        data = io.BytesIO(data)
    try:
        image = Image.open(data)
    except MemoryError:
        raise
    except Image.DecompressionBombError as error:
        limit = f"{2 * Image.MAX_IMAGE_PIXELS / 1e6:.0f} million pixels"
        raise InputError(
            f"{label}: over {limit}, more than Pillow opens; scale picture and boxes down, or cut it up"
        ) from error
    except Exception as error:
        data.seek(0)
        raise InputError(f"{label}: {_no_image(data.read(1024))}") from error
    if image.mode == "F" or image.mode.startswith("I"):
        raise InputError(
            f"{label}: over 8 bits per channel (mode {image.mode}); save it as 8-bit RGB or gray"
        )
    if image.mode == "LAB":
        raise InputError(f"{label}: in Lab colors; save it as 8-bit RGB")
    size = stored_size(image)
    if annotated_size not in (None, size) and turn_to(image, annotated_size) is None:
        there, wanted = (f"{width}x{height}" for width, height in (size, annotated_size))
        raise InputError(f"{label}: is {there} px but was annotated at {wanted}; use the original file")
    return image


def flat(image: Image.Image, mode: str) -> Image.Image:
    """An opened image in `mode`, RGB or L, as stored and without its alpha."""
    keep_as_stored(image)
    return image.convert(mode)


def decode(data: bytes, label: str, annotated_size: tuple[int, int] | None = None) -> np.ndarray:
    """Pixels of an encoded image.

    Args:
      data: the encoded bytes (JPEG, PNG or whatever else Pillow reads).
      label: what error messages call the image.
      annotated_size: (width, height) the annotations were made for, or None.

    Returns:
      uint8 [H, W, 3] RGB, read-only. Gray, palette and CMYK images are converted; alpha is dropped.

    Raises:
      InputError: as `open_image`, and cut off or damaged. Damage that leaves a well-formed stream of the
        right length cannot be detected.
    """
    image = open_image(data, label, annotated_size)
    try:
        turn = turn_to(image, annotated_size)
        rgb = flat(image, "RGB")
        pixels = np.asarray(rgb)
    except MemoryError:
        raise
    except Exception as error:  # Pillow's decoders raise almost anything on damaged data
        raise InputError(f"{label}: cut off or damaged ({_one_line(error)}); {_REPLACE}") from error
    if image.format == "JPEG" and _ends_early(data, pixels):
        raise InputError(f"{label}: JPEG data ends before the picture does; {_REPLACE}")
    return pixels if turn is None else np.asarray(rgb.transpose(turn))


def digest(data: bytes) -> str:
    """Content hash of encoded bytes, 32 hexadecimal digits; the same wherever the bytes are kept."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def _ends_early(data: bytes, pixels: np.ndarray) -> bool:
    """Whether a JPEG's entropy-coded data stops short of its last block.

    No end marker behind the last scan is one sign. Where there is one too early, libjpeg fills the rest
    with zero coefficients, which is the exact gray 128, and Pillow keeps the warning to itself. Pictures
    may end in that gray too. So where the last block is that gray, further bytes go in before the end
    marker: a decoder that had all it needed ignores them, one that was starved paints with them.
    """
    end = data.rfind(_END_OF_IMAGE)
    if end < data.rfind(_START_OF_SCAN):
        return True
    if not (pixels[-8:, -8:] == 128).all():
        return False
    try:
        probed = np.asarray(Image.open(io.BytesIO(data[:end] + _PROBE + data[end:])).convert("RGB"))
    except Exception:
        return True
    return not np.array_equal(probed, pixels)


def _no_image(start: bytes) -> str:
    if not start:
        return f"empty (0 bytes); {_REPLACE}"
    what = no_image(start)
    return f"not an image but {what}" if what else f"not an image, or its header is damaged; {_REPLACE}"


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
