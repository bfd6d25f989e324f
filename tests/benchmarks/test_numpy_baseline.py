"""The NumPy baseline computes what ours does: it is compared with the plain reference, as ours is."""

import numpy as np
import pytest

from benchmarks import numpy_genetic, numpy_scoring
from partsjax.emergence.ranked import RankedLayer, union
from partsjax.ops.average_precision import curve
from tests.emergence.random_layer import random_layer
from tests.emergence.test_scoring import APS, CELLS, FIELD, SIZE, activations, padded, plain_truth, stimuli
from tests.plain import pipeline as plain

GEOMETRY = numpy_scoring.Geometry(FIELD.size, FIELD.stride, FIELD.center, CELLS, SIZE)


@pytest.mark.parametrize("values", [None, 2])
def test_scores_equal_plain(values):
    truth = [plain_truth(20, 3, seed) for seed in (5, 6)]
    for crop in truth[0]:
        crop[1] = np.zeros((0, 4))
    maps = [activations(20, 4, seed + 7, truth[seed]) for seed in (0, 1)]
    if values:
        maps = [np.round(m * values) for m in maps]  # many equal activations
    maps[0][..., 3] = 0  # never fires on train
    truths = [(there.boxes, there.valid) for there in map(padded, truth)]
    mine = numpy_scoring.score_maps(maps, truths, GEOMETRY, over=map)
    theirs = plain.score_layer(*maps, (FIELD.size, FIELD.stride, FIELD.center), *truth, SIZE)
    for name in APS:
        np.testing.assert_allclose(getattr(mine, name), getattr(theirs, name), atol=1e-4, err_msg=name)


@pytest.mark.parametrize("values", [None, 3])
def test_sets_have_the_ap_of_their_union(values):
    layer = random_layer(3, crops=12, most=3, values=values)
    positives = np.asarray(layer.positives)
    part = numpy_genetic.Part(layer.scores, layer.found, int(positives.sum()))
    detections = RankedLayer(layer.scores).part(layer.found, positives)
    random = np.random.default_rng(0)
    for size in (0, 1, 2, 5):
        members = np.sort(random.choice(len(layer.scores), size, replace=False))
        joined = union(detections, members)
        exact = curve(joined.scores, joined.true, np.zeros(len(joined.scores), int), [positives.sum()])
        assert part.ap(members) == pytest.approx(exact.average_precision(), abs=1e-9)


def test_the_search_ends_no_lower_than_the_best_filter():
    layer = random_layer(4, crops=12, most=3)
    part = numpy_genetic.Part(layer.scores, layer.found, int(np.sum(layer.positives)))
    alone = [part.ap(np.array([f])) for f in range(len(layer.scores))]
    members, ap = numpy_genetic.search(
        part, int(np.argmax(alone)), numpy_genetic.Settings(population=20, generations=5), 0
    )
    assert ap >= max(alone) and part.ap(members) == pytest.approx(ap)


@pytest.mark.parametrize("values", [None, 1])
def test_stimuli_equal_ours(values):
    maps = activations(5, 3, 1)
    maps = np.round(maps * values) if values else maps
    ours, (cells, near) = stimuli(maps), numpy_scoring.strongest(maps)
    np.testing.assert_array_equal(cells, ours.cells)
    np.testing.assert_array_equal(near, ours.values)
