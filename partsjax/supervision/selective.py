"""Selective search: windows that follow an image's own regions (Uijlings et al. 2013), by OpenCV contrib."""

import hashlib
import io
import os
import threading
from pathlib import Path

import numpy as np
import PIL.Image

from partsjax.data.schema import Image
from partsjax.errors import InputError
from partsjax.supervision.pictures import Pictures

_VERSION = 1  # raised when `search` gives other windows; part of the name of a kept file
_LONGEST = 500  # pixels; R-CNN searches images of this width
_SMALLEST = 20  # pixels of that frame; R-CNN's smallest side


class SelectiveSearch:
    """The windows of images, searched once each (about a second) and kept. Threads may share one."""

    def __init__(self, pictures: Pictures, folder: str | os.PathLike | None = None):
        """Kept in memory, and in `folder`, where one is given, for later runs.

        Raises:
          InputError: OpenCV contrib is not installed, or the folder cannot be made.
        """
        self._pictures = pictures
        self._opencv = opencv()
        self._found: dict[str, np.ndarray] = {}
        self._folder = None if folder is None else Path(folder)
        if self._folder is not None:
            try:
                self._folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise InputError(
                    f"{folder}: cannot keep windows there ({error.strerror}); name another folder"
                ) from error

    def __call__(self, image: Image) -> np.ndarray:
        """Windows of an image, as `search`. Raises `InputError` as `Pictures.read`."""
        if image.image_id not in self._found:
            path = self._path(image)
            windows = _load(path)
            if windows is None:
                windows = search(self._pictures.read(image))
                _save(path, windows)
            self._found[image.image_id] = windows
        return self._found[image.image_id]

    def _path(self, image: Image) -> Path | None:
        if self._folder is None:
            return None
        content = f"selective search {_VERSION} {self._opencv.__version__} {image.source.digest()}"
        return self._folder / f"{hashlib.blake2b(content.encode(), digest_size=16).hexdigest()}.npz"


def search(pixels: np.ndarray) -> np.ndarray:
    """Selective search in its fast mode.

    The longer side is brought to at most 500 pixels first; a window with a side under 20 pixels there is
    dropped (both R-CNN's, which always brings the width to 500). OpenCV's ranks are drawn by chance, so
    they are given up: the windows come sorted by their coordinates, each once.

    Args:
      pixels: uint8 [H, W, 3] RGB.

    Returns:
      float64 [n, 4], `xyxy` in pixels of the image; n may be 0.

    Raises:
      InputError: OpenCV contrib is not installed.
    """
    height, width = pixels.shape[:2]
    scale = max(height, width) / _LONGEST
    if scale > 1:
        smaller = max(round(width / scale), 1), max(round(height / scale), 1)
        pixels = np.asarray(PIL.Image.fromarray(pixels).resize(smaller, PIL.Image.Resampling.BILINEAR))
    if min(pixels.shape[:2]) < _SMALLEST:
        return np.zeros((0, 4))
    searching = opencv().ximgproc.segmentation.createSelectiveSearchSegmentation()
    searching.setBaseImage(np.ascontiguousarray(pixels[..., ::-1]))  # OpenCV's order is BGR
    searching.switchToSelectiveSearchFast()
    found = np.unique(np.reshape(searching.process(), (-1, 4)), axis=0).astype(np.float64)
    found = found[found[:, 2:].min(axis=1) >= _SMALLEST]
    corners = np.concatenate([found[:, :2], found[:, :2] + found[:, 2:]], axis=1)
    return corners * np.array([width / pixels.shape[1], height / pixels.shape[0]] * 2)


def opencv():
    """OpenCV with its contributed modules, imported when first needed.

    Raises:
      InputError: it is not installed, or without selective search.
    """
    try:
        import cv2

        cv2.ximgproc.segmentation.createSelectiveSearchSegmentation  # noqa: B018
    except (ImportError, AttributeError) as error:
        raise InputError(
            "selective search needs OpenCV contrib, which is not here; "
            "pip install 'partsjax[selective]', or ask for windows that need no search"
        ) from error
    return cv2


def _load(path: Path | None) -> np.ndarray | None:
    """What was kept, or None: a file that is not whole counts as none."""
    if path is None:
        return None
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            windows = file["windows"]
    except Exception:  # zipfile, zlib and NumPy raise almost anything on a damaged file
        return None
    return windows if windows.ndim == 2 and windows.shape[1] == 4 else None


def _save(path: Path | None, windows: np.ndarray) -> None:
    if path is None:
        return
    part = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        with open(part, "wb") as file:
            np.savez_compressed(file, windows=windows)
        os.replace(part, path)
    except OSError as error:
        raise InputError(
            f"{path}: cannot be written ({error.strerror}); make room or fix permissions"
        ) from error
