"""Crops without images, of their ground truth alone."""

import numpy as np

from partsjax.data.crops import Crops, Truth
from partsjax.data.schema import Object, Part


def bare_crops(truth: Truth, images=None) -> Crops:
    """Crops with this ground truth, of one image each or of `images`; their objects are all alike."""
    parts, _, count = truth.valid.shape
    box = (0.0, 0.0, 64.0, 64.0)
    return Crops(
        object_class="beast",
        split="train",
        parts=tuple(f"part {p}" for p in range(parts)),
        size=64,
        images=(),
        image_index=np.arange(count) if images is None else np.asarray(images),
        ids=tuple(map(str, range(count))),
        objects=(Object("beast", box, (Part("part 0", box),)),) * count,
        truth=truth,
    )
