"""`resamples.npz`: what a run keeps so that another can be compared with it, image by image.

Of every layer and class an array `layer/class`, float32 [P, 1000]: held-out AP of each part's set (rows as in
`parts.csv`) on each of 1,000 bootstrap samples of the class's unseen images; NaN where it was not computed.
Runs on the same images with the same seed have the same samples, column for column, whatever their networks
are. `about` is JSON: the seed, and by class a digest of those images and of what is marked in them.
"""

import dataclasses
import hashlib
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from partsjax.errors import BadInput
from partsjax.runs.evidence_stage import Judged
from partsjax.runs.stimulus_stage import StimulusStage

NAME = "resamples.npz"


@dataclasses.dataclass(frozen=True)
class Images:
    """The unseen images a run judged on: the bootstrap's seed, and a digest by object class."""

    seed: int
    by_class: Mapping[str, str]


def unseen_digest(stage: StimulusStage, image_digests: Mapping[str, str]) -> str:
    """Hexadecimal digest of a class's readable unseen crops: pixels and annotations, not the crop's size."""
    crops = stage.crops
    read = {i for i, ok in zip(crops.image_index.tolist(), stage.readable()[0], strict=True) if ok}
    told = [list(crops.ids), list(crops.parts)]
    for i in sorted(read):
        image = crops.images[i]
        marked = [
            [o.box, [[p.name, p.box] for p in o.parts]]
            for o in image.objects
            if o.object_class == crops.object_class
        ]
        told.append([image_digests[image.image_id], repr(marked)])
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def write(path: Path, judged: Mapping[tuple[str, str], Judged], images: Images) -> None:
    """judged: by (layer, class)."""
    arrays = {f"{layer}/{c}": found.evidence.resamples for (layer, c), found in judged.items()}
    about = json.dumps(dataclasses.asdict(images), sort_keys=True)
    with open(path, "wb") as file:
        np.savez(file, about=np.array(about), **arrays)


def read(path: Path) -> tuple[dict[str, np.ndarray], Images]:
    """Arrays by `layer/class`, and what they are of.

    Raises:
      BadInput: not there, or damaged.
    """
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        return arrays, Images(**json.loads(str(arrays.pop("about"))))
    except FileNotFoundError:
        raise BadInput(f"{path}: not found; run experiments.emergence to its end first") from None
    except (zipfile.BadZipFile, OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise BadInput(f"{path}: damaged ({error}); run experiments.emergence again") from None
