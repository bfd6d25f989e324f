r"""A dataset many times over: as many objects as one likes, where there are only so many photographs.

  python -m experiments.emergence --dataset=benchmarks.repeated:repeated --data_dir=DIR \
      --reader_option=times=20

Every copy of an image has an id and a digest of its own, so that nothing is taken for a duplicate, and
nothing is computed once for all copies. Its figures say how cost grows, and nothing about parts: copies are
not independent.
"""

import dataclasses

from partsjax.data.dataset import Dataset
from partsjax.data.loading import load_dataset
from partsjax.data.schema import ImageSource


@dataclasses.dataclass(frozen=True)
class _Copy:
    """An image's pixels under another digest; an `ImageSource`."""

    source: ImageSource
    number: int

    @property
    def label(self) -> str:
        return f"{self.source.label}, copy {self.number}"

    def read(self):
        return self.source.read()

    def size(self) -> tuple[int, int]:
        return self.source.size()

    def digest(self) -> str:
        return f"{self.source.digest()}-{self.number}"


def repeated(
    data_dir: str | None = None, classes=None, seed: int = 0, *, of: str = "coco_parts", times: int = 20
) -> Dataset:
    """The dataset `of` that name, all its images `times` times, each copy in the split of its original."""
    once = load_dataset(of, data_dir, classes=classes, seed=seed, progress=False)
    images = tuple(
        dataclasses.replace(image, image_id=f"{image.image_id}~{copy}", source=_Copy(image.source, copy))
        for copy in range(times)
        for image in once.images
    )
    return Dataset(images, once.parts, f"{once.name}, {times} times", once.notes)
