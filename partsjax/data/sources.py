"""Image sources: pixels in memory, or an encoded image in memory or in a file, decoded only when asked."""

import dataclasses
import os
from pathlib import Path

import numpy as np

from partsjax.data.images import decode, digest, open_image
from partsjax.data.orientation import stored_size, turn_to
from partsjax.errors import InputError


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
        return InputError(
            f"{path}: cannot be read ({error.strerror or error}); fix the path or its permissions"
        )


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
