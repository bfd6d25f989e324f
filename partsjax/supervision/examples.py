"""What is to be learned from one split of a dataset: objects with their boxes, and image-level labels."""

import collections
import dataclasses
from collections.abc import Collection

import numpy as np
from scipy.stats.qmc import Halton

from partsjax.data.dataset import Dataset
from partsjax.data.schema import Image
from partsjax.errors import InputError
from partsjax.supervision.pictures import Pictures


@dataclasses.dataclass(frozen=True)
class ImageTruth:
    """What I images show, for metrics of labels and of localization.

    labels: bool [I, C], which classes an image shows.
    boxes: for each image float32 [n, 4], its objects' `xyxy` as fractions of its width and height.
    box_classes: for each image int [n], the objects' classes.
    """

    labels: np.ndarray
    boxes: tuple[np.ndarray, ...]
    box_classes: tuple[np.ndarray, ...]


@dataclasses.dataclass(frozen=True)
class Examples:
    """One split of a dataset as something to learn.

    dataset: the dataset's name, for error messages.
    split: one of `schema.SPLITS`.
    classes: C names; a class's number is its place here.
    images: the I images of the split, in the dataset's order.
    labels: bool [I, C], which classes have an object in the image. Nothing else goes into them.
    boxes: for each image float64 [n, 4], its objects' `xyxy` in pixels.
    box_classes: for each image int [n], the objects' classes.
    notes: what the user should know, one line each.
    """

    dataset: str
    split: str
    classes: tuple[str, ...]
    images: tuple[Image, ...]
    labels: np.ndarray
    boxes: tuple[np.ndarray, ...]
    box_classes: tuple[np.ndarray, ...]
    notes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.images)

    def without(self, image_ids: Collection[str]) -> "Examples":
        """The same without some images, such as unreadable ones; checked again as `gather` does."""
        kept = [image for image in self.images if image.image_id not in image_ids]
        return _examples(self.dataset, self.split, self.classes, kept)

    def truth(self, pictures: Pictures) -> ImageTruth:
        """The split's truth with boxes as fractions; asks `pictures` for the images' sizes."""
        sides = (np.array(pictures.size(image) * 2, np.float64) for image in self.images)
        fractions = (boxes / side for boxes, side in zip(self.boxes, sides, strict=True))
        return ImageTruth(self.labels, tuple(f.astype(np.float32) for f in fractions), self.box_classes)


def gather(dataset: Dataset, split: str, *, limit: int | None = None) -> Examples:
    """The examples of a split; classes are those of `dataset.parts`, in its order.

    A label comes from the objects' classes alone. Images without an object of these classes stay: they
    are negatives. A training class with one image, or a validation class with none, is noted.

    Args:
      split: one of `schema.SPLITS`.
      limit: at most about this many objects per class, evenly spread: images are visited in an order of
        which every beginning is spread over the split (van der Corput's), and one is kept, with all its
        objects, while a class it shows has fewer objects so far.

    Raises:
      InputError: no image of the split has a label, or a class has no training image; both name a fix.
    """
    classes = tuple(dataset.parts)
    images = [image for image in dataset.images if image.split == split]
    return _examples(dataset.name, split, classes, _limited(images, classes, limit))


def _limited(images: list[Image], classes: tuple[str, ...], limit: int | None) -> list[Image]:
    """The images that `gather` keeps, in their order."""
    if limit is None or not images:
        return images
    kept, seen = [], collections.Counter()
    places = Halton(1, scramble=False).random(len(images) + 1)[1:, 0]  # 1/2, 1/4, 3/4, 1/8, ...
    for i in np.argsort(np.argsort(places)):
        shown = [o.object_class for o in images[i].objects if o.object_class in classes]
        if any(seen[name] < limit for name in shown):
            seen.update(shown)
            kept.append(i)
    return [images[i] for i in sorted(kept)]


def _examples(dataset: str, split: str, classes: tuple[str, ...], images: list[Image]) -> Examples:
    number = {name: i for i, name in enumerate(classes)}
    objects = [[o for o in image.objects if o.object_class in number] for image in images]
    labels = np.zeros((len(images), len(classes)), bool)
    for row, found in zip(labels, objects, strict=True):
        row[[number[o.object_class] for o in found]] = True
    return Examples(
        dataset=dataset,
        split=split,
        classes=classes,
        images=tuple(images),
        labels=labels,
        boxes=tuple(np.array([o.box for o in found], np.float64).reshape(-1, 4) for found in objects),
        box_classes=tuple(np.array([number[o.object_class] for o in found], np.int64) for found in objects),
        notes=_check(dataset, split, classes, labels),
    )


def _check(dataset: str, split: str, classes: tuple[str, ...], labels: np.ndarray) -> tuple[str, ...]:
    """The notes; raises where there is nothing to learn or to judge by."""
    if not labels.any():
        raise InputError(
            f"{dataset}: no {split} image has a label of {', '.join(classes)}; "
            f"labels come from object annotations, so add objects to the {split} images"
        )
    notes = []
    for name, count in zip(classes, labels.sum(axis=0), strict=True):
        if not count and split == "train":
            raise InputError(
                f"{dataset}: class {name!r} has no train image, so it cannot be learned; "
                f"add one or leave it out of --classes"
            )
        if not count:
            notes.append(f"class {name!r} has no {split} image: no metric for it")
        elif count == 1 and split == "train":
            notes.append(f"class {name!r} has one train image: expect it to be memorized")
    return tuple(notes)
