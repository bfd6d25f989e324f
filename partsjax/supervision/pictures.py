"""Decoded images, kept in memory up to a budget, and their warps to a network's input."""

import dataclasses
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import PIL.Image

from partsjax.data.crops import warp
from partsjax.data.schema import Image
from partsjax.errors import InputError

BUDGET = 2 << 30  # bytes of decoded pixels kept


class Pictures:
    """Images by identity, decoded once while they fit. Threads may share one.

    What fits is kept and nothing is ever thrown out: draws are uniform and validation goes round in
    circles, so the newest image is no likelier to be asked for again than the oldest.
    """

    def __init__(self, budget: int = BUDGET):
        """An empty store of at most `budget` bytes of pixels."""
        self._budget = budget
        self._pixels: dict[str, np.ndarray] = {}
        self._sizes: dict[str, tuple[int, int]] = {}
        self._lock = threading.Lock()
        self.kept_bytes = 0

    def read(self, image: Image) -> np.ndarray:
        """uint8 [H, W, 3] RGB, not to be written to. Raises `InputError` as `image.source.read`."""
        kept = self._pixels.get(image.image_id)
        if kept is not None:
            return kept
        pixels = image.source.read()  # outside the lock: two threads may decode one image, no harm done
        with self._lock:
            self._sizes[image.image_id] = pixels.shape[1], pixels.shape[0]
            if image.image_id not in self._pixels and self.kept_bytes + pixels.nbytes <= self._budget:
                self._pixels[image.image_id] = pixels
                self.kept_bytes += pixels.nbytes
        return pixels

    def size(self, image: Image) -> tuple[int, int]:
        """(width, height) in pixels; from the file's header where the source offers it."""
        known = self._sizes.get(image.image_id)
        if known is None:
            header = getattr(image.source, "size", None)
            known = tuple(header()) if header else self.read(image).shape[1::-1]
            with self._lock:
                self._sizes[image.image_id] = known
        return known

    def unreadable(
        self, images: Iterable[Image], *, threads: int = 2, progress: Callable[[int, int], None] | None = None
    ) -> dict[str, str]:
        """Reads all `images` once, as many as fit for good. Image id -> what is wrong, of those that fail.

        `progress` is called with the images read so far and their total.
        """
        images = list(images)

        def problem(image: Image) -> str | None:
            try:
                self.read(image)
            except InputError as error:
                return str(error)
            return None

        found = {}
        with ThreadPoolExecutor(threads) as pool:
            for done, (image, message) in enumerate(zip(images, pool.map(problem, images), strict=True), 1):
                if message is not None:
                    found[image.image_id] = message
                if progress is not None:
                    progress(done, len(images))
        return found


@dataclasses.dataclass(frozen=True)
class View:
    """Images as a network is shown them.

    size: side of its input in pixels. fill: mean color, three floats in [0, 255], outside of an image.
    """

    pictures: Pictures
    size: int
    fill: tuple[float, float, float]

    def whole(self, image: Image, mirrored: bool = False) -> np.ndarray:
        """`whole_picture` of an image. Raises `InputError` if unreadable, as do the others."""
        return whole_picture(self.pictures.read(image), self.size, mirrored)

    def window(self, image: Image, box, mirrored: bool = False) -> np.ndarray:
        """`window` of an image."""
        return window(self.pictures.read(image), box, self.size, self.fill, mirrored)

    def image_size(self, image: Image) -> tuple[int, int]:
        """(width, height) of an image in pixels."""
        return self.pictures.size(image)


def whole_picture(pixels: np.ndarray, size: int, mirrored: bool = False) -> np.ndarray:
    """A whole image at the network's input, its aspect given up.

    A plain bilinear resize without context. Pillow widens the filter where the image shrinks, so it
    averages over all pixels and does not alias, unlike `window` (our choice: whole photographs shrink
    more than objects, and R-CNN's crops stay as the rest of the library cuts them).

    Args:
      pixels: uint8 [H, W, 3].
      size: side of the result in pixels.
      mirrored: left and right swapped.

    Returns:
      float32 [size, size, 3] in [0, 255], rounded to whole numbers by Pillow.
    """
    resized = PIL.Image.fromarray(pixels).resize((size, size), PIL.Image.Resampling.BILINEAR)
    return _mirror(np.asarray(resized, np.float32), mirrored)


def window(pixels: np.ndarray, box, size: int, fill, mirrored: bool = False) -> np.ndarray:
    """A window of an image at the network's input: R-CNN's warp with its context, as `crops.warp`.

    Args:
      pixels: uint8 [H, W, 3].
      box: `xyxy` in image pixels.
      size: side of the result in pixels.
      fill: three floats in [0, 255], what lies outside the image.
      mirrored: left and right swapped.

    Returns:
      float32 [size, size, 3] in [0, 255].
    """
    return _mirror(warp(pixels, box, size, fill), mirrored)


def _mirror(pixels: np.ndarray, mirrored: bool) -> np.ndarray:
    return pixels[:, ::-1] if mirrored else pixels


def mirror_windows(windows: np.ndarray) -> np.ndarray:
    """Windows [..., 4], `xyxy` in fractions of the image, where they lie in the mirrored image."""
    x1, y1, x2, y2 = np.moveaxis(windows, -1, 0)
    return np.stack([1 - x2, y1, 1 - x1, y2], axis=-1)
