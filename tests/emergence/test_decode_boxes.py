"""Boxes of chosen detections, and suppression across the members of a set, against the plain method."""

import numpy as np
import pytest

from partsjax.data.crops import Truth
from partsjax.emergence.decode_boxes import BoxDecoder
from partsjax.emergence.ranked import RankedLayer, union
from partsjax.emergence.regression import Geometry
from partsjax.emergence.stimuli import Stimuli
from tests.emergence import test_scoring as maps_and_truth
from tests.plain import combination as plain
from tests.plain import regression
from tests.plain import stimuli as plain_peaks

CROPS, FILTERS = 30, 5
SIZE, FIELD = maps_and_truth.SIZE, maps_and_truth.FIELD
GEOMETRY = Geometry(FIELD.center, FIELD.stride, FIELD.size, maps_and_truth.CELLS, SIZE)


def layer():
    """Train maps, found [F, P, K, N], truth, decoder."""
    truth = [maps_and_truth.plain_truth(CROPS, 2, seed) for seed in (0, 1)]
    maps = [np.round(maps_and_truth.activations(CROPS, FILTERS, s, truth[s]), 1) for s in (0, 1)]
    for m in maps:
        m[..., 2:4] = np.round(0.8 * m[..., :2], 1)  # two more that fire where the first two do
    padded: list[Truth] = [maps_and_truth.padded(t) for t in truth]
    scores, found = maps_and_truth.scored(maps, padded)
    stimuli: Stimuli = maps_and_truth.stimuli(maps[0])
    return maps[0], found.train, padded[0], BoxDecoder(stimuli, scores.weights, scores.scale, GEOMETRY)


@pytest.fixture(scope="module")
def scored():
    return layer()


def part(scored, p):
    _, found, truth, decoder = scored
    return RankedLayer(decoder.stimuli.scores).part(found[:, p], truth.valid[p].sum(axis=0))


@pytest.mark.parametrize("p", [0, 1])
def test_boxes_equal_the_plain_regressors(scored, p):
    maps, _, _, decoder = scored
    whole = union(part(scored, p), range(FILTERS))
    peaks = plain_peaks.find(maps, FIELD.stride, FIELD.center, 8)
    expected = np.zeros((CROPS, FILTERS, 8, 4))
    for f in range(FILTERS):
        phi = regression.features(peaks.centers[:, f], peaks.neighbours[:, f], float(decoder.scale[f]), SIZE)
        weights = decoder.weights[f, p].T.astype(float) / SIZE
        expected[:, f] = regression.predict(phi, weights, peaks.centers[:, f], SIZE)
    mine = decoder.boxes(p, whole)
    np.testing.assert_allclose(mine, expected[whole.crops, whole.filters, whole.ranks], atol=0.01)
    assert decoder.boxes(p, whole.select(np.zeros(len(whole.scores), bool))).shape == (0, 4)


@pytest.mark.parametrize("members", [(), (2,), (0, 3), (0, 1, 2, 3, 4)])
@pytest.mark.parametrize("p", [0, 1])
def test_suppression_across_members_equals_plain(scored, p, members):
    _, found, _, decoder = scored
    whole = union(part(scored, p), members)
    boxes = decoder.boxes(p, whole)
    where = {
        (int(f), int(n), int(k)): box
        for f, n, k, box in zip(whole.filters, whole.crops, whole.ranks, boxes, strict=True)
    }
    listed = plain.detections(decoder.stimuli.scores, found[:, p], members)
    expected = plain.without_repeats(listed, lambda f, n, k: where[f, n, k])
    mine = decoder.without_repeats(p, whole, 0.5)
    assert [(f, n, k) for _, f, n, k, _ in expected] == list(
        zip(mine.filters.tolist(), mine.crops.tolist(), mine.ranks.tolist(), strict=True)
    )
    np.testing.assert_array_equal(mine.true, plain.true_ones(expected))
    if len(members) == 1:
        assert len(mine.scores) == len(whole.scores)  # a filter's own repeats are gone already
    if len(members) == FILTERS:
        assert len(mine.scores) < len(whole.scores)
