"""Order by descending score against NumPy's stable sort and its sort by two keys."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as some
from hypothesis.extra import numpy as arrays

from partsjax.ops.descending import descending

FLOATS = some.sampled_from([0.0, -0.0, 1.0, -1.0, 0.5, 1e-45, -1e-45, 3e38, -3e38, np.inf, -np.inf])
SCORES = arrays.arrays(np.float32, (2, 30), elements=FLOATS | some.floats(-5, 5, width=32))


@given(SCORES)
def test_equal_scores_stand_as_they_stood(scores):
    np.testing.assert_array_equal(descending(scores), np.argsort(-scores, axis=1, kind="stable"))


@given(SCORES, some.integers(0, 2**32 - 1))
def test_or_by_ties(scores, seed):
    ties = np.random.default_rng(seed).permutation(30) * 143_165_576  # up to nearly 2^32
    np.testing.assert_array_equal(descending(scores[0], ties), np.lexsort((ties, -scores[0])))
