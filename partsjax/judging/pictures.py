"""Pictures as files of a study, each once, under names that say nothing but what they hold."""

import hashlib
import io
from pathlib import Path

import numpy as np
from PIL import Image

_QUALITY = 75


class PictureFolder:
    """A folder of pictures; several threads may add to it.

    side: of pictures, in pixels (our choice): 12,800 of them, a large study, take some 200 MB.
    """

    side = 384

    def __init__(self, folder: Path):
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def keep(self, picture: np.ndarray) -> str:
        """Keeps a picture, uint8 [S, S, 3], and gives its file's name: the same for the same picture."""
        encoded = io.BytesIO()
        Image.fromarray(picture).save(encoded, "webp", quality=_QUALITY, method=2)
        content = encoded.getvalue()
        name = f"{hashlib.sha256(content).hexdigest()[:20]}.webp"
        if not (self._folder / name).exists():
            (self._folder / name).write_bytes(content)
        return name
