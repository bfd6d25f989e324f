"""Everything fitted is fitted on train, and val is judged with it: whatever the unseen images show.

Two splits prefer different filters, sets, boxes; each is train and each is unseen, for the other and for
itself. What is fitted on the unseen split, or on both, cannot be the same whatever is unseen.
"""

import dataclasses
import itertools

import numpy as np
import pytest

from partsjax.emergence import combination
from partsjax.emergence.calibration import calibrate
from partsjax.emergence.changed_truth import shuffled
from partsjax.emergence.combination import members_union
from partsjax.emergence.decode_boxes import BoxDecoder
from partsjax.emergence.fixed_boxes import LIST_PRIOR
from partsjax.emergence.method import Method
from partsjax.emergence.nulls import NULLS
from partsjax.emergence.ranked import RankedLayer
from tests.emergence.examined import ALL_SEARCHES, GEOMETRY, examined, split

pytestmark = pytest.mark.slow

SPLITS = {"a": split(1, (0.9, 0.7, 0.5)), "b": split(2, (0.3, 0.6, 0.95))}
PAIRS = list(itertools.product(SPLITS, SPLITS))
FITTED = {
    "the best filter": lambda e: [v.best_filter for v in e.evidence.verdicts],
    "its train AP": lambda e: [v.best_filter_ap_train for v in e.evidence.verdicts],
    "every search's set": lambda e: [t.filters for t in e.evidence.trials],
    "its train AP, ranked as it was searched": lambda e: [t.ap_train for t in e.evidence.trials],
    "the verdict's set": lambda e: [v.combination for v in e.evidence.verdicts],
    "the verdict's train AP": lambda e: [v.combination_ap_train for v in e.evidence.verdicts],
    "the regressors": lambda e: [e.scores.weights, e.scores.num_pairs],
    "the scale of the activations": lambda e: [e.scores.scale],
    "APs on train": lambda e: [e.scores.ap_train, e.scores.ap_train_unregressed, e.found.train],
    "the priors' detections on train": lambda e: [
        array
        for part, prior in itertools.product(range(2), e.ground.priors)
        for array in dataclasses.astuple(e.ground.detected(prior, part)[0])
    ],
    "the priors' train AP": lambda e: [
        [prior.ap_train for prior in v.priors.values()] for v in e.evidence.verdicts
    ],
    "the list prior's boxes": lambda e: [
        np.unique(found.boxes, axis=0) for part in range(2) for found in e.ground.detected(LIST_PRIOR, part)
    ],
    "coverage": lambda e: [v.coverage_train for v in e.evidence.verdicts],
}


@pytest.fixture(scope="module")
def layers():
    return {(t, v): examined(SPLITS[t], SPLITS[v]) for t, v in PAIRS}


def same(one, other) -> bool:
    """Lists of numbers, of tuples of filters, or of arrays."""
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("what", FITTED)
def test_what_is_fitted_is_the_same_whatever_is_unseen(layers, what):
    fitted = {pair: FITTED[what](found) for pair, found in layers.items()}
    assert same(fitted["a", "a"], fitted["a", "b"]) and same(fitted["b", "b"], fitted["b", "a"])
    assert not same(fitted["a", "a"], fitted["b", "b"])  # or nothing would be seen of what it is fitted on


def test_what_is_chosen_is_the_best_on_train(layers):
    for (train, unseen), found in layers.items():
        on_train, on_val = found.scores.ap_train, found.scores.ap_val
        for p, verdict in enumerate(found.evidence.verdicts):
            assert verdict.best_filter == on_train[:, p].argmax()
            assert verdict.best_filter_ap_train == on_train[:, p].max()
            assert verdict.best_filter_ap_val.value == pytest.approx(on_val[verdict.best_filter, p], abs=1e-6)
        if train != unseen:
            assert (on_train.argmax(axis=0) != on_val.argmax(axis=0)).any()


@pytest.mark.parametrize("pair", PAIRS)
def test_unseen_detections_are_judged_with_what_was_fitted_on_train(layers, pair):
    """Every search's set again: train's staircase, train's regressors, the unseen crops' boxes."""
    found, splits = layers[pair], [SPLITS[name] for name in pair]
    ranked = [RankedLayer(s.stimuli.scores) for s in splits]
    decoder = BoxDecoder(splits[1].stimuli, found.scores.weights, found.scores.scale, GEOMETRY)
    trials = iter(found.evidence.trials)
    for p, search in itertools.product(range(2), ALL_SEARCHES):
        trial = next(trials)
        assert (trial.part, trial.search, trial.score) == (("head", "foot")[p], search.search, search.score)
        train, val = (
            r.part(of[:, p], s.truth.valid[p].sum(axis=0))
            for r, of, s in zip(ranked, found.found, splits, strict=True)
        )
        if search.score == "calibrated":
            val = calibrate(train, found.scores.scale).apply(val)
        union = members_union(val, trial.filters, p, search, found.ground.method, decoder)
        ap = found.ground.curve(union, val.positives).average_precision()
        assert trial.ap_val.value == pytest.approx(ap, abs=1e-9)
        if search is ALL_SEARCHES[0]:
            assert found.evidence.verdicts[p].combination_ap_val == trial.ap_val


def test_judged_on_train_itself_the_held_out_figures_are_trains(layers):
    for name in SPLITS:
        found = layers[name, name]
        for trial in found.evidence.trials:
            assert trial.ap_val.value == pytest.approx(trial.ap_train, abs=1e-6)
        for verdict in found.evidence.verdicts:
            place, fixed = verdict.prior, verdict.list_prior
            assert fixed.ap_val.value == pytest.approx(fixed.ap_train, abs=1e-6)
            assert place.ap_val.value > place.ap_train + 0.01  # on train, a crop is not its own neighbor


def test_verdicts_go_by_the_thresholds_of_their_method(layers):
    method = Method(emergence_ap=0.01, min_val_boxes=1000)
    found = examined(SPLITS["a"], SPLITS["b"], ALL_SEARCHES[1:2], method).evidence.verdicts
    assert {(v.emergence_ap, v.min_val_boxes) for v in found} == {(0.01, 1000)}
    assert all(v.rare and v.emerges_paper for v in found)
    assert not any(v.rare for v in layers["a", "b"].evidence.verdicts)


def test_never_worse_on_train_than_the_best_filter_and_sometimes_better(layers):
    gains = [
        trial.ap_train - {v.part: v.best_filter_ap_train for v in found.evidence.verdicts}[trial.part]
        for found in layers.values()
        for trial in found.evidence.trials
    ]
    assert min(gains) >= -1e-6 and max(gains) > 0.01


def test_shuffled_parts_are_chosen_on_shuffled_train():
    """The null goes through everything: what is chosen is the best on train as it was shuffled."""
    splits = SPLITS.values()
    plain = examined(*splits, ALL_SEARCHES[1:2])
    ground = NULLS["shuffled"].truth_of(plain.ground, 0)
    shuffled_splits = []
    for number, (one, truth) in enumerate(zip(splits, (ground.train.truth, ground.val.truth), strict=True)):
        # Both splits, each by itself.
        np.testing.assert_array_equal(truth.boxes, shuffled(one.truth, (0, number)).boxes)
        assert (truth.valid != one.truth.valid).any()
        shuffled_splits.append(dataclasses.replace(one, truth=truth))
    null = examined(*shuffled_splits, ALL_SEARCHES[1:2])
    for p, verdict in enumerate(null.evidence.verdicts):
        assert verdict.best_filter == null.scores.ap_train[:, p].argmax()
        assert verdict.best_filter_ap_train < plain.evidence.verdicts[p].best_filter_ap_train


def test_a_part_is_tabulated_once_for_all_searches_by_a_score(monkeypatch):
    made, once = [], combination.tabulate
    monkeypatch.setattr(combination, "tabulate", lambda of: made.append(of) or once(of))
    examined(SPLITS["a"], SPLITS["b"])
    assert len(made) == 2 * 2  # parts, scores
