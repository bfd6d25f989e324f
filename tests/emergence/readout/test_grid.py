"""Which cells lie on a part, against the plain reference, where boxes lie on each other."""

import numpy as np
import pytest

from partsjax.emergence.readout.grid import Grid
from tests.emergence.test_scoring import CELLS, FIELD, SIZE
from tests.plain import readout as plain

GRID = Grid.of(FIELD, CELLS, CELLS, SIZE)


@pytest.mark.parametrize("seed", range(4))
def test_a_cell_is_of_the_nearest_box_in_units_of_its_size(seed):
    random = np.random.default_rng(seed)
    corner = random.uniform(0, 20, (2, 4, 3))
    boxes = np.concatenate([corner, corner + random.uniform(1, 44, (2, 4, 3))]).astype(np.float32)
    boxes[:, 3] = boxes[:, 0]  # twice the same: the first counts
    usable = random.random((4, 3)) < 0.8
    found = GRID.positive(boxes, usable)
    cells = plain.centers(CELLS, CELLS, (FIELD.size, FIELD.stride, FIELD.center))
    for crop in range(3):
        numbers = np.flatnonzero(usable[:, crop])
        those = boxes[:, numbers, crop].T.astype(float)
        expected = plain.on_part(cells, those, FIELD.stride)
        here = found.crops == crop
        np.testing.assert_array_equal(
            (found.rows * CELLS + found.columns)[here], np.flatnonzero(expected >= 0)
        )
        x1, y1, x2, y2 = those[expected[expected >= 0]].T
        x, y = cells[expected >= 0].T
        targets = np.array([(x1 + x2) / 2 - x, (y1 + y2) / 2 - y, x2 - x1, y2 - y1]) / SIZE
        np.testing.assert_allclose(found.targets[:, here], targets, atol=1e-12)


def test_the_reach_of_a_box_has_its_border():
    """A quarter of the side, or half the stride where that is more; the border is within."""
    x = GRID.x
    box = np.array([x[5] - 16, x[5] - 1, x[5] + 16, x[5] + 1], np.float32).reshape(4, 1, 1)
    found = GRID.positive(box, np.ones((1, 1), bool))
    assert sorted(set(found.columns.tolist())) == [3, 4, 5, 6, 7] and set(found.rows.tolist()) == {5}
