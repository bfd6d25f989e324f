"""Small examples in memory for the tests of what feeds training."""

import dataclasses

import numpy as np

from partsjax.data.dataset import Dataset
from partsjax.data.schema import Image, Object
from partsjax.errors import InputError
from partsjax.supervision.examples import gather


@dataclasses.dataclass(frozen=True)
class Painted:
    """An image of one size whose red is its number and whose green rises from left to right."""

    number: int
    width: int = 60
    height: int = 40

    label = property(lambda self: f"painted {self.number}")

    def read(self) -> np.ndarray:
        pixels = np.zeros((self.height, self.width, 3), np.uint8)
        pixels[..., 0] = self.number
        pixels[..., 1] = np.arange(self.width) * 255 // self.width
        return pixels

    def digest(self) -> str:
        return f"painted {self.number} {self.width} {self.height}"


class Broken:
    """An image that cannot be read."""

    label = "broken.jpg"

    def read(self):
        raise InputError("broken.jpg: cut off or damaged; replace it")

    def digest(self):
        return "broken"


def image(number: int, *objects: tuple[str, tuple], split: str = "train", source=None) -> Image:
    """Image `number` with objects given as (class, box)."""
    found = tuple(Object(name, box, ()) for name, box in objects)
    return Image(f"{split}-{number}", split, source or Painted(number), found)


def dataset(*images: Image, classes=("dog", "cat")) -> Dataset:
    return Dataset(images, {name: ("ear",) for name in classes}, "painted")


def unbalanced(dogs: int = 9):
    """Examples of both splits: `dogs` dogs to one cat, two objects in every third image, one negative."""
    both = []
    for split in ("train", "val"):
        for i in range(dogs):
            second = [("dog", (40.0, 20.0, 58.0, 39.0))] * (i % 3 == 0)
            both.append(image(i, ("dog", (5.0, 5.0, 30.0, 30.0)), *second, split=split))
        both.append(image(100, ("cat", (20.0, 10.0, 50.0, 35.0)), split=split))
        both.append(image(200, split=split))
    data = dataset(*both)
    return gather(data, "train"), gather(data, "val")
