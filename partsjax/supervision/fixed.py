"""Validation sets: the same examples in the same order each time, in batches of one size."""

import dataclasses
import functools

import numpy as np

from partsjax.data.spread import spread
from partsjax.supervision import proposals
from partsjax.supervision.examples import Examples, ImageTruth
from partsjax.supervision.pictures import View
from partsjax.supervision.sampling import (
    FOREGROUND_EVERY,
    TrainingBatch,
    WindowsOfImage,
    image_example,
    stack,
    stream,
)

_FIXED = 1 << 62  # where a training step's number stands in the key of a stream; no run gets there


@dataclasses.dataclass(frozen=True)
class FixedWindows:
    """A window of every object, jittered around it, and then three times as many of background.

    That is training's ratio: scores that have learned how common background is would be judged wrongly by any
    other.

    The laws are those of `sampling.ObjectWindows` without a search, whatever training used, so that runs
    are judged alike; nothing is mirrored. The background windows go through the objects' images in the
    same order, again and again.

    Called with a batch's number it gives "pixels" float32 [B, S, S, 3] in [0, 255], "labels" int32 [B]
    (C: background) and "count", int32, how many rows count: the rest of the last batch is zero.

    Attributes:
      seed: of the windows; not the training's, so that several runs are judged by one set.
      limit: at most this many objects, evenly spread over all.
      rows: of each batch, those that are made, as by one of several processes; None: all. "count" is of all.
    """

    examples: Examples
    view: View
    batch_size: int
    seed: int = 0
    limit: int | None = None
    rows: range | None = None

    def __len__(self) -> int:
        """How many batches there are."""
        return -(-len(self.truth) // self.batch_size)

    def __call__(self, batch: int) -> TrainingBatch:
        """Raises `InputError` when an image cannot be read."""

        def example(place: int) -> TrainingBatch:
            image, box = self._places[place]
            return {"pixels": self.view.window(self.examples.images[image], box), "labels": self.truth[place]}

        return _padded(example, self, batch, len(self.truth))

    @functools.cached_property
    def truth(self) -> np.ndarray:
        """int32 [N], the labels of all windows."""
        boxes, classes = self.examples.boxes, self.examples.box_classes
        background = len(self.examples.classes)
        return np.array(
            [proposals.assign(box[None], boxes[i], classes[i], background)[0] for i, box in self._places],
            np.int32,
        )

    @functools.cached_property
    def _places(self) -> list[tuple[int, np.ndarray]]:
        objects = [(i, o) for i, those in enumerate(self.examples.boxes) for o in range(len(those))]
        objects = [objects[i] for i in spread(len(objects), self.limit)]
        places = []
        for place, (image, number) in enumerate(objects):
            draws, size = stream(self.seed, _FIXED, place), self.view.image_size(self.examples.images[image])
            places.append((image, proposals.jittered(draws, self.examples.boxes[image], number, size)))
        for place, (image, _) in enumerate(objects * (FOREGROUND_EVERY - 1), len(objects)):
            draws, size = stream(self.seed, _FIXED, place), self.view.image_size(self.examples.images[image])
            places.append((image, proposals.background(draws, self.examples.boxes[image], size)))
        return places


@dataclasses.dataclass(frozen=True)
class FixedImages:
    """Every image whole, not mirrored.

    Called with a batch's number it gives "pixels" float32 [B, S, S, 3] in [0, 255], "labels" bool [B, C],
    with `windows` also "windows" float32 [B, R, 4] and "valid" bool [B, R], and "count", int32, how many
    rows count: the rest of the last batch is zero.

    Attributes:
      seed: of the windows.
      limit: at most this many images, evenly spread over all.
      rows: as of `FixedWindows`.
    """

    examples: Examples
    view: View
    batch_size: int
    windows: WindowsOfImage | None = None
    seed: int = 0
    limit: int | None = None
    rows: range | None = None

    def __len__(self) -> int:
        """How many batches there are."""
        return -(-len(self._numbers) // self.batch_size)

    def __call__(self, batch: int) -> TrainingBatch:
        """Raises `InputError` when an image cannot be read."""

        def example(place: int) -> TrainingBatch:
            draws = stream(self.seed, _FIXED, place)
            number = self._numbers[place]
            return image_example(self.examples, number, self.view, draws, self.windows, mirrored=False)

        return _padded(example, self, batch, len(self._numbers))

    @functools.cached_property
    def truth(self) -> ImageTruth:
        """The images' labels and their objects' boxes, in the order of the examples."""
        whole = self.examples.truth(self.view.pictures)
        return ImageTruth(
            whole.labels[self._numbers],
            tuple(whole.boxes[i] for i in self._numbers),
            tuple(whole.box_classes[i] for i in self._numbers),
        )

    @functools.cached_property
    def _numbers(self) -> np.ndarray:
        return spread(len(self.examples), self.limit)


def _padded(example, kind: FixedWindows | FixedImages, batch: int, total: int) -> TrainingBatch:
    """The rows of one batch, and how many of all its rows count; the others are zero."""
    first, rows = batch * kind.batch_size, kind.rows or range(kind.batch_size)
    count = min(kind.batch_size, total - first)
    shown = [example(first + row) for row in rows if row < count]
    stacked = stack(shown or [example(first)])  # of no row of these that counts: for the shapes
    padded = {
        name: np.zeros((len(rows), *values.shape[1:]), values.dtype) for name, values in stacked.items()
    }
    for name, values in padded.items():
        values[: len(shown)] = stacked[name][: len(shown)]
    return padded | {"count": np.int32(count)}
