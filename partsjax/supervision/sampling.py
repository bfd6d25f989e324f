"""Training batches: which examples per step sees. A batch is a pure function of (seed, step).

Every example of a batch has a stream of random numbers of its own, keyed by (seed, step, place in the
batch). So a run resumes at any step, threads may ask in any order, and hosts may make shares of a batch.
"""

import dataclasses
import functools
from collections.abc import Callable, Mapping

import numpy as np

from partsjax.data.schema import Image
from partsjax.supervision import proposals
from partsjax.supervision.examples import Examples
from partsjax.supervision.pictures import Pictures, View, mirror_windows

TrainingBatch = dict[str, np.ndarray]
Sampler = Callable[[int], TrainingBatch]
WindowSearch = Callable[[Image], np.ndarray]
"""The windows of an image, float64 [n, 4] in pixels, such as `selective.SelectiveSearch`."""

FOREGROUND_EVERY = 4
"""One window in four shows an object (R-CNN)."""


def stream(*key: int) -> np.random.Generator:
    """The random numbers that belong to a key of non-negative integers."""
    return np.random.default_rng(key)


def stack(examples: list[Mapping[str, np.ndarray]]) -> TrainingBatch:
    """Examples as one batch: each value gets a leading axis."""
    return {name: np.stack([example[name] for example in examples]) for name in examples[0]}


@dataclasses.dataclass(frozen=True)
class Draw:
    """Which image or object an example shows: every class as often, or each as often as any other.

    `places` are one array [n, ...] per class if balanced, else one array for all.
    """

    places: tuple[np.ndarray, ...]

    def __call__(self, draws: np.random.Generator) -> np.ndarray:
        """One entry of the arrays."""
        return draws.choice(self.places[draws.integers(len(self.places))])


def images_drawn(examples: Examples, balanced: bool) -> Draw:
    """Draws image numbers: of a class drawn first, or of all images, negatives included."""
    if not balanced:
        return Draw((np.arange(len(examples)),))
    return Draw(tuple(np.flatnonzero(column) for column in examples.labels.T))


def objects_drawn(examples: Examples, balanced: bool) -> Draw:
    """Draws objects, (image number, number in the image): of a class drawn first, or of all objects."""
    every = np.array([(i, o) for i, those in enumerate(examples.box_classes) for o in range(len(those))])
    if not balanced:
        return Draw((every,))
    classes = np.concatenate(examples.box_classes)
    return Draw(tuple(every[classes == number] for number in range(len(examples.classes))))


@dataclasses.dataclass(frozen=True)
class ObjectWindows:
    """R-CNN's recipe: windows labeled by their IoU with objects, a quarter of them foreground.

    Every fourth example, from the first, is a window that shows an object drawn by class, the others are
    background of an image drawn by class; mirrored half of the time. Without a `search` a foreground
    window is jittered around its object (`proposals.jittered`) and background is drawn by
    `proposals.background`; with one they are picked among the image's windows and its objects' boxes, and
    background by `proposals.background` only where all windows show objects.

    A batch: "pixels" float32 [B, S, S, 3] in [0, 255], "labels" int32 [B] in [0, C], C being background.
    Raises `InputError` when an image cannot be read.

    Attributes:
      balanced: classes are drawn before objects and images.
      rows: of the batch, those that are made, as by one of several processes; None: all.
    """

    examples: Examples
    view: View
    batch_size: int
    seed: int
    balanced: bool = True
    search: WindowSearch | None = None
    rows: range | None = None

    def __call__(self, step: int) -> TrainingBatch:
        return stack([self._example(step, place) for place in self.rows or range(self.batch_size)])

    @functools.cached_property
    def _objects(self) -> Draw:
        return objects_drawn(self.examples, self.balanced)

    @functools.cached_property
    def _images(self) -> Draw:
        return images_drawn(self.examples, self.balanced)

    def _example(self, step: int, place: int) -> TrainingBatch:
        draws = stream(self.seed, step, place)
        if place % FOREGROUND_EVERY == 0:
            image, number = self._objects(draws)
            box = self._foreground(draws, image, number)
        else:
            image = self._images(draws)
            box = self._background(draws, image)
        boxes, classes = self.examples.boxes[image], self.examples.box_classes[image]
        label = proposals.assign(box[None], boxes, classes, len(self.examples.classes))[0]
        pixels = self.view.window(self.examples.images[image], box, mirrored=draws.random() < 0.5)
        return {"pixels": pixels, "labels": label}

    def _foreground(self, draws: np.random.Generator, image: int, number: int) -> np.ndarray:
        source, boxes = self.examples.images[image], self.examples.boxes[image]
        if self.search is None:
            return proposals.jittered(draws, boxes, number, self.view.image_size(source))
        return draws.choice(proposals.around(self.search(source), boxes, number))

    def _background(self, draws: np.random.Generator, image: int) -> np.ndarray:
        source, boxes = self.examples.images[image], self.examples.boxes[image]
        found = None
        if self.search is not None:
            found = proposals.pick_background(draws, self.search(source), boxes)
        return proposals.background(draws, boxes, self.view.image_size(source)) if found is None else found


@dataclasses.dataclass(frozen=True)
class WindowsOfImage:
    """Candidate windows of a whole image, as many for each: random ones, or a `search`'s.

    Of a search that found more than `count`, as many are drawn without return, else all of them, the
    rest not valid. Windows are float32 [R, 4], `xyxy` as fractions of the image; not valid ones are 0.
    """

    pictures: Pictures
    count: int = 200
    search: WindowSearch | None = None

    def __call__(self, draws: np.random.Generator, image: Image) -> TrainingBatch:
        """{"windows": float32 [R, 4], "valid": bool [R]} of an image. Raises `InputError` if unreadable."""
        size = self.pictures.size(image)
        if self.search is None:
            found = proposals.random(draws, self.count, size)
        else:
            found = self.search(image)
            found = found[np.sort(draws.permutation(len(found))[: self.count])]
        windows, valid = np.zeros((self.count, 4), np.float32), np.arange(self.count) < len(found)
        windows[valid] = found / np.array(size * 2)
        return {"windows": windows, "valid": valid}


@dataclasses.dataclass(frozen=True)
class WholeImages:
    """Whole images with their image-level labels, mirrored half of the time; boxes are never looked at.

    A batch: "pixels" float32 [B, S, S, 3] in [0, 255], "labels" bool [B, C]; with `windows` also
    "windows" float32 [B, R, 4] and "valid" bool [B, R] as `WindowsOfImage` gives them, mirrored as the
    image is. Raises `InputError` when an image cannot be read.

    Attributes:
      balanced: a class is drawn before one of its images.
      rows: as of `ObjectWindows`.
    """

    examples: Examples
    view: View
    batch_size: int
    seed: int
    balanced: bool = True
    windows: WindowsOfImage | None = None
    rows: range | None = None

    def __call__(self, step: int) -> TrainingBatch:
        return stack([self._example(step, place) for place in self.rows or range(self.batch_size)])

    @functools.cached_property
    def _images(self) -> Draw:
        return images_drawn(self.examples, self.balanced)

    def _example(self, step: int, place: int) -> TrainingBatch:
        draws = stream(self.seed, step, place)
        number = self._images(draws)
        return image_example(self.examples, number, self.view, draws, self.windows, draws.random() < 0.5)


def image_example(
    examples: Examples,
    number: int,
    view: View,
    draws: np.random.Generator,
    windows: WindowsOfImage | None,
    mirrored: bool,
) -> TrainingBatch:
    """One whole image of `examples` as `WholeImages` describes it, without the leading axis."""
    image = examples.images[number]
    example = {"pixels": view.whole(image, mirrored), "labels": examples.labels[number]}
    if windows is not None:
        example |= windows(draws, image)
        if mirrored:
            example["windows"] = np.where(
                example["valid"][:, None], mirror_windows(example["windows"]), example["windows"]
            )
    return example
