"""A whole layer of the tiny network in plain NumPy: from photographs to every filter's detections."""

import dataclasses
from pathlib import Path

import numpy as np

from partsjax.data.coco_parts import read_coco_parts
from partsjax.data.crops import class_crops
from partsjax.networks.protocol import Network
from tests import tiny
from tests.plain import pipeline, regression, stimuli
from tests.plain.crops import crop
from tests.plain.detections import overlapped, suppress


@dataclasses.dataclass(frozen=True)
class Seen:
    """A split as the network sees it: maps {layer: [N, H, W, F]}, truth[n][p] [G, 4], images int [N]."""

    maps: dict[str, np.ndarray]
    truth: list[list[np.ndarray]]
    images: np.ndarray


@dataclasses.dataclass(frozen=True)
class Detected:
    """One part's regressed detections in a split, as `tests.plain.combination` takes them.

    scores, found: [F, K, N]; boxes: [F, K, N, 4]; positives: [N].
    """

    scores: np.ndarray
    found: np.ndarray
    boxes: np.ndarray
    positives: np.ndarray


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
    return Seen({layer: np.asarray(m) for layer, m in maps.items()}, truth, crops.image_index)


def detected(train: Seen, judged: Seen, network: Network, layer: str, part: int) -> Detected:
    """What all filters of a layer say of a part in `judged`, their regressors fitted on `train`."""
    field = network.fields[layer]
    of_train, of_judged = (
        stimuli.find(s.maps[layer], field.stride, field.center, 8) for s in (train, judged)
    )
    largest = of_train.scores.max((0, 2))
    paired = np.stack(
        [regression.pair(c, t[part]) for c, t in zip(of_train.centers, train.truth, strict=True)]
    )
    regressors, _ = pipeline.fit_filters(of_train, largest, paired, tiny.SIZE)
    scores = of_judged.scores.copy()
    boxes = np.zeros((*scores.shape, 4))
    for f, coefficients in enumerate(regressors):
        if coefficients is None:
            scores[:, f] = 0
            continue
        phi = regression.features(of_judged.centers[:, f], of_judged.neighbours[:, f], largest[f], tiny.SIZE)
        boxes[:, f] = regression.predict(phi, coefficients, of_judged.centers[:, f], tiny.SIZE)
    truth = [t[part] for t in judged.truth]
    found = np.stack([overlapped(b, t) for b, t in zip(boxes, truth, strict=True)])
    found = np.where(suppress(boxes, scores), found, -2)
    turned = (np.moveaxis(a, 0, 2) for a in (scores, found, boxes))
    return Detected(*turned, np.array([len(t) for t in truth]))
