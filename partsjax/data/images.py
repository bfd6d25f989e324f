"""Image sources: an encoded image in a file or in memory, decoded to RGB only when asked.

Pixels are taken as stored (`orientation` has the one exception). Transparency is ignored: a pixel has the
colour that is stored beside it, whatever its alpha (our choice, as `convert("RGB")` does everywhere). Of a
file with several pictures the first counts.
"""

import dataclasses
import hashlib
import io
import os
import warnings
from pathlib import Path

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
# words would break into progress bars, once a file.
warnings.filterwarnings("ignore", module=r"PIL\.")


def open_image(data, label: str, annotated_size: tuple[int, int] | None = None) -> Image.Image:
    """An image of which only the header is read, found fit to be decoded.

    Args:
      data: the encoded bytes, or a binary file.
      label: what error messages call the image.
      annotated_size: (width, height) the annotations were made for, or None.

    Raises:
      InputError: nothing there, no image, too large for Pillow, a kind of pixels that is not 8-bit colour, or
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
        raise InputError(f"{label}: over 8 bits a channel (mode {image.mode}); save it as 8-bit RGB or grey")
    if image.mode == "LAB":
        raise InputError(f"{label}: in Lab colours; save it as 8-bit RGB")
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
      uint8 [H, W, 3] RGB, read-only. Grey, palette and CMYK images are converted; alpha is dropped.

    Raises:
      InputError: as `open_image`, and cut off or damaged. Damage that leaves a well-formed stream of the
        right length cannot be told from a picture.
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


class EncodedImage:
    """What encoded images have in common, wherever their bytes are kept; a `schema.ImageSource`.

    Attributes:
      label: what error messages call it.
      annotated_size: (width, height) the annotations were made for, or None. An image of another size
        is refused: its boxes would lie elsewhere.
    """

    label: str
    annotated_size: tuple[int, int] | None = None

    def encoded(self) -> bytes:
        """The encoded bytes. Raises `InputError` where they cannot be had."""
        raise NotImplementedError

    def read(self) -> np.ndarray:
        """uint8 [H, W, 3] RGB; raises as `decode` and `encoded`."""
        return decode(self.encoded(), self.label, self.annotated_size)

    def size(self) -> tuple[int, int]:
        """(width, height) in pixels, as read; decodes no pixels. Raises as `open_image` and `encoded`."""
        return self._size(self.encoded())

    def digest(self) -> str:
        """Hash of the encoded bytes, and of their being turned: equal digests mean equal pixels."""
        return self.digest_of(self.encoded())

    def digest_of(self, data: bytes) -> str:
        """The digest for bytes that are there already, as `encoded` gave them."""
        return f"{digest(data)}-turned" if self._turned(data) else digest(data)

    def _size(self, data) -> tuple[int, int]:
        with open_image(data, self.label, self.annotated_size) as image:
            return tuple(self.annotated_size or stored_size(image))

    def _turned(self, data: bytes) -> bool:
        if self.annotated_size is None:
            return False
        try:
            with open_image(data, self.label, self.annotated_size) as image:
                return turn_to(image, self.annotated_size) is not None
        except InputError:
            return False  # reported when read


class ArrayImage:
    """Pixels in memory; a `schema.ImageSource`. They are not copied, and are not to be changed."""

    def __init__(self, pixels: np.ndarray, label: str):
        """
        Args:
          pixels: uint8 [H, W, 3] RGB.
          label: what error messages call the image.

        Raises:
          InputError: pixels of another shape or type.
        """
        found = np.asarray(pixels)
        if found.dtype != np.uint8 or found.ndim != 3 or found.shape[2] != 3 or not found.size:
            raise InputError(
                f"{label}: pixels are {found.dtype} {list(found.shape)}; give uint8 [height, width, 3], RGB "
                "in 0 to 255"
            )
        self._pixels, self.label = found.view(), label
        self._pixels.flags.writeable = False

    def read(self) -> np.ndarray:
        """uint8 [H, W, 3] RGB, read-only."""
        return self._pixels

    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return self._pixels.shape[1], self._pixels.shape[0]

    def digest(self) -> str:
        """Hash of shape and pixels."""
        return digest(f"{self._pixels.shape}".encode() + self._pixels.tobytes())


@dataclasses.dataclass(frozen=True)
class BytesImage(EncodedImage):
    """An encoded image in memory."""

    data: bytes = dataclasses.field(repr=False)
    label: str
    annotated_size: tuple[int, int] | None = None

    def encoded(self) -> bytes:
        """The bytes."""
        return self.data


@dataclasses.dataclass(frozen=True)
class FileImage(EncodedImage):
    """An encoded image in a file, opened at each read."""

    path: str | os.PathLike
    annotated_size: tuple[int, int] | None = None

    @property
    def label(self) -> str:
        """The path."""
        return os.fspath(self.path)

    def size(self) -> tuple[int, int]:
        """(width, height) in pixels, as read; from the file's header alone."""
        try:
            with open(self.path, "rb") as file:
                return self._size(file)
        except OSError as error:
            raise self._unreadable(error) from error

    def encoded(self) -> bytes:
        """The file's bytes; raises `InputError` where there is no such file or it cannot be read."""
        try:
            return Path(self.path).read_bytes()
        except OSError as error:
            raise self._unreadable(error) from error

    def _unreadable(self, error: OSError) -> InputError:
        path = Path(self.path)
        if isinstance(error, FileNotFoundError):
            if path.is_symlink():
                return InputError(f"{path}: image not found: a link to {os.readlink(path)}; put it there")
            return InputError(f"{path}: image not found; put it there or take it out of the annotations")
        if path.is_dir():
            return InputError(f"{path}: cannot be read (a folder, not an image); name the file in it")
        return InputError(f"{path}: cannot be read ({error.strerror or error}); fix path or rights")


def image_source(image, label: str):
    """An image as given, as a `schema.ImageSource`.

    Args:
      image: pixels uint8 [H, W, 3], the path of an encoded image, its bytes, or a source already.
      label: what error messages call an image that has no path.

    Raises:
      InputError: it is none of these.
    """
    if isinstance(image, (str, os.PathLike)):
        return FileImage(os.path.expanduser(image))
    if isinstance(image, bytes):
        return BytesImage(image, label)
    if isinstance(image, np.ndarray):
        return ArrayImage(image, label)
    if all(callable(getattr(image, name, None)) for name in ("read", "digest")):
        return image
    raise InputError(f"{label}: is {type(image).__name__}; give uint8 [height, width, 3], a path or bytes")


def _ends_early(data: bytes, pixels: np.ndarray) -> bool:
    """Whether a JPEG's entropy-coded data stops short of its last block.

    No end marker behind the last scan is one sign. Where there is one too early, libjpeg fills the rest
    with zero coefficients, which is the exact grey 128, and Pillow keeps the warning to itself. Pictures
    may end in that grey too. So where the last block is that grey, further bytes go in before the end
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
