"""Batches of crops, decoded and warped on host threads while the network runs."""

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np

from partsjax.data.crops import Crops, warp
from partsjax.data.prefetch import prefetch
from partsjax.errors import InputError


@dataclasses.dataclass(frozen=True)
class CropBatch:
    """Crops on their way to the network.

    pixels: float32 [B, S, S, 3] in [0, 255]; always B long, the rest of the last one is zero.
    index: int [n], the crop each of the first n rows shows.
    readable: bool [n], false where the image could not be read and the pixels mean nothing.
    problems: what was wrong with the unreadable ones, a line each.
    """

    pixels: np.ndarray
    index: np.ndarray
    readable: np.ndarray
    problems: tuple[str, ...]


class _Filling:
    """A batch being filled."""

    def __init__(self, batch_size: int, side: int):
        self.pixels = np.zeros((batch_size, side, side, 3), np.float32)
        self.index, self.readable, self.problems = [], [], {}

    def add(self, number: int, crop: np.ndarray | None, problem: str | None):
        if crop is not None:
            self.pixels[len(self.index)] = crop
        if problem:
            self.problems[problem] = None
        self.index.append(number)
        self.readable.append(crop is not None)

    def batch(self) -> CropBatch:
        return CropBatch(self.pixels, np.array(self.index), np.array(self.readable), tuple(self.problems))


def _jobs(crops: Crops, index: np.ndarray) -> list[np.ndarray]:
    """Crop numbers grouped by image, so that each image is decoded once."""
    borders = np.flatnonzero(np.diff(crops.image_index[index])) + 1
    return np.split(index, borders)


def batches(
    crops: Crops,
    shards: Sequence[np.ndarray],
    batch_size: int,
    fill,
    *,
    threads: int = 2,
    skip_bad: bool = False,
) -> Iterator[CropBatch]:
    """Crops in batches of one fixed size, shard after shard; a batch never crosses shards.

    Args:
      crops: the crops to read.
      shards: int arrays of crop numbers in rising order.
      fill: mean color, three floats in [0, 255].
      threads: host threads that decode and warp ahead of the network.
      skip_bad: report an unreadable image in `Batch.problems` instead of raising.

    Raises:
      InputError: an image cannot be read and `skip_bad` is not set.
    """
    jobs = [(shard, job) for shard, index in enumerate(shards) for job in _jobs(crops, index)]

    def load(job: tuple[int, np.ndarray]):
        shard, index = job
        source = crops.images[crops.image_index[index[0]]].source
        try:
            image = source.read()
        except InputError as error:
            return shard, index, [None] * len(index), str(error)
        pixels = [warp(image, crops.object_boxes[i], crops.size, fill) for i in index]
        return shard, index, pixels, None

    filling, current = _Filling(batch_size, crops.size), 0
    for shard, numbers, warped, problem in prefetch(load, jobs, threads, 4 * batch_size):
        if problem and not skip_bad:
            raise InputError(f"{problem} (or --skip_bad to go on without it)")
        if shard != current and filling.index:
            yield filling.batch()
            filling = _Filling(batch_size, crops.size)
        current = shard
        for number, crop in zip(numbers, warped, strict=True):
            filling.add(number, crop, problem)
            if len(filling.index) == batch_size:
                yield filling.batch()
                filling = _Filling(batch_size, crops.size)
    if filling.index:
        yield filling.batch()
