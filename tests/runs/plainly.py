"""A whole layer of the tiny network in plain NumPy: from photographs to every filter's detections."""

import dataclasses
from pathlib import Path

import numpy as np

from partsjax.data.coco_parts import read_coco_parts
from partsjax.data.crops import class_crops
from partsjax.networks.protocol import Network
from tests import tiny
from tests.plain import pipeline
from tests.plain.crops import crop
from tests.plain.detections import overlapped, suppress
from tests.plain.place_prior import covariates


@dataclasses.dataclass(frozen=True)
class Seen:
    """A split as the network sees it: maps {layer: [N, H, W, F]}, truth[n][p] [G, 4], images int [N].

    covariates: [N, 6], what the place prior reads.
    """

    maps: dict[str, np.ndarray]
    truth: list[list[np.ndarray]]
    images: np.ndarray
    covariates: np.ndarray


@dataclasses.dataclass(frozen=True)
class Detected:
    """One part's regressed detections in a split, as `tests.plain.combination` takes them.

    scores, found: [F, K, N]; boxes: [F, K, N, 4]; positives: [N].
    """

    scores: np.ndarray
    found: np.ndarray
    boxes: np.ndarray
    positives: np.ndarray

    def union(self, members: list[int]) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """All detections of some filters, crop by crop: boxes [D, 4] and scores [D]."""
        kept, boxes, scores = (a[members] for a in (self.found > -2, self.boxes, self.scores))
        crops = range(len(self.positives))
        return [boxes[:, :, n][kept[:, :, n]] for n in crops], [scores[:, :, n][kept[:, :, n]] for n in crops]


def seen(folder: Path, network: Network, split: str) -> Seen:
    """The beasts of a split, cropped, normalised and run through the network."""
    crops = class_crops(read_coco_parts(folder), "beast", split, tiny.SIZE)
    mean, std = (np.array(v, np.float32) for v in (network.preprocessing.mean, network.preprocessing.std))
    pixels = [
        crop(crops.images[i].source.read(), box, tiny.SIZE, mean)
        for i, box in zip(crops.image_index, crops.object_boxes, strict=True)
    ]
    maps = network.apply(network.params, (np.stack(pixels) - mean) / std, tuple(network.fields))
    t = crops.truth
    truth = [
        [t.boxes[:, p, t.valid[p, :, n], n].T.astype(float) for p in range(len(crops.parts))]
        for n in range(len(crops))
    ]
    read = covariates(crops.object_boxes, crops.image_sizes)
    return Seen({layer: np.asarray(m) for layer, m in maps.items()}, truth, crops.image_index, read)


def detected(train: Seen, judged: Seen, network: Network, layer: str, part: int) -> Detected:
    """What all filters of a layer say of a part in `judged`, their regressors fitted on `train`."""
    field = network.fields[layer]
    maps = (s.maps[layer] for s in (train, judged))
    boxes, scores = pipeline.detect(
        *maps, (field.size, field.stride, field.center), [t[part] for t in train.truth], tiny.SIZE
    )
    truth = [t[part] for t in judged.truth]
    found = np.stack([overlapped(b, t) for b, t in zip(boxes, truth, strict=True)])
    found = np.where(suppress(boxes, scores), found, -2)
    turned = (np.moveaxis(a, 0, 2) for a in (scores, found, boxes))
    return Detected(*turned, np.array([len(t) for t in truth]))
