"""Which maxima of its score a readout detects at."""

import numpy as np

from partsjax.emergence.readout.detecting import detect
from partsjax.emergence.readout.grid import Grid
from partsjax.emergence.readout.models import Models
from tests.emergence.test_scoring import CELLS, FIELD, SIZE

GRID = Grid.of(FIELD, CELLS, CELLS, SIZE)


def detected(of_map: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Scores [K] and boxes' centers [K, 2] of a readout that is a filter's map, less 5; boxes are a pixel."""
    score = np.zeros((1, 1, 9))
    score[..., 0], score[..., -1] = 1, -5
    models = Models((1,), np.array([True]), score, np.zeros((1, 1, 9, 4)))
    found = detect(models, GRID, of_map.astype(np.float32)[None, ..., None])
    x1, y1, x2, y2 = found.boxes[:, 0, 0, :, 0]
    return found.scores[0, 0, :, 0], np.stack([x1 + x2, y1 + y2], axis=1) / 2


def test_of_equal_scores_the_lower_cells_count():
    scores, centers = detected(np.zeros((CELLS, CELLS)))
    assert scores.tolist() == [-5.0] * 8
    np.testing.assert_allclose(centers, [(x, GRID.y[0]) for x in GRID.x[:8]])


def test_neighbors_at_corners_count_and_what_there_is_not_is_minus_infinity():
    """A slope has one maximum; a peak, in both directions, is another where no neighbor is higher."""
    row, column = np.mgrid[:CELLS, :CELLS]
    of_map = (row + column) / 64.0
    of_map[3, 4], of_map[9, 2], of_map[10, 3] = 2, 3, 4
    scores, centers = detected(of_map)
    assert scores[:3].tolist() == [-1, -3, -5 + 30 / 64] and np.isneginf(scores[3:]).all()
    np.testing.assert_allclose(
        centers[:3], [(GRID.x[x], GRID.y[y]) for y, x in ((10, 3), (3, 4), (15, 15))], atol=1e-5
    )
