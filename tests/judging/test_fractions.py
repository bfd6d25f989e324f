"""Fractions: their counts and intervals against loops, and their rate of being right on planted truth."""

import numpy as np
import pytest
from scipy.stats import binomtest

from benchmarks.fractions import Design, missed
from partsjax.judging import fractions as module
from partsjax.judging.asked import ALL, Asked
from partsjax.judging.dawid_skene import dawid_skene
from partsjax.judging.fractions import ANOTHER, CONSISTENT, COUNTED, SILENT, drawn, effective, fractions
from partsjax.judging.votes import SAID, Votes
from tests.judging.answering import random_votes
from tests.judging.test_majority import plain_majority


def about(pairs, silent=()) -> Asked:
    rows = [*pairs, *silent]
    layer, object_class, number = (np.array(list(column), object) for column in zip(*rows, strict=True))
    return Asked(layer, object_class, number.astype(int), tuple(map(str, range(len(pairs)))))


def plain_fractions(asked: Asked, votes: Votes, of_filters, of_raters) -> dict:
    """(layer, class, kind) -> fraction, judged: pair by pair, answer by answer."""
    found = {}
    for layer, object_class, group in asked.groups:
        total, number, sure, agreed = 0.0, dict.fromkeys((*SAID, SILENT), 0.0), 0.0, 0.0
        for n in np.flatnonzero(group):
            weight = of_filters[asked.unit[n]]
            if n >= len(asked.items):
                number[SILENT], total, sure = number[SILENT] + weight, total + weight, sure + weight
                continue
            said = [k for r, k in _said(votes, n) for _ in range(int(of_raters[r]))]
            if (kind := plain_majority(said)) >= 0:
                number[SAID[kind]], total = number[SAID[kind]] + weight, total + weight
            one = plain_majority([int(SAID[k] != "none") for k in said])
            sure, agreed = sure + weight * (one >= 0), agreed + weight * (one == 1)
        whole = {CONSISTENT: (agreed, sure)} | {kind: (count, total) for kind, count in number.items()}
        whole[ANOTHER] = (sum(n for k, n in number.items() if k not in ("part", "none", SILENT)), total)
        for kind in COUNTED:
            count, of = whole[kind]
            found[layer, object_class, kind] = (count / of if of else np.nan, of)
    return found


def _said(votes: Votes, item: int):
    return zip(votes.rater[votes.item == item], votes.kind[votes.item == item], strict=True)


PAIRS = [(layer, name, f) for layer in ("conv4", "conv5") for name in ("horse", "cow") for f in range(4)]


def test_fractions_are_those_of_loops():
    asked = about(PAIRS, silent=[("conv5", "cow", 9), ("conv4", "horse", 3)])
    votes = random_votes(np.random.default_rng(0), items=len(PAIRS) + 3, raters=5, answers=50, known=3)
    draws = drawn(asked, votes.raters, seed=4)
    whole = plain_fractions(asked, votes, np.ones(len(draws.filters)), np.ones(5))
    samples = [plain_fractions(asked, votes, draws.filters[:, b], draws.raters[:, b]) for b in range(100)]
    found = fractions(asked, votes, dawid_skene(votes), seed=4)
    assert {(f.layer, f.object_class, f.kind) for f in found} == set(whole)
    assert {f.object_class for f in found} == {"horse", "cow", ALL}
    again = module._majority_samples(asked, votes, draws)[..., :100]
    for f, by_sample in zip(found, again.reshape(-1, 100), strict=True):
        key = (f.layer, f.object_class, f.kind)
        value, judged = whole[key]
        assert (f.judged, f.number) == (judged, round(value * judged))
        assert f.majority.value == pytest.approx(value)
        np.testing.assert_allclose(by_sample, [sample[key][0] for sample in samples], atol=1e-6)
    by_model = {(f.layer, f.object_class, f.kind): f.dawid_skene.value for f in found}
    for layer, object_class, _ in asked.groups:
        assert sum(by_model[layer, object_class, k] for k in (*SAID, SILENT)) == pytest.approx(1)


def test_a_filter_brings_all_its_classes_and_a_layer_its_own_filters():
    asked = about(PAIRS, silent=[("conv5", "cow", 9)])
    draws = drawn(asked, raters=6, seed=0)
    assert len(draws.filters) == 9 and (draws.raters.sum(axis=0) == 6).all()
    for layer, filters in (("conv4", 4), ("conv5", 5)):
        units = np.unique(asked.unit[asked.layer == layer])
        assert len(units) == filters and (draws.filters[units].sum(axis=0) == filters).all()


def test_of_independent_observations_the_interval_is_wilsons():
    random = np.random.default_rng(0)
    for number, of in ((0, 40), (12, 40), (199, 200)):
        value = number / of
        samples = random.binomial(of, value, 400_000) / of
        wilson = binomtest(number, of).proportion_ci(method="wilson")
        np.testing.assert_allclose(effective(value, samples, of), (value, wilson.low, wilson.high), atol=2e-3)
        np.testing.assert_array_less(effective(value, samples, of)[1:][::-1], (1.001, 0.98))
    assert np.isnan(effective(np.nan, samples, 0)).all()


def test_raters_are_drawn_again_not_answers():
    """Of eight raters, four say part of all they see: what is found depends on who is asked."""
    item = np.arange(400)
    kind = np.where(item % 8 < 4, SAID.index("part"), SAID.index("none"))
    votes = Votes(item, item % 8, kind, np.full(400, -1), 8)
    asked = about([("conv5", "horse", f) for f in range(400)])
    (part,) = [f.majority for f in fractions(asked, votes, None, 0) if f.kind == "part"]
    of_eight, of_all = (binomtest(n // 2, n).proportion_ci(method="wilson") for n in (8, 400))
    assert part.value == 0.5 and part.high - part.low > 0.8 * (of_eight.high - of_eight.low)
    assert part.high - part.low > 4 * (of_all.high - of_all.low)


@pytest.mark.slow
def test_intervals_hold_what_was_planted():
    """Nominally 5% do not; raters, who differ in their errors, count for a third or more of the variance."""
    alike = dict.fromkeys(SAID, 1 / len(SAID))  # so that errors add to each kind what they take from it
    one_rater_each = missed(Design(200, 12, 1, 0.6, leaning=0.1), 40, alike, model=False)["majority"]
    three_raters = missed(Design(64, 8, 3, 0.8), 40, model=False)["majority"]
    for found in (one_rater_each, three_raters):
        assert 0.005 < (found.lower + found.upper)[: len(SAID)].mean() < 0.08
        assert np.abs(found.bias[: len(SAID)]).max() < 0.03


@pytest.mark.slow
def test_the_model_counts_what_majorities_count_twice():
    """Two of three raters who err are enough for "one concept"; the model knows how often they err."""
    found = missed(Design(128, 8, 5, 0.6), 6)
    by_majority, by_model = found["majority"].bias[-1], found["dawid_skene"].bias[-1]
    assert by_majority > 0.06 and abs(by_model) < 0.7 * by_majority
