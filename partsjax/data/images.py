"""Image sources: an encoded image in a file or in memory, decoded to RGB only when asked.

Annotations count stored pixels, so EXIF orientation is not applied (our choice): rotating the
photograph would leave its boxes behind.
"""

import dataclasses
import hashlib
import io
import os
from pathlib import Path

import numpy as np
from PIL import Image

from partsjax.errors import BadInput

_REPLACE = "replace it with an intact copy"
# What a decoder is given beyond the end, to learn whether it was still reading. No 0xFF in it.
_PROBE = bytes([0x55, 0x2A]) * 64
_START_OF_SCAN, _END_OF_IMAGE = b"\xff\xda", b"\xff\xd9"


def decode(data: bytes, label: str) -> np.ndarray:
    """Pixels of an encoded image.

    Args:
      data: the encoded bytes (JPEG, PNG or whatever else Pillow reads).
      label: what error messages call the image.

    Returns:
      uint8 [H, W, 3] RGB, read-only. Grey, palette and CMYK images are converted; alpha is dropped.

    Raises:
      BadInput: nothing there, cut off, damaged, or more than 8 bits per channel. Damage that leaves a
        well-formed stream of the right length cannot be told from a picture.
    """
    image = _open(data, label)
    if image.mode == "F" or image.mode.startswith("I"):
        raise BadInput(f"{label}: over 8 bits a channel (mode {image.mode}); save it as 8-bit RGB or grey")
    try:
        pixels = np.asarray(image.convert("RGB"))
    except MemoryError:
        raise
    except Exception as error:  # Pillow's decoders raise almost anything on damaged data
        raise BadInput(f"{label}: cut off or damaged ({_one_line(error)}); {_REPLACE}") from error
    if image.format == "JPEG" and _ends_early(data, pixels):
        raise BadInput(f"{label}: JPEG data ends before the picture does; {_REPLACE}")
    return pixels


def encoded_size(data: bytes, label: str) -> tuple[int, int]:
    """(width, height) in pixels from the header of an encoded image. Raises `BadInput` as `decode`."""
    return _open(data, label).size


def digest(data: bytes) -> str:
    """Content hash of encoded bytes, 32 hexadecimal digits; the same wherever the bytes are kept."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


@dataclasses.dataclass(frozen=True)
class BytesImage:
    """An encoded image in memory; a `schema.ImageSource`."""

    data: bytes = dataclasses.field(repr=False)
    label: str

    def read(self) -> np.ndarray:
        """uint8 [H, W, 3] RGB; raises as `decode`."""
        return decode(self.data, self.label)

    def size(self) -> tuple[int, int]:
        """(width, height) in pixels; decodes no pixels."""
        return encoded_size(self.data, self.label)

    def digest(self) -> str:
        """Hash of the encoded bytes."""
        return digest(self.data)


@dataclasses.dataclass(frozen=True)
class FileImage:
    """An encoded image in a file, opened at each read; a `schema.ImageSource`.

    Attributes:
      path: the file.
      annotated_size: (width, height) the annotations were made for, or None. A file of another size
        is refused: its boxes would lie elsewhere.
    """

    path: str | os.PathLike
    annotated_size: tuple[int, int] | None = None

    @property
    def label(self) -> str:
        """The path."""
        return os.fspath(self.path)

    def read(self) -> np.ndarray:
        """uint8 [H, W, 3] RGB; raises as `decode`, and `BadInput` for a missing or resized file."""
        pixels = decode(self.encoded(), self.label)
        self._check_size((pixels.shape[1], pixels.shape[0]))
        return pixels

    def size(self) -> tuple[int, int]:
        """(width, height) in pixels, from the header alone."""
        try:
            with open(self.path, "rb") as file, _open(file, self.label) as image:
                size = image.size
        except OSError as error:
            raise self._unreadable(error) from error
        self._check_size(size)
        return size

    def digest(self) -> str:
        """Hash of the file's bytes."""
        return digest(self.encoded())

    def encoded(self) -> bytes:
        """The file's bytes; raises `BadInput` where there is no such file or it cannot be read."""
        try:
            return Path(self.path).read_bytes()
        except OSError as error:
            raise self._unreadable(error) from error

    def _unreadable(self, error: OSError) -> BadInput:
        if isinstance(error, FileNotFoundError):
            return BadInput(f"{self.label}: image not found; put it there or take it out of the annotations")
        return BadInput(f"{self.label}: cannot be read ({error.strerror or error}); mend path or rights")

    def _check_size(self, size: tuple[int, int]) -> None:
        if self.annotated_size is not None and tuple(self.annotated_size) != size:
            (w, h), (want_w, want_h) = size, self.annotated_size
            raise BadInput(
                f"{self.label}: is {w}x{h} px but was annotated at {want_w}x{want_h}; use the original file"
            )


def _open(data, label: str) -> Image.Image:
    if isinstance(data, bytes):
        if not data:
            raise BadInput(f"{label}: empty (0 bytes); {_REPLACE}")
        data = io.BytesIO(data)
    try:
        return Image.open(data)
    except MemoryError:
        raise
    except Exception as error:
        raise BadInput(f"{label}: not an image, or its header is damaged; {_REPLACE}") from error


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


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
