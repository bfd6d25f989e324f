"""Thresholds are the exact quantile, however the cells come."""

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

from partsjax.emergence.iou.thresholds import Thresholds


def found(cells: np.ndarray, *borders: int) -> np.ndarray:
    thresholds = Thresholds(*cells.shape)
    for piece in np.split(cells, borders, axis=1):
        thresholds.add(piece)
    return thresholds.values()


@hypothesis.given(st.integers(0, 10**6), st.integers(1, 1500), st.sampled_from(["normal", "few", "ties"]))
def test_the_quantile_of_all_cells(seed, cells, kind):
    random = np.random.default_rng(seed)
    values = np.maximum(random.standard_normal((3, cells)), 0).astype(np.float32)
    if kind == "few":
        values *= random.random(values.shape) < 0.004
    elif kind == "ties":
        values = np.round(values * 2) / 2
    borders = np.sort(random.integers(0, cells + 1, 4))
    expected = np.quantile(values.astype(np.float64), 0.995, axis=1)
    positive = np.maximum(expected, np.finfo(np.float32).tiny)
    np.testing.assert_allclose(found(values, *borders), positive, rtol=1e-6)


def test_more_filters_than_are_sorted_out_at_once():
    values = np.random.default_rng(0).random((600, 900), np.float32)
    np.testing.assert_allclose(found(values, 10, 500), np.quantile(values, 0.995, axis=1), rtol=1e-6)


def test_a_filter_that_never_fires_is_active_nowhere():
    (level,) = found(np.zeros((1, 400), np.float32), 50)
    assert level > 0
    (level,) = found(np.full((1, 400), -1, np.float32))
    assert level > 0


def test_memory_is_what_it_says():
    assert Thresholds.bytes(7, 10_000) == Thresholds(7, 10_000)._largest.nbytes
    assert Thresholds.bytes(32_000, 1_000 * 196) < 130e6


@pytest.mark.parametrize("cells", [1, 2, 3, 201, 202])
def test_few_cells(cells):
    values = np.arange(1, cells + 1, dtype=np.float32)[None]
    np.testing.assert_allclose(found(values), np.quantile(values, 0.995, axis=1), rtol=1e-6)
