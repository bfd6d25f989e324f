"""Unions of detections against the plain list of them."""

import numpy as np
import pytest
from hypothesis import given

from partsjax.emergence.ranked import RankedLayer, union
from partsjax.ops.average_precision import curve
from tests.emergence import test_scoring as layer_of_maps
from tests.emergence.random_layer import LAYERS, SETS
from tests.plain import combination as plain


def ap_of(found, positives) -> float:
    nothing = np.zeros(len(found.scores), np.int64)
    return curve(found.scores, found.true, nothing, [positives.sum()]).average_precision()


@given(LAYERS, SETS)
def test_a_union_equals_the_plain_list(layer, members):
    mine = union(layer.detections, members)
    listed = plain.detections(layer.scores, layer.found, members)
    columns = (mine.scores, mine.filters, mine.crops, mine.ranks, mine.found)
    assert list(zip(*(c.tolist() for c in columns), strict=True)) == [
        tuple(float(v) if i == 0 else int(v) for i, v in enumerate(d)) for d in listed
    ]
    np.testing.assert_array_equal(mine.true, plain.true_ones(listed))
    np.testing.assert_allclose(
        ap_of(mine, layer.positives), plain.list_ap(listed, layer.positives), atol=1e-9
    )


@given(LAYERS, SETS)
def test_what_is_left_of_a_union_has_new_first_ones(layer, members):
    whole = union(layer.detections, members)
    keep = np.random.default_rng(0).random(len(whole.scores)) < 0.6
    listed = plain.detections(layer.scores, layer.found, members)
    listed = [d for d, stays in zip(listed, keep, strict=True) if stays]
    left = whole.select(keep)
    np.testing.assert_array_equal(left.true, plain.true_ones(listed))
    np.testing.assert_allclose(
        ap_of(left, layer.positives), plain.list_ap(listed, layer.positives), atol=1e-9
    )


@given(LAYERS, SETS)
def test_the_detections_of_some_filters_are_those_of_all_but_the_others(layer, members):
    members = sorted(set(members))
    some = RankedLayer(layer.scores).part(layer.found, layer.positives, members)
    assert some.scores.shape[0] == len(members)
    ours, expected = (vars(union(of, members)) for of in (some, layer.detections))
    for name in expected:
        np.testing.assert_array_equal(ours[name], expected[name])


@given(LAYERS)
def test_each_filters_first_hits_are_those_of_its_own_list(layer):
    detections = layer.detections
    for f, first in enumerate(detections.first_hits()):
        listed = plain.detections(layer.scores, layer.found, [f])
        expected = sorted(d[0] for d, true in zip(listed, plain.true_ones(listed), strict=True) if true)
        assert sorted(detections.scores[f][first]) == expected
    assert (np.diff(detections.scores, axis=1) <= 0).all()


@pytest.mark.slow
def test_single_filters_have_the_ap_they_were_scored_with():
    truth = [layer_of_maps.plain_truth(30, 2, seed) for seed in (0, 1)]
    maps = [np.round(layer_of_maps.activations(30, 5, seed, truth[seed]), 1) for seed in (0, 1)]
    padded = [layer_of_maps.padded(t) for t in truth]
    padded[0].difficult[:] = padded[0].valid & (np.random.default_rng(0).random(padded[0].valid.shape) < 0.2)
    scores, found = layer_of_maps.scored(maps, padded)
    stimuli = layer_of_maps.stimuli(maps[0])
    ranked = RankedLayer(stimuli.scores)
    for p in range(2):
        positives = (padded[0].valid[p] & ~padded[0].difficult[p]).sum(axis=0)
        part = ranked.part(found.train[:, p], positives)
        aps = [ap_of(union(part, [f]), positives) for f in range(5)]
        np.testing.assert_allclose(aps, scores.ap_train[:, p], atol=1e-6)
        assert max(aps) > 0.1
