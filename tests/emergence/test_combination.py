"""The set found for a part: its AP is exact, never below the best filter's, and a planted pair is found."""

import dataclasses
import itertools

import numpy as np
import pytest

from partsjax.emergence.calibration import calibrate
from partsjax.emergence.combination import (
    RANKINGS,
    SEARCHES,
    Search,
    Target,
    combine,
    members_union,
    train_ap,
)
from partsjax.emergence.genetic import Genetic
from partsjax.emergence.method import Method
from partsjax.emergence.ranked import PartDetections, union
from tests.emergence.random_layer import RandomLayer, random_layer
from tests.emergence.test_decode_boxes import FILTERS, part
from tests.emergence.test_decode_boxes import layer as scored_layer
from tests.plain import combination as plain

QUICK = Genetic(population=40, generations=20)
WAYS = list(itertools.product(SEARCHES, RANKINGS))
MODULE = "partsjax.emergence.combination"


def ranked(layer: RandomLayer, score: str) -> PartDetections:
    largest = layer.scores.max(axis=(1, 2), initial=0)
    scale = np.where(largest > 0, largest, 1).astype(np.float32)
    detections = layer.detections
    return detections if score == "activation" else calibrate(detections, scale).apply(detections)


def best_of(layer: RandomLayer) -> tuple[int, float]:
    aps = [plain.union_ap(layer.scores, layer.found, [f], layer.positives) for f in range(len(layer.scores))]
    return int(np.argmax(aps)), max(aps)


def combined(layers, way, names=None, seed=0):
    names = names or [f"part {i}" for i in range(len(layers))]
    targets = [
        Target(i, name, best_of(layer)[0], ranked(layer, way[1]))
        for i, (name, layer) in enumerate(zip(names, layers, strict=True))
    ]
    return combine(targets, Search(*way, genetic=QUICK), Method(), None, seed)


LAYERS = [
    random_layer(0, filters=12, crops=40),
    random_layer(1, filters=12, crops=40, values=3),  # ties
    random_layer(2, filters=12, crops=40, repeated=True),  # every filter twice
    random_layer(3, filters=12, crops=40, right=1, silent=0.5),
    random_layer(4, filters=12, crops=40, right=0.05),  # hardly anything right
]


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_the_winners_ap_is_exact_and_never_below_the_best_filters(way):
    found = combined(LAYERS, way)
    for layer, combination in zip(LAYERS, found, strict=True):
        detections = ranked(layer, way[1])
        listed = []
        for f, row in enumerate(detections.scores):
            for i in np.flatnonzero(detections.found[f] > -2):
                place = int(detections.crops[f, i]), int(detections.ranks[f, i]), int(detections.found[f, i])
                listed += [(row[i], f, *place)] if f in combination.filters else []
        listed.sort(key=lambda d: (-d[0], *d[1:4]))
        assert combination.ap_train == pytest.approx(plain.list_ap(listed, layer.positives), abs=1e-9)
        assert combination.ap_train >= best_of(layer)[1] - 1e-6
        assert combination.filters == tuple(sorted(set(combination.filters)))
    if way[1] == "activation":
        for layer, combination in zip(LAYERS, found, strict=True):
            exact = plain.union_ap(layer.scores, layer.found, combination.filters, layer.positives)
            assert combination.ap_train == pytest.approx(exact, abs=1e-9)
    assert any(len(combination.filters) > 1 for combination in found)


@pytest.mark.parametrize("way", [("ga", "activation"), ("greedy", "calibrated")])
def test_neither_order_nor_company_changes_a_parts_set(way):
    names = [f"part {i}" for i in range(len(LAYERS))]
    whole = combined(LAYERS, way, names)
    assert combined(LAYERS, way, names) == whole
    assert combined(LAYERS[::-1], way, names[::-1]) == whole[::-1]
    assert combined(LAYERS[1:2], way, names[1:2]) == whole[1:2]


def planted_pair(filters=20, crops=60, pair=(3, 7)) -> RandomLayer:
    """Two filters that each find the box of one half of the crops, rightly, the others mostly wrong."""
    noise = random_layer(9, filters=filters, crops=crops, k=2, right=0.2, silent=0)
    scores, found = noise.scores / 2 + (noise.scores > 0) * 0.3, np.where(noise.found > 0, 0, noise.found)
    random = np.random.default_rng(0)
    for member, half in zip(pair, np.split(random.permutation(crops), 2), strict=True):
        scores[member] = 0
        found[member] = -2
        scores[member, 0, half] = random.uniform(0.5, 1, len(half))
        found[member, 0, half] = 0
    return RandomLayer(
        scores.astype(np.float32), found.astype(np.int8), np.ones(crops, int), np.arange(crops)
    )


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_a_planted_pair_is_found(way):
    layer = planted_pair()
    best, alone = best_of(layer)
    search = Search(*way)  # the settings as they are
    (found,) = combine([Target(0, "part", best, ranked(layer, way[1]))], search, Method(), None, 0)
    assert best in (3, 7) and alone == pytest.approx(0.5)
    assert found.filters == (3, 7) and found.ap_train == 1


@pytest.fixture(scope="module")
def scored():
    return scored_layer()


@pytest.mark.parametrize("way", WAYS)
def test_with_suppression_across_members_too_it_is_never_below_the_best_filter(scored, way):
    decoder = scored[3]
    parts = [part(scored, p) for p in (0, 1)]
    aps = np.array([[train_ap(union(d, [f]), d) for d in parts] for f in range(FILTERS)])
    if way[1] == "calibrated":
        parts = [calibrate(part, decoder.scale).apply(part) for part in parts]
    best = aps.argmax(axis=0).tolist()
    search = Search(*way, union_nms=True, genetic=QUICK)
    targets = [Target(*target) for target in zip((0, 1), "ab", best, parts, strict=True)]
    found = combine(targets, search, Method(), decoder, 0)
    for p, combination in enumerate(found):
        assert combination.ap_train >= aps[:, p].max() - 1e-6
        of_set = members_union(parts[p], combination.filters, p, search, Method(), decoder)
        assert combination.ap_train == train_ap(of_set, parts[p])


def test_of_equal_sets_the_smallest():
    layer = planted_pair()
    same = dataclasses.replace(layer, scores=layer.scores[[3, 3, 3]], found=layer.found[[3, 3, 3]])
    for way in WAYS:
        (found,) = combined([same], way)
        assert len(found.filters) == 1


@pytest.mark.parametrize("way", WAYS)
def test_a_search_that_ends_with_nothing_good_leaves_the_best_filter(way, monkeypatch):
    """Searches go by tabulated APs, without suppression across members; the best filter is never lost."""
    layer = planted_pair()
    bad = np.zeros((1, 3, 128), bool)
    bad[..., 10] = True
    order = np.full((1, 128), -1)
    order[0, 0] = 10
    asked = []

    def search(name, *result):
        return lambda *arguments: asked.append(name) or result

    monkeypatch.setattr(f"{MODULE}.evolve_parts", lambda settings: search("ga", bad, bad[..., 0]))
    monkeypatch.setattr(f"{MODULE}._greedy", lambda: search("greedy", order, bad[:, 0, 0]))
    (found,) = combined([layer], way)
    best, alone = best_of(layer)
    assert found.filters == (best,) and found.ap_train == pytest.approx(alone)
    assert asked == [way[0]]
