"""A fitted set on the crops that it was judged on: it hits what the hit rate counted."""

import dataclasses
import functools

import numpy as np
import pytest

from partsjax.emergence.fitted_set import FittedSet
from partsjax.emergence.method import Method
from partsjax.emergence.place_prior import truth_of_part
from partsjax.emergence.stimuli import Stimuli, concatenate
from tests.emergence.examined import ALL_SEARCHES, Examined, examined, split
from tests.emergence.test_scoring import GEOMETRY

TRAIN, VAL = split(0, (0.9, 0.7, 0.4), crops=60), split(1, (0.8, 0.6, 0.5), crops=100)
DIFFICULT = dataclasses.replace(VAL.truth, difficult=VAL.truth.valid & (np.arange(3) == 1)[:, None])


@functools.cache
def of_search(number: int) -> Examined:
    return examined(TRAIN, VAL, ALL_SEARCHES[number : number + 1])


def of_members(fitted: FittedSet, shows) -> Stimuli:
    members = list(fitted.filters)
    return Stimuli(
        VAL.stimuli.cells[members][..., shows], VAL.stimuli.values[members][..., shows], VAL.stimuli.columns
    )


def hits(of: Examined, part: int) -> np.ndarray:
    """On the crops that show the part, alone."""
    shows, fitted = of.ground.positives(part) > 0, of.evidence.sets[part]
    truth = truth_of_part(of.ground.val.truth.select(shows), part)
    return fitted.hits(of_members(fitted, shows), truth, GEOMETRY, Method())


def check_hit_rates(of: Examined):
    for part, verdict in enumerate(of.evidence.verdicts):
        found = hits(of, part)
        assert found.mean() == verdict.hit_rate and 0.2 < found.mean() < 1
        assert of.evidence.sets[part].filters == verdict.combination


@pytest.mark.slow
@pytest.mark.parametrize("search", range(len(ALL_SEARCHES)))
def test_hits_make_up_the_hit_rate(search):
    check_hit_rates(of_search(search))


@pytest.mark.slow
def test_a_detection_on_a_difficult_box_counts_neither_way():
    check_hit_rates(examined(TRAIN, dataclasses.replace(VAL, truth=DIFFICULT), ALL_SEARCHES[1:2]))


@pytest.mark.slow
@pytest.mark.parametrize("search", [1, 3])
def test_how_many_filters_and_crops_there_are_changes_nothing(search):
    """More than go through the kernel at once: every crop twice, every filter nine times."""
    of = of_search(search)
    shows, fitted = of.ground.positives(0) > 0, of.evidence.sets[0]
    once, truth = of_members(fitted, shows), truth_of_part(of.ground.val.truth.select(shows), 0)
    twice = concatenate([once, once])
    rows = np.tile(np.arange(len(fitted.filters)), 9)
    calibration = fitted.calibration and fitted.calibration.of(rows)
    many = FittedSet(tuple(rows), fitted.weights[rows], fitted.scale[rows], calibration)
    found = many.hits(
        Stimuli(twice.cells[rows], twice.values[rows], once.columns),
        truth.select(np.tile(np.arange(shows.sum()), 2)),
        GEOMETRY,
        Method(),
    )
    assert len(rows) > 8 and len(found) > 128
    np.testing.assert_array_equal(found, np.tile(hits(of, 0), 2))


@pytest.mark.slow
def test_what_has_no_regressor_or_no_stimulus_detects_nothing():
    of = of_search(1)
    shows, fitted = of.ground.positives(0) > 0, of.evidence.sets[0]
    stimuli, truth = of_members(fitted, shows), truth_of_part(of.ground.val.truth.select(shows), 0)
    whole = hits(of, 0)
    for without in (
        dataclasses.replace(fitted, weights=np.zeros_like(fitted.weights)),
        dataclasses.replace(
            fitted, weights=fitted.weights * (np.arange(len(fitted.weights)) > 0)[:, None, None]
        ),
    ):
        found = without.hits(stimuli, truth, GEOMETRY, Method())
        assert found.sum() < whole.sum()
        rest = np.arange(len(fitted.filters)) > 0
        if without.weights.any():
            alone = FittedSet(fitted.filters[1:], fitted.weights[1:], fitted.scale[1:], None)
            fewer = Stimuli(stimuli.cells[rest], stimuli.values[rest], stimuli.columns)
            np.testing.assert_array_equal(found, alone.hits(fewer, truth, GEOMETRY, Method()))
        else:
            assert not found.any()
    silent = dataclasses.replace(stimuli, values=np.zeros_like(stimuli.values))
    assert not fitted.hits(silent, truth, GEOMETRY, Method()).any()
