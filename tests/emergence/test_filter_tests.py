"""Tests of filters by themselves, against a plain bootstrap, and in blocks."""

import dataclasses

import numpy as np
import pytest

from partsjax.emergence.criterion import NOT_COUNTED
from partsjax.emergence.filter_tests import filter_tests
from partsjax.emergence.ground import Ground
from partsjax.emergence.layer_data import LayerData
from partsjax.emergence.method import Method
from partsjax.emergence.nearest import PLACE_PRIOR
from partsjax.emergence.scoring import Found, Scores, score_layer
from tests.emergence.bare_crops import bare_crops
from tests.emergence.examined import Split, split
from tests.emergence.test_scoring import GEOMETRY
from tests.plain.bias_corrected import interval, p_value
from tests.plain.verdict import Ranked, average_precision

FILTERS = range(6)
PAIRS = [(f, p) for f in FILTERS for p in range(2)]


@pytest.fixture(scope="module")
def layer() -> tuple[LayerData, tuple[Scores, Found], Split]:
    train, val = split(0, (0.9, 0.5, 0.3)), split(1, (0.8, 0.5, 0.3))
    crops = (bare_crops(of.truth, of.images, of.boxes) for of in (train, val))
    data = LayerData("conv1", (train.stimuli, val.stimuli), Ground(*crops, Method(), 0), GEOMETRY)
    scored = score_layer(data.stimuli, (train.truth, val.truth), GEOMETRY, Method())
    return data, scored, val


def plain_ranked(scores: np.ndarray, found: np.ndarray) -> Ranked:
    """One filter's detections [K, N] of one part; no two scores are the same."""
    there = (scores > 0) & (found != NOT_COUNTED)
    crops, score, box = np.nonzero(there)[1], scores[there], found[there]
    down, claimed, true = np.argsort(-score), set(), []
    for d in down:
        true.append(box[d] >= 0 and (crops[d], box[d]) not in claimed)
        claimed.add((crops[d], box[d]))
    return Ranked(crops[down], np.array(true, bool), np.ones(len(down), bool))


def test_against_a_plain_bootstrap(layer):
    data, (scores, found), val = layer
    tests = {(test.filter, test.part): test for test in filter_tests([(FILTERS, data)], PAIRS)}
    images = np.unique(val.images, return_inverse=True)[1]
    times = data.ground.weights[images].T  # of every crop
    for f, part in ((0, 0), (3, 1), (1, 0)):
        truth = [np.zeros((count, 4)) for count in data.ground.positives(part)]
        detections = plain_ranked(val.stimuli.scores[f], found.val[f, part])
        prior = data.ground.judged(PLACE_PRIOR, part).ap_val
        value = average_precision(detections, truth, np.ones(len(truth))) - prior.value
        samples = np.array([average_precision(detections, truth, of) for of in times]) - prior.samples
        test = tests[f, part]
        assert test.excess.value == pytest.approx(scores.ap_val[f, part] - prior.value, abs=1e-6)
        np.testing.assert_allclose(test.excess, (value, *interval(value, samples)), atol=1e-5)
        assert test.p_value == pytest.approx(p_value(value, samples), abs=2e-3)


def test_blocks_change_nothing(layer):
    data, *_ = layer
    pairs = [(1, 0), (4, 0), (4, 1)]
    whole = filter_tests([(FILTERS, data)], pairs)

    def block(numbers: range) -> tuple[range, LayerData]:
        of = tuple(
            dataclasses.replace(
                s, cells=s.cells[numbers.start : numbers.stop], values=s.values[numbers.start : numbers.stop]
            )
            for s in data.stimuli
        )
        return numbers, dataclasses.replace(data, stimuli=of)

    assert filter_tests([block(range(2)), block(range(4, 6))], pairs) == whole
    assert [(test.filter, test.part) for test in whole] == pairs


def test_a_part_without_a_train_box_is_left_out(layer):
    data, *_ = layer
    truth = data.ground.train.truth
    without = dataclasses.replace(truth, valid=truth.valid & (np.arange(2) == 1)[:, None, None])
    ground = dataclasses.replace(data.ground, train=dataclasses.replace(data.ground.train, truth=without))
    found = filter_tests([(FILTERS, dataclasses.replace(data, ground=ground))], [(0, 0), (0, 1)])
    assert [test.part for test in found] == [1]
