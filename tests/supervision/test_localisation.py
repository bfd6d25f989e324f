"""Boxes and points of class maps."""

import numpy as np
import pytest

from partsjax.supervision.localisation import box_of_map, localise, strongest_point


def flooded(strong: np.ndarray) -> list[set[tuple[int, int]]]:
    """Connected pieces of a bool map by flood filling; sides and corners connect."""
    left, pieces = {tuple(map(int, cell)) for cell in np.argwhere(strong)}, []
    while left:
        front, piece = [min(left)], set()
        while front:
            cell = front.pop()
            if cell in left:
                left.remove(cell)
                piece.add(cell)
                front += [(cell[0] + i, cell[1] + j) for i in (-1, 0, 1) for j in (-1, 0, 1)]
        pieces.append(piece)
    return pieces


def plain_box(class_map: np.ndarray, share: float, samples: int = 9) -> np.ndarray:
    """The box by interpolating with NumPy, flood filling and looking for the extremes."""
    height, width = class_map.shape
    values = class_map.astype(float) - class_map.min()

    def enlarge(row):
        cells = len(row)
        return np.interp((np.arange(cells * samples) + 0.5) / samples, np.arange(cells) + 0.5, row)

    values = np.apply_along_axis(enlarge, 0, np.apply_along_axis(enlarge, 1, values))
    pieces = flooded(values > share * values.max())
    if not pieces:
        return np.array([0, 0, 1, 1])
    largest = max(pieces, key=len)  # the first of equal ones, as `flooded` starts at the smallest cell
    rows, columns = zip(*largest, strict=True)
    return np.array(
        [
            min(columns) / (width * samples),
            min(rows) / (height * samples),
            (max(columns) + 1) / (width * samples),
            (max(rows) + 1) / (height * samples),
        ]
    )


@pytest.mark.parametrize("seed", range(12))
def test_box_equals_flood_filling(seed):
    random = np.random.default_rng(seed)
    class_map = random.standard_normal((random.integers(1, 7), random.integers(1, 7))) - 3
    for share in (0.2, 0.6, 0.9):
        np.testing.assert_allclose(box_of_map(class_map, share), plain_box(class_map, share), atol=1e-6)


def test_a_blob_is_boxed_where_it_is_and_the_larger_of_two_is_taken():
    class_map = np.zeros((10, 10), np.float32)
    class_map[2:5, 6:9] = 1
    class_map[8, 1] = 4  # stronger, but a single cell; the other is above a fifth of it
    box = box_of_map(class_map)
    np.testing.assert_allclose(box, [0.6, 0.2, 0.9, 0.5], atol=0.05)
    np.testing.assert_allclose(strongest_point(class_map), [0.15, 0.85], atol=1e-6)


def test_neither_a_shift_nor_a_scale_of_the_scores_moves_the_box():
    class_map = np.random.default_rng(0).random((6, 5))
    np.testing.assert_array_equal(box_of_map(class_map), box_of_map(7 * class_map - 100))


def test_cells_that_touch_at_a_corner_are_one_piece():
    class_map = np.zeros((4, 4))
    class_map[0, 0] = class_map[1, 1] = class_map[2, 2] = 1
    x1, y1, x2, y2 = box_of_map(class_map, 0.9)
    assert (x1, y1) == (0, 0)
    assert x2 == y2 <= 0.5  # between the cells the enlarged map falls below: only pieces of it remain
    assert box_of_map(class_map, 0.2)[2] > 0.6  # here it does not


@pytest.mark.parametrize("value", [0.0, -3.0, 1e30])
def test_a_flat_map_says_the_whole_image(value):
    np.testing.assert_array_equal(box_of_map(np.full((3, 4), value, np.float32)), [0, 0, 1, 1])
    np.testing.assert_allclose(strongest_point(np.full((3, 4), value)), [0.125, 1 / 6], rtol=1e-6)


def test_a_map_with_a_nan_says_nothing():
    class_map = np.ones((3, 3), np.float32)
    class_map[1, 1] = np.nan
    assert np.isnan(box_of_map(class_map)).all()
    assert np.isnan(strongest_point(class_map)).all()


def test_only_the_wanted_maps_are_searched():
    maps = np.random.default_rng(1).random((3, 4, 5, 2)).astype(np.float32)
    wanted = np.array([[True, False], [False, False], [True, True]])
    boxes, points = localise(maps, wanted)
    assert np.isnan(boxes[~wanted]).all() and np.isnan(points[~wanted]).all()
    for i, c in np.argwhere(wanted):
        np.testing.assert_array_equal(boxes[i, c], box_of_map(maps[i, :, :, c]))
        np.testing.assert_array_equal(points[i, c], strongest_point(maps[i, :, :, c]))


def test_no_images():
    boxes, points = localise(np.zeros((0, 4, 4, 2), np.float32), np.zeros((0, 2), bool))
    assert boxes.shape == (0, 2, 4)
    assert points.shape == (0, 2, 2)
