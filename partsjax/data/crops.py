"""Crops: one object in its context, warped to the network's input, and its parts in that frame."""

import dataclasses
import functools
import hashlib
import itertools
from collections.abc import Mapping

import numpy as np

from partsjax.data.dataset import Dataset
from partsjax.data.schema import Image, Object, Part
from partsjax.data.spread import spread

CONTEXT = 16  # pixels of context on each side, at the crop's scale (R-CNN)


@dataclasses.dataclass(frozen=True)
class Truth:
    """Ground-truth part boxes of N crops, padded to G instances a part.

    boxes: float32 [4, P, G, N], `xyxy` in crop pixels.
    valid: bool [P, G, N], which of them exist.
    difficult: bool [P, G, N], which of those are neither right nor wrong to find.
    """

    boxes: np.ndarray
    valid: np.ndarray
    difficult: np.ndarray

    @property
    def positives(self) -> np.ndarray:
        """int [P]: boxes to be found, the difficult ones not counted."""
        return self.in_crops.sum(axis=1)

    @property
    def in_crops(self) -> np.ndarray:
        """int [P, N]: the same in each crop."""
        return (self.valid & ~self.difficult).sum(axis=1)

    def select(self, keep: np.ndarray) -> "Truth":
        """The truth of some crops, by index or bool mask over N."""
        return Truth(self.boxes[..., keep], self.valid[..., keep], self.difficult[..., keep])


@dataclasses.dataclass(frozen=True)
class Crops:
    """All crops of one object class in one split, in the order of the dataset.

    images: the images they come from; image_index: int [N], which one each comes from.
    ids: unique names, image id and the object's number within it.
    objects: the object each one shows, its parts as they are in the image.
    """

    object_class: str
    split: str
    parts: tuple[str, ...]
    size: int
    images: tuple[Image, ...]
    image_index: np.ndarray
    ids: tuple[str, ...]
    objects: tuple[Object, ...]
    truth: Truth

    def __len__(self) -> int:
        return len(self.ids)

    def select(self, keep: np.ndarray) -> "Crops":
        """Some of the crops, by index or bool mask over N."""
        index = np.arange(len(self))[keep]
        return dataclasses.replace(
            self,
            image_index=self.image_index[index],
            ids=tuple(self.ids[i] for i in index),
            objects=tuple(self.objects[i] for i in index),
            truth=self.truth.select(index),
        )

    @functools.cached_property
    def object_boxes(self) -> np.ndarray:
        """float64 [N, 4], `xyxy` in image pixels."""
        return np.array([found.box for found in self.objects], np.float64).reshape(-1, 4)

    @functools.cached_property
    def image_sizes(self) -> np.ndarray:
        """float64 [N, 2], width and height of each crop's image in pixels; NaN where `Image.size` is None."""
        sizes = [image.size or (np.nan, np.nan) for image in self.images]
        return np.array(sizes, np.float64).reshape(-1, 2)[self.image_index]

    @functools.cached_property
    def bare_objects(self) -> tuple[Object, ...]:
        """The objects without their parts."""
        return tuple(dataclasses.replace(found, parts=()) for found in self.objects)

    def part_masks(self, number: int, part: str) -> np.ndarray:
        """The instances of a part in one crop, in the order of `truth`: bool [G, size, size].

        See `pixels_of`; `Part.mask` is None where there is no mask.
        """
        found = self.objects[number]
        masks = [pixels_of(p, found.box, self.size) for p in found.parts if p.name == part]
        return np.array(masks, bool).reshape(-1, self.size, self.size)


def source_window(object_box, size: int) -> np.ndarray:
    """The part of the image a crop shows: float64 `xyxy`, possibly reaching outside the image.

    The object's box scaled about its center by size / (size - 2·16) on each axis, so that 16
    pixels of context surround it in the crop (R-CNN's warp).
    """
    x1, y1, x2, y2 = np.asarray(object_box, np.float64)
    scale = size / (size - 2 * CONTEXT)
    cx, cy, half_width, half_height = (x1 + x2) / 2, (y1 + y2) / 2, (x2 - x1) / 2, (y2 - y1) / 2
    return np.array(
        [
            cx - half_width * scale,
            cy - half_height * scale,
            cx + half_width * scale,
            cy + half_height * scale,
        ]
    )


def to_crop_frame(boxes, object_box, size: int) -> np.ndarray:
    """Boxes [..., 4] of the image, `xyxy`, in the pixels of the object's crop; float64, not clipped."""
    x1, y1, x2, y2 = source_window(object_box, size)
    offset = np.array([x1, y1, x1, y1])
    scale = size / np.array([x2 - x1, y2 - y1, x2 - x1, y2 - y1])
    return (np.asarray(boxes, np.float64) - offset) * scale


def pixels_of(part: Part, object_box, size: int) -> np.ndarray:
    """The pixels of an object's crop that one instance of a part covers: bool [size, size].

    Those whose centers, in the image, lie on the part's mask, or in its box where it has none.
    """
    if part.mask is None:
        return pixels_in(to_crop_frame(part.box, object_box, size), size)
    window = part.pixels()
    x1, y1, x2, y2 = source_window(object_box, size)
    columns = np.floor(_sample_positions(x1, x2, size) - part.window[0]).astype(np.int64)
    rows = np.floor(_sample_positions(y1, y2, size) - part.window[1]).astype(np.int64)
    inside = ((rows >= 0) & (rows < window.shape[0]))[:, None] & (
        (columns >= 0) & (columns < window.shape[1])
    )
    return inside & window[np.clip(rows, 0, len(window) - 1)][:, np.clip(columns, 0, window.shape[1] - 1)]


def pixels_in(box, size: int) -> np.ndarray:
    """The pixels whose centers lie in a box, `xyxy` in crop pixels, half-open: bool [size, size]."""
    x1, y1, x2, y2 = box
    center = np.arange(size) + 0.5
    return ((center >= y1) & (center < y2))[:, None] & ((center >= x1) & (center < x2))


def _sample_positions(low: float, high: float, size: int) -> np.ndarray:
    """Where `size` samples across [low, high] lie, half-pixel centers."""
    return low + (np.arange(size) + 0.5) * (high - low) / size


def _taps(low: float, high: float, size: int, length: int):
    """Bilinear taps of `size` samples across [low, high] of a line of `length` pixels.

    Returns the two tap indices int [size], the weight of the second, and which samples lie inside.
    """
    position = _sample_positions(low, high, size)
    inside = (position >= 0) & (position < length)
    first = np.floor(position - 0.5)
    weight = (position - 0.5 - first).astype(np.float32)
    first = first.astype(np.int64)
    return np.clip(first, 0, length - 1), np.clip(first + 1, 0, length - 1), weight, inside


def warp(image: np.ndarray, object_box, size: int, fill) -> np.ndarray:
    """The crop of one object.

    Bilinear without antialiasing, half-pixel centers; a sample whose center falls outside the
    image takes `fill`; inside, at the edge, the missing tap repeats the edge pixel (our choice).

    Args:
      image: uint8 [H, W, 3].
      object_box: `xyxy` in image pixels.
      size: side of the crop in pixels.
      fill: three floats in [0, 255], the mean color.

    Returns:
      float32 [size, size, 3] in [0, 255], not rounded.
    """
    height, width = image.shape[:2]
    x1, y1, x2, y2 = source_window(object_box, size)
    left, right, across, inside_x = _taps(x1, x2, size, width)
    top, bottom, down, inside_y = _taps(y1, y2, size, height)
    start, stop = left.min(), right.max() + 1  # interpolate rows only where columns are read
    window = image[:, start:stop]
    upper = window[top].astype(np.float32)
    rows = window[bottom].astype(np.float32)
    rows -= upper
    rows *= down[:, None, None]
    rows += upper
    first = rows[:, left - start]
    crop = rows[:, right - start]
    crop -= first
    crop *= across[None, :, None]
    crop += first
    fill = np.asarray(fill, np.float32)
    crop[~inside_y] = fill
    crop[:, ~inside_x] = fill
    return crop


def class_crops(
    dataset: Dataset, object_class: str, split: str, size: int, *, limit: int | None = None, min_part_size=0.0
) -> Crops:
    """All crops of a class in a split with their ground truth; there may be none.

    Every object of the class counts, also one without annotated parts (our choice).

    Args:
      size: side of the crop in pixels.
      limit: at most this many objects, evenly spread over the split (our choice).
      min_part_size: a part whose smaller side is under this many crop pixels is difficult.
    """
    parts = tuple(dataset.parts[object_class])
    images, image_index, ids, objects, part_boxes = [], [], [], [], []
    shown = [
        (image, [(i, o) for i, o in enumerate(image.objects) if o.object_class == object_class])
        for image in dataset.images
        if image.split == split
    ]
    taken = set(spread(sum(len(found) for _, found in shown), limit).tolist())
    place = itertools.count()
    for image, all_found in shown:
        found = [of_image for of_image in all_found if next(place) in taken]
        if not found:
            continue
        for number, obj in found:
            image_index.append(len(images))
            ids.append(f"{image.image_id}#{number}")
            objects.append(obj)
            boxes = to_crop_frame(
                np.array([p.box for p in obj.parts], np.float64).reshape(-1, 4), obj.box, size
            )
            part_boxes.append([boxes[[p.name == name for p in obj.parts]] for name in parts])
        images.append(image)
    return Crops(
        object_class=object_class,
        split=split,
        parts=parts,
        size=size,
        images=tuple(images),
        image_index=np.array(image_index, np.int32),
        ids=tuple(ids),
        objects=tuple(objects),
        truth=_pad(part_boxes, len(parts), min_part_size),
    )


def _pad(part_boxes: list[list[np.ndarray]], num_parts: int, min_part_size: float) -> Truth:
    instances = max((len(boxes) for parts in part_boxes for boxes in parts), default=0)
    shape = (num_parts, max(instances, 1), len(part_boxes))
    padded, valid = np.zeros((4, *shape), np.float32), np.zeros(shape, bool)
    for n, parts in enumerate(part_boxes):
        for p, boxes in enumerate(parts):
            padded[:, p, : len(boxes), n] = boxes.T
            valid[p, : len(boxes), n] = True
    smaller_side = np.minimum(padded[2] - padded[0], padded[3] - padded[1])
    return Truth(padded, valid, valid & (smaller_side < min_part_size))


def fingerprints(crops: Crops, image_digests: Mapping[str, str]) -> list[str]:
    """One hexadecimal digest a crop, of all that decides its pixels: image content, box and size."""
    return [
        hashlib.sha256(
            f"{image_digests[crops.images[i].image_id]} {box.tolist()} {crops.size}".encode()
        ).hexdigest()
        for i, box in zip(crops.image_index, crops.object_boxes, strict=True)
    ]
