"""Small pictures of crops for a report's pages."""

import collections
import concurrent.futures
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import numpy as np
from PIL import Image

from partsjax.data.crops import Crops, warp
from partsjax.reporting import report

PICTURE = 128  # side of the small pictures, in pixels


class OfCrops(Protocol):
    """A stage that has been through a class's crops."""

    crops: Crops

    def readable(self) -> tuple[np.ndarray, list[str]]:
        """Which crops could be read, bool [N], and what was wrong with the others."""


class Gallery:
    """Small pictures of crops, of which only those asked for are drawn."""

    def __init__(self, stages: Mapping[str, OfCrops]):
        """`stages`: of each class; crops are numbered among the readable ones."""
        self._crops: dict[str, Crops] = {name: stage.crops for name, stage in stages.items()}
        self._readable = {name: np.flatnonzero(stage.readable()[0]) for name, stage in stages.items()}
        self.asked: dict[tuple[str, int], str] = {}

    def shown(self, object_class: str, crop: int, box, filter_: int, score: float, **more) -> report.Shown:
        """A detection on one of the class's readable crops; box: `xyxy` in crop pixels."""
        crops, number = self._crops[object_class], int(self._readable[object_class][crop])
        name = crops.ids[number]
        digest = hashlib.sha256(f"{object_class}\0{name}".encode()).hexdigest()
        picture = self.asked.setdefault((object_class, number), f"crops/{digest[:16]}.webp")
        return report.Shown(
            picture, name, object_class, self._fractions(box, crops.size), filter_, float(score), **more
        )

    def truth(self, object_class: str, part: int, crop: int) -> tuple[report.records.Box, ...]:
        crops, number = self._crops[object_class], int(self._readable[object_class][crop])
        boxes = crops.truth.boxes[:, part, crops.truth.valid[part, :, number], number]
        return tuple(self._fractions(box, crops.size) for box in boxes.T)

    @staticmethod
    def _fractions(box, size: int) -> report.records.Box:
        return tuple(round(float(v) / size, 4) for v in box)

    def draw(self, folder: Path, threads: int, advance) -> None:
        """Draws all pictures asked for into `folder`; an image is read once."""
        (folder / "crops").mkdir(parents=True)
        by_image = collections.defaultdict(list)
        for (object_class, number), picture in self.asked.items():
            crops = self._crops[object_class]
            image = crops.images[crops.image_index[number]]
            by_image[image.image_id].append((image, crops.object_boxes[number], folder / picture))

        def draw(jobs) -> int:
            pixels = jobs[0][0].source.read()
            mean = pixels.mean(axis=(0, 1))
            for _, box, path in jobs:
                # Warped at twice the size and halved: the warp itself does not smooth.
                crop = warp(pixels, box, 2 * PICTURE, mean).round().astype(np.uint8)
                small = Image.fromarray(crop).resize((PICTURE, PICTURE), Image.Resampling.BOX)
                small.save(path, quality=70, method=2)
            return len(jobs)

        with concurrent.futures.ThreadPoolExecutor(max_workers=threads) as pool:
            for count in pool.map(draw, by_image.values()):
                advance(count)
