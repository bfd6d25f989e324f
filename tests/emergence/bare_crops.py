"""Crops without pixels, of their ground truth alone."""

import types

import numpy as np

from partsjax.data.crops import Crops, Truth
from partsjax.data.schema import Object, Part

SIDE = 80  # of the images, in pixels


def bare_crops(truth: Truth, images=None, boxes=None) -> Crops:
    """Crops with this ground truth, of one image each or of `images`; their objects all alike, or `boxes`."""
    parts, _, count = truth.valid.shape
    index = np.arange(count) if images is None else np.asarray(images)
    boxes = np.tile([0.0, 0.0, 64.0, 64.0], (count, 1)) if boxes is None else np.asarray(boxes)
    return Crops(
        object_class="beast",
        split="train",
        parts=tuple(f"part {p}" for p in range(parts)),
        size=64,
        images=(types.SimpleNamespace(size=(SIDE, SIDE)),) * (int(index.max(initial=-1)) + 1),
        image_index=index,
        ids=tuple(map(str, range(count))),
        objects=tuple(Object("beast", tuple(box), (Part("part 0", tuple(box)),)) for box in boxes),
        truth=truth,
    )


def random_boxes(count: int, seed) -> np.ndarray:
    """Objects' boxes inside the images, some at their border: float64 [N, 4]."""
    random = np.random.default_rng(seed)
    size = random.uniform(8, SIDE, (count, 2))
    corner = random.uniform(0, 1, (count, 2)) * (SIDE - size)
    corner = np.where(random.random((count, 2)) < 0.2, 0, corner)
    return np.concatenate([corner, corner + size], axis=1)
