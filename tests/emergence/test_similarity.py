"""How alike crops excite filters, against a plain loop."""

import math

import numpy as np

from partsjax.emergence.similarity import similarity


def plain(one, other) -> float:
    """The cosine of the angle between two lists of numbers, 0 where one is all zeros."""
    length = math.sqrt(sum(a * a for a in one)) * math.sqrt(sum(b * b for b in other))
    return sum(a * b for a, b in zip(one, other, strict=True)) / length if length else 0.0


def test_it_is_the_cosine():
    random = np.random.default_rng(0)
    drawn = random.random((7, 40)) * (random.random((7, 40)) > 0.5)
    drawn[:, 3] = 0
    for kind in (np.float16, np.float32):
        of = drawn.astype(kind)
        found = similarity(of[:, 0], of)
        expected = [plain(of[:, 0].tolist(), of[:, n].tolist()) for n in range(40)]
        np.testing.assert_allclose(found, expected, atol=1e-6)
        assert found[0] == 1 and found[3] == 0 and (found <= 1).all()
        assert (similarity(of[:, 3], of) == 0).all()


def test_crops_that_are_multiples_of_each_other_are_equally_alike():
    """Whatever the order in which a product adds up: they are ordered by the dataset."""
    random = np.random.default_rng(1)
    one, other = random.random((2, 300))
    found = similarity(one, other[:, None] * random.random(101))
    assert len(set(found.tolist())) == 1
