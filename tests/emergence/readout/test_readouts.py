"""Readouts against the plain reference, and their laws."""

import dataclasses

import numpy as np
import pytest

from partsjax.emergence.readout.detecting import ReadoutDetections
from partsjax.emergence.readout.judging import judge_readouts
from partsjax.emergence.readout.models import Models
from partsjax.emergence.readout.sums import halves_of
from tests.emergence.readout.measured import fitted, measured, on_ground
from tests.emergence.test_scoring import FIELD, SIZE, activations, padded, plain_truth
from tests.plain import readout as plain

PLAIN_FIELD = FIELD.size, FIELD.stride, FIELD.center


def world(seed, filters=5, crops=(24, 18), parts=3, silent=()):
    """(maps, truth, images) of train and val; `silent` filters are 0 everywhere."""
    truth = [plain_truth(count, parts, 2 * seed + n) for n, count in enumerate(crops)]
    maps = [activations(len(t), filters, 9 * seed + n, t) for n, t in enumerate(truth)]
    for of_split in maps:
        of_split[..., list(silent)] = 0
    random = np.random.default_rng(seed)
    images = [np.sort(random.integers(0, count // 2, count)) for count in crops]
    images = [np.unique(i, return_inverse=True)[1] for i in images]
    return maps, truth, images


@pytest.mark.parametrize(("seed", "silent", "filters"), [(1, (), 5), (2, (1, 3), 5), (3, (), 1)])
def test_readouts_are_those_of_the_plain_reference(seed, silent, filters):
    maps, truth, images = world(seed, filters, silent=silent)
    found = measured(maps, on_ground(list(map(padded, truth)), images), FIELD)
    half = halves_of(images[0])
    for part in range(3):
        sizes, *aps = plain.readout_aps(*maps, PLAIN_FIELD, *truth, half, SIZE, part)
        assert found.sizes == tuple(sizes)
        np.testing.assert_allclose(found.ap_train[:, part], aps[0], atol=1e-5)
        np.testing.assert_allclose(found.ap_val[:, part], aps[1], atol=1e-5)
        assert found.ap_train[-1, part] > 0


def test_readouts_depend_on_no_batch():
    maps, truth, images = world(5, filters=20)
    ground = on_ground(list(map(padded, truth)), images)
    found, whole = (fitted(maps[0], ground, FIELD, size)[0] for size in (5, 24))
    np.testing.assert_array_equal(found.score, whole.score)
    np.testing.assert_array_equal(found.box, whole.box)
    found, whole = (measured(maps, ground, FIELD, size) for size in (5, 24))
    np.testing.assert_array_equal(found.ap_train, whole.ap_train)
    np.testing.assert_array_equal(found.resamples, whole.resamples)


def test_halves_are_of_images_and_alike():
    half = halves_of([5, 5, 7, 9, 9, 9, 11])
    assert half.tolist() == [0, 0, 1, 0, 0, 0, 1]


def test_a_part_on_few_cells_has_no_readout():
    maps, truth, images = world(4)
    for n, of_crop in enumerate(truth[0]):
        of_crop[1] = of_crop[1][: 1 if n < 2 else 0]
    found = measured(maps, on_ground(list(map(padded, truth)), images), FIELD)
    assert np.isnan(found.ap_train[:, 1]).all() and np.isnan(found.resamples[1]).all()
    assert not np.isnan(found.ap_train[:, 0]).any()


def test_a_detection_on_a_stronger_one_is_dropped():
    """Two alike on nothing, then a right one: it is the second of two, not the third of three."""
    right, wrong, missed = (8, 8, 24, 24), (40, 2, 60, 20), (0, 40, 10, 60)
    truth = padded([[np.array([missed])], [np.array([right])]], 1)
    boxes = np.array([[wrong, right], [wrong, wrong]], np.float32).transpose(2, 0, 1)[:, None, None]
    scores = np.array([[3.0, 1.0], [2.0, -np.inf]])[None, None]
    found = ReadoutDetections(scores, boxes)
    models = Models((1,), np.array([True]), np.zeros((1, 1, 9)), np.zeros((1, 1, 9, 4)))
    aps = judge_readouts(models, [found, found], on_ground([truth, truth]))
    assert aps.ap_train[0, 0] == aps.ap_val[0, 0] == 1 / 2 / 2


def test_with_wrong_labels_the_same_readouts_are_judged_on_others():
    maps, truth, images = world(6)
    ground = on_ground(list(map(padded, truth)), images)
    assert len(measured(maps, ground, FIELD).mislabeled) == 0
    ground = dataclasses.replace(ground, sanity=True)
    found = measured(maps, ground, FIELD)
    for of_error, draws in zip(found.mislabeled, ground.val_mislabeled.values(), strict=True):
        others = [dataclasses.replace(ground.val, truth=of_draw) for of_draw in draws]
        others = [dataclasses.replace(ground, val=val, sanity=False) for val in others]
        aps = [measured(maps, other, FIELD).ap_val[-1] for other in others]
        np.testing.assert_allclose(of_error, np.mean(aps, axis=0), atol=1e-9)
        assert (of_error < found.ap_val[-1]).all()
