"""IoU with wrong labels, against counting pixels, crop by crop and draw by draw."""

import dataclasses

import numpy as np
import pytest

from partsjax.data.crops import Truth
from partsjax.data.schema import Object, Part
from partsjax.emergence.ground import Ground
from partsjax.emergence.iou import FilterIou, MislabeledIou, mislabeled_pixels, upsampling
from partsjax.emergence.method import Method
from partsjax.networks.protocol import ReceptiveField
from tests.emergence.bare_crops import bare_crops
from tests.emergence.test_scoring import padded, plain_truth
from tests.plain.iou import filled, upsampled

SIZE, CELLS = 64, 14
FIELD = ReceptiveField(8, 4, 5.5)


@pytest.fixture(scope="module")
def ground():
    """Objects of 32 pixels a side in images that are their crops; two parts, boxes of whole pixels."""
    truth = [[np.round(boxes) for boxes in of_crop] for of_crop in plain_truth(9, 2, 5)]
    crops = bare_crops(padded(truth), boxes=np.tile([16.0, 16, 48, 48], (9, 1)))
    objects = [
        Object("beast", (16, 16, 48, 48), [Part(f"part {p}", tuple(b)) for p in (0, 1) for b in of_crop[p]])
        for of_crop in truth
    ]
    crops = dataclasses.replace(crops, objects=tuple(objects))
    return Ground(crops, crops, Method(), 3, sanity=True)


def plainly(truth: Truth, part: int, crop: int) -> np.ndarray:
    """Extra boxes are as far from what they are copies of as whole pixels go."""
    most = 3
    boxes = truth.boxes[:, part, :, crop].T.copy()
    for extra in range(most, len(boxes)):
        boxes[extra] = boxes[extra - most] + np.tile(np.rint(boxes[extra] - boxes[extra - most])[:2], 2)
    return filled(boxes[truth.valid[part, :, crop]], SIZE)


def test_iou_is_that_of_counted_pixels(ground):
    random = np.random.default_rng(0)
    maps = np.maximum(random.normal(0, 1, (len(ground.val), CELLS, CELLS, 4)), 0).astype(np.float32)
    train = np.array([[0.1, 0.2], [0.3, 0.1], [0.3, 0.2], [np.nan, 0.25]], np.float32)
    iou = FilterIou(np.float32([0.9, 0.8, 0.7, 1.1]), train, train)
    found = MislabeledIou(iou, upsampling(FIELD, CELLS, SIZE))
    assert found.best.tolist() == [1, 3]
    for number, of_crop in enumerate(maps):
        found.add(of_crop[..., found.best].transpose(2, 0, 1), mislabeled_pixels(ground, number))
    for part, best in enumerate(found.best):
        active = [upsampled(of[..., best], FIELD.stride, FIELD.center, SIZE) for of in maps]
        active = np.array(active) >= iou.thresholds[best]
        for error, draws in enumerate(ground.val_mislabeled.values()):
            expected = []
            for truth in draws:
                shown = np.array([plainly(truth, part, crop) for crop in range(len(maps))])
                expected.append((active & shown).sum() / (active | shown).sum())
            np.testing.assert_allclose(found.result()[error, part], np.mean(expected), atol=1e-6)


def test_where_nothing_is_known_nothing_is_said(ground):
    nothing = np.full((4, 2), np.nan, np.float32)
    found = MislabeledIou(FilterIou(np.ones(4, np.float32), nothing, nothing), upsampling(FIELD, CELLS, SIZE))
    found.add(np.ones((2, CELLS, CELLS), np.float32), mislabeled_pixels(ground, 0))
    assert np.isnan(found.result()).all()
