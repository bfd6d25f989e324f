"""Stimuli of activation maps against the plain reference."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from partsjax.ops import local_maxima
from tests.plain import stimuli as plain

strongest = jax.jit(local_maxima.strongest, static_argnums=1)


def check(activation: np.ndarray, k: int) -> None:
    cells, values = (np.asarray(a) for a in strongest(jnp.asarray(activation), k))
    maps = np.moveaxis(activation, -1, 1)
    scores, expected_cells = plain.stimuli(maps, k)  # [B, F, k]
    kept = cells.shape[1]
    assert (scores[..., kept:] == 0).all()
    scores, expected_cells = scores[..., :kept], expected_cells[..., :kept]
    np.testing.assert_array_equal(values[:, 4].transpose(2, 0, 1), scores.astype(np.float32))
    real = expected_cells >= 0
    assert not cells.transpose(2, 0, 1)[~real].any()  # cell 0 where there is none
    np.testing.assert_array_equal(cells.transpose(2, 0, 1)[real], expected_cells[real])
    around = plain.neighbourhood(maps, expected_cells)  # [B, F, k, 9]
    np.testing.assert_array_equal(values.transpose(3, 0, 2, 1), around.astype(np.float32))


@pytest.mark.parametrize("shape", [(2, 13, 13, 5), (1, 3, 7, 2), (3, 1, 1, 4), (2, 2, 2, 1)])
@pytest.mark.parametrize("k", [1, 8, 200])
def test_equals_plain(shape, k):
    activation = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    check(np.maximum(activation, 0), k)


@pytest.mark.slow
def test_equals_plain_with_ties_plateaus_and_silence():
    random = np.random.default_rng(1)
    check(random.integers(0, 3, (4, 9, 9, 6)).astype(np.float32), 8)  # many equal values
    check(np.ones((1, 4, 4, 1), np.float32), 8)  # one plateau: every cell counts
    check(np.zeros((1, 4, 4, 2), np.float32), 8)  # nothing fires


def test_nan_is_never_a_stimulus():
    activation = np.zeros((1, 5, 5, 1), np.float32)
    activation[0, 0, 0, 0], activation[0, 4, 4, 0] = np.nan, 2.0
    cells, values = strongest(jnp.asarray(activation), 3)
    assert cells[0, 0, 0] == 24
    assert values[0, 4, :, 0].tolist() == [2, 0, 0]


def test_wider_window():
    line = np.array([3, 0, 2, 0, 0, 0, 1], np.float32).reshape(1, 1, 7, 1)
    assert local_maxima.local_maxima(jnp.asarray(line)).ravel().tolist() == [True, False, True] + [
        False
    ] * 3 + [True]
    wide = local_maxima.local_maxima(jnp.asarray(line), window=5).ravel().tolist()
    assert wide == [True, False, False, False, False, False, True]


def test_mirrored_maps_give_mirrored_stimuli():
    activation = np.maximum(np.random.default_rng(2).standard_normal((2, 6, 6, 3)), 0).astype(np.float32)
    cells, values = strongest(jnp.asarray(activation), 8)
    mirrored_cells, mirrored = strongest(jnp.asarray(activation[:, :, ::-1]), 8)
    real = np.asarray(values[:, 4] > 0)
    expected = np.asarray(cells // 6 * 6 + 5 - cells % 6)
    np.testing.assert_array_equal(np.asarray(mirrored_cells)[real], expected[real])
    rows = np.asarray(values).reshape(3, 3, 3, *values.shape[2:])
    np.testing.assert_array_equal(np.asarray(mirrored).reshape(rows.shape), rows[:, :, ::-1])
