"""Majorities, and Dawid and Skene's model, against loops over answers."""

import collections

import numpy as np
import pytest

from partsjax.judging import dawid_skene as model
from partsjax.judging.dawid_skene import Believed, dawid_skene, resampled_probability
from partsjax.judging.majority import UNDECIDED, consistency, majority
from partsjax.judging.simulated import SHARES, crowd, planted, simulated_votes
from partsjax.judging.votes import SAID, Votes
from tests.judging.answering import random_votes

K = len(SAID)


def plain_majority(said: list[int]) -> int:
    most = collections.Counter(said).most_common(2)
    return UNDECIDED if not most or (len(most) > 1 and most[0][1] == most[1][1]) else most[0][0]


def test_most_raters_decide_and_a_tie_is_no_judgment():
    random = np.random.default_rng(0)
    for answers in (0, 9, 40, 120):
        votes = random_votes(random, items=20, raters=7, answers=answers)
        expected = [plain_majority(list(votes.kind[votes.item == i])) for i in range(20)]
        np.testing.assert_array_equal(majority(votes.counts()), expected)
        weights = random.integers(0, 3, (7, 4))
        again = majority(votes.counts(weights))
        for b in range(4):
            said = [
                list(np.repeat(votes.kind[of], weights[votes.rater[of], b]))
                for of in (votes.item == i for i in range(20))
            ]
            np.testing.assert_array_equal(again[:, b], list(map(plain_majority, said)))


def test_one_concept_is_decided_by_itself():
    counts = np.zeros((2, K))
    counts[0, [0, 1, SAID.index("none")]] = 1  # three kinds: a tie, but two say it is one concept
    counts[1, SAID.index("none")] = 2
    assert majority(counts).tolist() == [UNDECIDED, SAID.index("none")]
    assert majority(consistency(counts)).tolist() == [1, 0]


def plain_dawid_skene(votes: Votes, rounds: int):
    """The formulas of the module, answer by answer."""
    answers = list(zip(votes.item, votes.rater, votes.kind, strict=True))
    T = np.zeros((votes.items, K))
    for i, _, said in answers:
        T[i, said] += 1 / (votes.item == i).sum()
    before = None
    for _ in range(rounds):
        for i, kind in enumerate(votes.known):
            if kind >= 0:
                T[i] = np.eye(K)[kind]
        open_items = [i for i in range(votes.items) if votes.known[i] < 0 and (votes.item == i).any()]
        p = sum((T[i] for i in open_items), np.full(K, 1e-9))
        p = p / p.sum()
        C = np.zeros((votes.raters, K, K))
        for i, r, said in answers:
            C[r, :, said] += T[i]
        q = np.where(np.eye(K) > 0, 1.0, 0.1) + C.sum(axis=0)
        q /= q.sum(axis=1, keepdims=True)
        e = C + 2 * q
        e /= e.sum(axis=2, keepdims=True)
        T = np.tile(p, (votes.items, 1))
        for i, r, said in answers:
            T[i] *= e[r, :, said]
        T /= T.sum(axis=1, keepdims=True)
        for i, kind in enumerate(votes.known):
            if kind >= 0:
                T[i] = np.eye(K)[kind]
        if before is not None and np.abs(p - before).max() < 1e-6:
            break
        before = p
    return T, p, e


@pytest.mark.parametrize(("answers", "known"), [(0, 0), (25, 0), (60, 4), (90, 12)])
def test_the_model_is_that_of_its_formulas(answers, known):
    votes = random_votes(np.random.default_rng(answers), items=18, raters=5, answers=answers, known=known)
    found = dawid_skene(votes)
    T, p, e = plain_dawid_skene(votes, rounds=200)
    np.testing.assert_allclose(found.probability, T, atol=1e-8)
    np.testing.assert_allclose(found.shares, p, atol=1e-8)
    np.testing.assert_allclose(found.said, e, atol=1e-8)
    np.testing.assert_allclose(found.said.sum(axis=2), 1)


def test_a_resample_is_the_study_of_those_drawn(monkeypatch):
    """Raters and items drawn twice are there twice, and those not drawn are not."""
    monkeypatch.setattr(model, "_ROUNDS_AGAIN", model._ROUNDS)
    random = np.random.default_rng(3)
    truth = planted(40, SHARES, random)
    votes = simulated_votes(truth, crowd(5, 0.8, random), 3, random)
    of_items, of_raters = random.multinomial(40, [1 / 40] * 40), np.array([2, 0, 1, 1, 1])
    heard = votes.counts(of_raters[:, None])[..., 0]
    start = Believed(
        heard / np.maximum(heard.sum(axis=1, keepdims=True), 1), np.empty(K), np.empty((5, K, K))
    )
    found = resampled_probability(votes, start, of_items[:, None], of_raters[:, None])[..., 0]
    answers = [
        (f"{i}-{i_again}", f"{r}-{r_again}", said)
        for i, r, said in zip(votes.item, votes.rater, votes.kind, strict=True)
        for i_again in range(of_items[i])
        for r_again in range(of_raters[r])
    ]
    items, raters = (sorted({answer[n] for answer in answers}) for n in (0, 1))
    again = dawid_skene(
        Votes(
            np.array([items.index(i) for i, _, _ in answers]),
            np.array([raters.index(r) for _, r, _ in answers]),
            np.array([said for *_, said in answers]),
            np.full(len(items), -1),
            len(raters),
        )
    )
    for name, probability in zip(items, again.probability, strict=True):
        np.testing.assert_allclose(found[int(name.split("-")[0])], probability, atol=1e-6)
    silent = ~np.isin(np.arange(40), votes.item[of_raters[votes.rater] > 0])
    np.testing.assert_array_equal(found.sum(axis=1) < 0.5, silent)


def test_raters_who_err_are_seen_through():
    """Two of three raters take assemblies for parts half of the time; the third is right."""
    random = np.random.default_rng(1)
    truth = random.integers(0, 2, 300)
    said = np.tile(truth[:, None], 3)
    said[:, :2] = np.where((truth[:, None] == 1) & (random.random((300, 2)) < 0.6), 0, said[:, :2])
    item, rater = np.divmod(np.arange(900), 3)
    votes = Votes(item, rater, said.ravel(), np.full(300, -1), 3)
    by_model = dawid_skene(votes).probability.argmax(axis=1)
    assert (majority(votes.counts()) == truth).mean() < 0.85
    assert (by_model == truth).mean() > 0.97
