"""A layer in blocks of filters: what is found of it does not depend on how it is taken apart."""

import dataclasses

import numpy as np
import pytest

from partsjax.emergence import candidates
from partsjax.emergence.judged import judge_layer
from partsjax.emergence.layer_data import LayerData
from partsjax.emergence.stimuli import Stimuli
from partsjax.runs.records import packed
from tests.emergence.examined import ALL_SEARCHES, CELLS, GEOMETRY, examined, split

SPLITS = split(0, (0.3, 0.9, 0.6)), split(10, (0.2, 0.8, 0.5))


def judged(*starts):
    """Of six filters, in blocks that begin at these numbers."""
    ground = examined(*SPLITS).ground

    def block(filters):
        stimuli = (Stimuli(of.stimuli.cells[filters], of.stimuli.values[filters], CELLS) for of in SPLITS)
        return LayerData("conv1", tuple(stimuli), ground, GEOMETRY)

    return judge_layer([block(f) for f in np.split(np.arange(6), starts)], ALL_SEARCHES, 0)


def assert_same(found, expected):
    found, expected = packed(found), packed(expected)
    assert found.keys() == expected.keys()
    for name in found:
        np.testing.assert_array_equal(found[name], expected[name], err_msg=name)


@pytest.mark.slow
@pytest.mark.parametrize("starts", [[1], [3], [2, 4], [1, 2, 3, 4, 5]])
def test_blocks_change_nothing(starts, monkeypatch):
    monkeypatch.setattr(candidates, "FILTERS_HELD", 6)
    assert_same(judged(*starts), judged())


@pytest.mark.slow
def test_candidates_are_the_best_of_each_part(monkeypatch):
    whole = judged()
    monkeypatch.setattr(candidates, "FILTERS_HELD", 4)  # two for each of two parts
    ap = whole.scores.ap_train
    best = {f for part in range(2) for f in sorted(range(6), key=lambda f: -ap[f, part])[:2]}
    assert 2 < len(best) < 6
    found = [judged(*starts) for starts in ([], [3], [2, 4], [1, 2, 3, 4, 5])]
    for one in found[1:]:
        assert_same(one, found[0])
    assert_same(found[0].scores, whole.scores)
    assert_same(found[0].top_activations, whole.top_activations)
    evidence = found[0].evidence
    named = [filters for trial in evidence.trials for filters in trial.filters]
    assert set(named) <= best
    for verdict, expected, strongest in zip(
        evidence.verdicts, whole.evidence.verdicts, evidence.strongest, strict=True
    ):
        assert verdict.best_filter == expected.best_filter
        assert verdict.best_filter_ap_val == expected.best_filter_ap_val
        assert {d.filter for d in strongest.best} == {verdict.best_filter}
        assert {d.filter for d in strongest.combination} <= {*verdict.combination}


def test_of_equal_filters_the_first_stay(monkeypatch):
    monkeypatch.setattr(candidates, "FILTERS_HELD", 4)
    ground = examined(*SPLITS).ground
    stimuli = tuple(Stimuli(of.stimuli.cells[[1] * 6], of.stimuli.values[[1] * 6], CELLS) for of in SPLITS)
    data = LayerData("conv1", stimuli, ground, GEOMETRY)
    halves = [
        dataclasses.replace(
            data, stimuli=tuple(Stimuli(s.cells[some], s.values[some], CELLS) for s in stimuli)
        )
        for some in (slice(0, 3), slice(3, 6))
    ]
    evidence = judge_layer(halves, ALL_SEARCHES, 0).evidence
    assert {f for trial in evidence.trials for f in trial.filters} <= {0, 1}
