"""Small pictures of crops for a report's pages."""

import collections
import concurrent.futures
import hashlib
import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from partsjax.data.crops import Crops, warp
from partsjax.data.views import view
from partsjax.reporting import report

PICTURE = 128  # side of the small pictures, in pixels
_WEBP = {"format": "webp", "quality": 70, "method": 2}


class Gallery:
    """Small pictures of crops, of which only those asked for are drawn."""

    def __init__(self, crops: Mapping[str, Crops], readable: Mapping[str, np.ndarray]):
        """By class, its crops and which of them could be read, bool [N]; they are numbered among those."""
        self._crops = crops
        self._readable = {name: np.flatnonzero(ok) for name, ok in readable.items()}
        self.asked: dict[tuple[str, int] | tuple[str, int, str], str] = {}
        self._black: dict[str, tuple[np.ndarray, tuple[float, float, float]]] = {}

    def shown(self, object_class: str, crop: int, box, filter_: int, score: float, **more) -> report.Shown:
        """A detection on one of the class's readable crops; box: `xyxy` in crop pixels."""
        crops, number = self._crops[object_class], int(self._readable[object_class][crop])
        return report.Shown(
            self.picture(object_class, crop),
            crops.ids[number],
            object_class,
            self._fractions(box, crops.size),
            filter_,
            float(score),
            **more,
        )

    def picture(self, object_class: str, crop: int) -> str:
        """Where the picture of one of the class's readable crops will be."""
        number = int(self._readable[object_class][crop])
        return self.asked.setdefault((object_class, number), self._path(object_class, number))

    def blacked(self, object_class: str, crop: int, part: str, mask: np.ndarray, fill) -> str:
        """Where the picture of a crop with some pixels replaced by the color `fill` will be.

        part: whose they are, or any other name that no other mask of the crop has. mask: bool [S, S].
        """
        number = int(self._readable[object_class][crop])
        picture = self.asked.setdefault(
            (object_class, number, part), self._path(object_class, number, f"\0{part}")
        )
        self._black[picture] = mask, fill
        return picture

    def name(self, object_class: str, crop: int) -> str:
        """What a readable crop is called."""
        return self._crops[object_class].ids[int(self._readable[object_class][crop])]

    def _path(self, object_class: str, number: int, more: str = "") -> str:
        name = self._crops[object_class].ids[number]
        digest = hashlib.sha256(f"{object_class}\0{name}{more}".encode()).hexdigest()
        return f"crops/{digest[:16]}.webp"

    def truth(self, object_class: str, part: int, crop: int) -> tuple[report.records.FractionBox, ...]:
        crops, number = self._crops[object_class], int(self._readable[object_class][crop])
        boxes = crops.truth.boxes[:, part, crops.truth.valid[part, :, number], number]
        return tuple(self._fractions(box, crops.size) for box in boxes.T)

    @staticmethod
    def _fractions(box, size: int) -> report.records.FractionBox:
        return tuple(round(float(v) / size, 4) for v in box)

    def draw(self, folder: Path, threads: int, advance) -> None:
        """Draws all pictures asked for into `folder`; an image is read once."""
        (folder / "crops").mkdir(parents=True)
        by_image = collections.defaultdict(list)
        for (object_class, number, *_), picture in self.asked.items():
            crops = self._crops[object_class]
            image = crops.images[crops.image_index[number]]
            by_image[image.image_id].append((image, crops, number, picture))

        def draw(jobs) -> int:
            pixels = jobs[0][0].source.read()
            mean = _mean(pixels)
            for _, crops, number, picture in jobs:
                box = crops.object_boxes[number]
                drawn = (
                    _blacked(warp(pixels, box, crops.size, self._black[picture][1]), *self._black[picture])
                    if picture in self._black
                    else Image.fromarray(view(pixels, box, crops.size, PICTURE, mean))
                )
                drawn.save(folder / picture, **_WEBP)
            return len(jobs)

        with concurrent.futures.ThreadPoolExecutor(max_workers=threads) as pool:
            for count in pool.map(draw, by_image.values()):
                advance(count)


def small_picture(crops: Crops, number: int) -> bytes:
    """A crop as the gallery draws it, in WebP.

    Raises:
      InputError: its image cannot be read any more.
    """
    pixels = crops.images[crops.image_index[number]].source.read()
    drawn = view(pixels, crops.object_boxes[number], crops.size, PICTURE, _mean(pixels))
    content = io.BytesIO()
    Image.fromarray(drawn).save(content, **_WEBP)
    return content.getvalue()


def _mean(pixels: np.ndarray) -> np.ndarray:
    """In whole numbers: NumPy's own takes longer than decoding."""
    return pixels.sum(axis=0, dtype=np.uint32).sum(axis=0) / (pixels.shape[0] * pixels.shape[1])


def _blacked(crop: np.ndarray, mask: np.ndarray, fill) -> Image.Image:
    """What the network saw: the crop at its own size, float32 [S, S, 3], with a part replaced by `fill`."""
    black = np.where(mask[..., None], np.asarray(fill, np.float32), crop).round().astype(np.uint8)
    return Image.fromarray(black).resize((PICTURE, PICTURE), Image.Resampling.BILINEAR)
