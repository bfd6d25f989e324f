"""Which filters are taken first, against the plain reference, over more steps than one block has."""

import numpy as np

from partsjax.emergence.readout.ridge import scales
from partsjax.emergence.readout.sparse import forward, sizes
from tests.plain import readout as plain


def test_filters_are_taken_in_the_order_of_the_plain_reference():
    random = np.random.default_rng(0)
    filters, strength = 150, 1e-2
    x = np.maximum(random.standard_normal((600, filters + 8)) @ random.standard_normal((filters + 8,) * 2), 0)
    x[:, 7] = 0
    x[:, -1] = 1
    y = (x @ random.standard_normal(filters + 8) > 0).astype(float)
    z = x / scales(x.T @ x)
    gram = z.T @ z
    found = forward(gram, z.T @ y, strength * np.trace(gram) / len(gram), 128)
    assert found.tolist() == plain.pursuit(x, y, strength)[:128]


def test_sizes_double_and_end_with_all():
    assert (sizes(1), sizes(8), sizes(9)) == ((1,), (1, 2, 4, 8), (1, 2, 4, 8, 9))
