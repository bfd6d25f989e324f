"""The unseen images that verdicts were judged on: what two runs must have in common to be paired."""

import dataclasses
import hashlib
import json
from collections.abc import Mapping

import numpy as np

from partsjax.data.crops import Crops


@dataclasses.dataclass(frozen=True)
class Images:
    """The unseen images a run judged on: the bootstrap's seed, and a digest by object class."""

    seed: int
    by_class: Mapping[str, str]


def unseen_digest(crops: Crops, readable: np.ndarray, image_digests: Mapping[str, str]) -> str:
    """Hexadecimal digest of a class's readable unseen crops: pixels and annotations, not the crop's size.

    readable: bool [N]. image_digests: of the images' pixels, by id.
    """
    read = {i for i, ok in zip(crops.image_index.tolist(), readable, strict=True) if ok}
    seen = [list(crops.ids), list(crops.parts)]
    for i in sorted(read):
        image = crops.images[i]
        marked = [
            [o.box, [[p.name, p.box] for p in o.parts]]
            for o in image.objects
            if o.object_class == crops.object_class
        ]
        seen.append([image_digests[image.image_id], repr(marked)])
    return hashlib.sha256(json.dumps(seen).encode()).hexdigest()
