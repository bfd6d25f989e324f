"""Region pooling against loops written down separately."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from partsjax.supervision.regions import bilinear_weights, pool_regions
from tests.plain.regions import pool_region

ADVERSARIAL = np.array(
    [
        [0, 0, 1, 1],  # the whole map
        [0.3, 0.6, 0.3, 0.6],  # a point
        [0.2, 0.1, 0.2, 0.9],  # no width
        [0.9, 0.95, 1, 1],  # less than a cell
        [-0.5, -0.2, 1.5, 1.1],  # beyond the map
        [1.2, 0.2, 1.4, 0.4],  # outside it
        [0.25, 0.25, 0.75, 0.5],  # on the borders of cells
    ],
    np.float32,
)


@pytest.mark.parametrize(
    ("height", "width", "side"), [(13, 13, 6), (5, 8, 3), (4, 4, 7), (1, 1, 2), (6, 9, 1)]
)
def test_equals_plain_loops(height, width, side):
    random = np.random.default_rng(height * width)
    # Also below zero: what lies outside must never be the maximum.
    activation = random.standard_normal((2, height, width, 3)).astype(np.float32) - 1
    corners = np.sort(random.random((2, 4, 2, 2)), axis=2).astype(np.float32).reshape(2, 4, 4)
    windows = np.concatenate([np.broadcast_to(ADVERSARIAL, (2, 7, 4)), corners], axis=1)
    found = np.asarray(jax.jit(pool_regions, static_argnums=2)(activation, windows, side))
    assert found.shape == (2, 11, side, side, 3)
    for b, r in np.ndindex(2, 11):
        expected = pool_region(activation[b], windows[b, r], side)
        np.testing.assert_allclose(found[b, r], expected, atol=2e-5)


def test_whole_map_with_a_bin_for_every_cell_is_the_map_of_maxima():
    activation = np.zeros((1, 6, 6, 1), np.float32)
    activation[0, 2, 3] = 5
    found = pool_regions(jnp.asarray(activation), jnp.asarray([[[0.0, 0, 1, 1]]]), 6)[0, 0, :, :, 0]
    expected = np.zeros((6, 6))
    expected[1:4, 2:5] = 5
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_a_mirrored_image_gives_mirrored_regions():
    random = np.random.default_rng(0)
    activation = random.random((1, 7, 7, 2)).astype(np.float32)
    windows = np.array([[[0.1, 0.2, 0.7, 0.9], [0, 0, 1, 1]]], np.float32)
    mirrored = np.stack([1 - windows[..., 2], windows[..., 1], 1 - windows[..., 0], windows[..., 3]], -1)
    there = pool_regions(jnp.asarray(activation), jnp.asarray(windows), 4)
    back = pool_regions(jnp.asarray(activation[:, :, ::-1]), jnp.asarray(mirrored), 4)
    np.testing.assert_allclose(there, back[:, :, :, ::-1], atol=1e-5)


def test_gradient_reaches_the_strongest_cell_and_is_finite_at_the_border():
    activation = np.zeros((1, 5, 5, 1), np.float32)
    activation[0, 0, 0] = 2

    def total(values):
        return pool_regions(values, jnp.asarray([[[0.0, 0, 0.4, 0.4]]]), 2).sum()

    gradient = np.asarray(jax.grad(total)(jnp.asarray(activation)))
    assert np.isfinite(gradient).all()
    np.testing.assert_allclose(gradient[0, 0, 0, 0], 4, atol=1e-5)  # the maximum of every cell that is read


def test_weights_are_the_activations_type():
    activation = jnp.ones((1, 4, 4, 1), jnp.bfloat16)
    assert pool_regions(activation, jnp.asarray([[[0.0, 0, 1, 1]]]), 2).dtype == jnp.bfloat16


@pytest.mark.parametrize("cells", [1, 4])
def test_bilinear_weights_sum_to_one_and_are_numpys_interpolation(cells):
    positions = np.linspace(-1, cells + 1, 57, dtype=np.float32)
    weights = bilinear_weights(positions, cells)
    np.testing.assert_allclose(weights.sum(axis=-1), 1, atol=1e-6)
    values = np.random.default_rng(0).random(cells)
    expected = np.interp(positions, np.arange(cells) + 0.5, values)
    np.testing.assert_allclose(weights @ values, expected, atol=1e-5)
