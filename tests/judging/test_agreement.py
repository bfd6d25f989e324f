"""Krippendorff's alpha: published examples, and the definition by pairs."""

import itertools

import numpy as np
import pytest

from partsjax.judging.agreement import alpha, resampled_alpha

# Krippendorff 2011, C: four observers, twelve units, nominal.
FOUR_OBSERVERS = """
1 2 3 3 2 1 4 1 2 . . .
1 2 3 3 2 2 4 1 2 5 . 3
. 3 3 3 2 3 4 2 2 5 1 .
1 2 3 3 2 4 4 1 2 5 1 .
"""
THREE_CODERS = """
. . . . . 3 4 1 2 1 1 3 3 . 3
1 . 2 1 3 3 4 3 . . . . . . .
. . 2 1 3 4 4 . 2 1 1 3 3 . 4
"""


def counts_of(text: str) -> np.ndarray:
    said = np.array([line.split() for line in text.split("\n") if line])
    return np.stack([(said == value).sum(axis=0) for value in sorted({*said.flat} - {"."})], axis=1)


def alpha_by_pairs(counts: np.ndarray) -> float:
    """The coincidence matrix, pair by pair."""
    coincidences = np.zeros((counts.shape[1],) * 2)
    for row in counts.astype(int):
        said = np.repeat(np.arange(len(row)), row)
        for one, other in itertools.permutations(range(len(said)), 2):
            coincidences[said[one], said[other]] += 1 / (len(said) - 1)
    n_c = coincidences.sum(axis=1)
    n = n_c.sum()
    observed = n - np.trace(coincidences)
    expected = (n**2 - (n_c**2).sum()) / (n - 1)
    return 1 - observed / expected


@pytest.mark.parametrize(("text", "published"), [(FOUR_OBSERVERS, 0.743), (THREE_CODERS, 0.691)])
def test_alpha_is_as_published(text, published):
    assert alpha(counts_of(text)) == pytest.approx(published, abs=0.0005)


def test_alpha_is_that_of_all_pairs():
    random = np.random.default_rng(0)
    for _ in range(50):
        counts = random.integers(0, 3, (random.integers(2, 12), 4)) * (random.random((1, 4)) < 0.8)
        if (counts[counts.sum(axis=1) > 1].sum(axis=0) > 0).sum() > 1:
            assert alpha(counts) == pytest.approx(alpha_by_pairs(counts))
            weights = random.integers(0, 3, (len(counts), 2))
            again = [alpha_by_pairs(np.repeat(counts, w, axis=0)) for w in weights.T if _varied(counts, w)]
            given = [a for a, w in zip(alpha(counts, weights), weights.T, strict=True) if _varied(counts, w)]
            np.testing.assert_allclose(given, again)


def _varied(counts, weights) -> bool:
    drawn = counts[(weights > 0) & (counts.sum(axis=1) > 1)]
    return (drawn.sum(axis=0) > 0).sum() > 1


def test_nothing_to_disagree_about_is_no_agreement():
    assert np.isnan(alpha(np.array([[3, 0], [2, 0]])))  # all said the same
    assert np.isnan(alpha(np.array([[1, 0], [0, 1]])))  # no item twice
    assert np.isnan(alpha(np.zeros((0, 2))))


def test_the_interval_is_over_items():
    counts = np.array([[3, 0], [0, 3], [2, 1], [3, 0], [1, 2], [0, 3]])
    weights = np.stack([np.ones(6), [6, 0, 0, 0, 0, 0], [0, 0, 3, 0, 3, 0], [1, 1, 0, 1, 0, 3]], axis=1)
    found = resampled_alpha(counts, weights)
    assert found.value == pytest.approx(alpha_by_pairs(counts))
    np.testing.assert_allclose(found.samples[[0, 3]], [found.value, 1.0])
    assert np.isnan(found.samples[1]) and found.samples[2] < 0.1
