"""`resamples.npz`: what a run keeps so that another can be compared with it, image by image.

Of every layer and class an array `layer/class`, float32 [P, 1000]: held-out AP of each part's set (rows as in
`parts.csv`) on each of 1,000 bootstrap samples of the class's unseen images; NaN where it was not computed.
Runs on the same images with the same seed have the same samples, column for column, whatever their networks
are. `record` is JSON: the seed, by class a digest of those images and of what is marked in them, and the
verdicts, whose figures are exact here and rounded in `parts.csv`. Names that are not plain are changed as in
names of files.
"""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from partsjax.emergence.verdict import Verdict
from partsjax.errors import InputError
from partsjax.reporting.file_names import file_name
from partsjax.runs import sealed
from partsjax.runs.evidence_stage import Judged
from partsjax.runs.records import packed, unpacked
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


@dataclasses.dataclass(frozen=True)
class _About:
    images: Images
    verdicts: tuple[Verdict, ...]


@dataclasses.dataclass(frozen=True)
class Kept:
    """What a run keeps.

    verdicts: in the order of `parts.csv`; samples: by (layer, class), float32 [P, 1000]; images: judged on.
    """

    verdicts: tuple[Verdict, ...]
    samples: Mapping[tuple[str, str], np.ndarray]
    images: Images


def write_resamples(path: Path, judged: Mapping[tuple[str, str], Judged], images: Images) -> None:
    """judged: by (layer, class)."""
    arrays = {_array(*names): found.evidence.resamples for names, found in judged.items()}
    verdicts = tuple(v for found in judged.values() for v in found.evidence.verdicts)
    sealed.write_sealed(path, {**packed(_About(images, verdicts)), **arrays})


def read_resamples(path: Path) -> Kept:
    """What a run has kept.

    Raises:
      InputError: not there, or damaged.
    """
    try:
        arrays = sealed.read_sealed(path)
        about = unpacked(_About, arrays)
        names = dict.fromkeys((verdict.layer, verdict.object_class) for verdict in about.verdicts)
        return Kept(about.verdicts, {pair: arrays[_array(*pair)] for pair in names}, about.images)
    except FileNotFoundError:
        raise InputError(f"{path}: not found; run partsjax emergence to its end first") from None
    except (sealed.Damaged, OSError, ValueError, KeyError) as error:
        raise InputError(f"{path}: damaged ({error}); run partsjax emergence again") from None


def _array(layer: str, object_class: str) -> str:
    return f"{file_name(layer)}/{file_name(object_class)}"
