"""The numbers that the method fixes, once more by hand: none of them moves without being noticed here."""

import inspect

import pytest

from partsjax.data import crops
from partsjax.discriminativeness import blackout, correlation, filters, part_drops, relation
from partsjax.emergence import (
    bootstrap,
    combination,
    estimate,
    fixed_boxes,
    nearest,
    own_evidence,
    place_prior,
    regression,
)
from partsjax.emergence.descriptions import TEXT_PERMUTATIONS
from partsjax.emergence.genetic import Genetic
from partsjax.emergence.method import Method
from partsjax.ops import local_maxima

METHOD, GENETIC, SEARCH = Method(), Genetic(), combination.Search()

FIXED = {
    # paper
    "right from IoU": (METHOD.correct_iou, 0.4),
    "a part emerges over": (METHOD.emergence_ap, 0.30),
    "sets in a population": (GENETIC.population, 200),
    "generations": (GENETIC.generations, 100),
    "crossing": (GENETIC.crossover, 0.7),
    "mutation": (GENETIC.mutation, 0.3),
    "bits on at the start": (GENETIC.start, 0.02),
    "context, pixels": (crops.CONTEXT, 16),
    # ours
    "stimuli of a filter and crop": (METHOD.stimuli, 8),
    "neighbourhood of a maximum": (METHOD.stimulus_window, 3),
    "the same, of the functions": (inspect.signature(local_maxima.strongest).parameters["window"].default, 3),
    "suppression over IoU": (METHOD.nms_iou, 0.5),
    "pairs of a regressor": (METHOD.min_pairs, 12),
    "features": (regression.FEATURES, 12),
    "ridge of trace / 12": (METHOD.ridge, 1e-6),
    "difficult under, pixels": (METHOD.min_part_size, 0.0),
    "search": ((SEARCH.search, SEARCH.score, SEARCH.union_nms), ("ga", "activation", False)),
    "resamples": (bootstrap.RESAMPLES, 1000),
    "wrong at one end": (estimate.CHANCE, 0.025),
    "unseen boxes of a part that is judged": (METHOD.min_val_boxes, 10),
    "beyond place up to a q-value of": (METHOD.false_discovery_rate, 0.05),
    "numbers of neighbors": (nearest.NEIGHBORS, (15, 40, 100, 250)),
    "detections of the place prior on a crop": (nearest.DETECTIONS, 16),
    "pixels from a border that cuts off": (nearest.BORDER, 2.0),
    "weight of the aspect ratio": (nearest.SHAPE_WEIGHT, 1.5),
    "box of a part that a blackout of all else leaves": (own_evidence.GROWN, 1.1),
    "random orders of ties": (place_prior.ORDERS, 20),
    "centers that the list's boxes are of": (fixed_boxes.CENTRES, 8),
    "starts of k-means": (fixed_boxes.STARTS, 20),
    "standard deviations of a discriminative filter": (filters.DEVIATIONS, 2.0),
    "its count is given from and to": ((filters.FACTORS[0], filters.FACTORS[-1]), (1.0, 3.0)),
    "controls of a part": (blackout.CONTROLS, 8),
    "of a control on the part": (blackout.MOST_ON_PART, 0.1),
    "crops with a control": (part_drops.MIN_CROPS, 6),
    "things with an interval over them": (correlation.MIN_THINGS, 5),
    "permutations of the filters": (relation.PERMUTATIONS, 10_000),
    "permutations of texts": (TEXT_PERMUTATIONS, 100),
}


@pytest.mark.parametrize("what", FIXED)
def test_the_method_fixes(what):
    ours, fixed = FIXED[what]
    assert ours == fixed
