"""Convolution, pooling and normalisation against torch, and against the definition in NumPy."""

import numpy as np
import pytest
from flax import nnx

from partsjax.networks.layers import LRN, Conv, MaxPool
from partsjax.networks.operations import convolution, max_pool, normalise

DRAWS = np.random.default_rng(3)


def _nchw(torch, x):
    return torch.tensor(np.asarray(x)).permute(0, 3, 1, 2)


def _nhwc(x):
    return x.permute(0, 2, 3, 1).numpy()


@pytest.mark.parametrize("layer", [
    Conv("a", 8, kernel=11, stride=4, pad=2),
    Conv("a", 8, kernel=11, stride=4),
    Conv("a", 12, kernel=5, pad=2, groups=2),
    Conv("a", 6, kernel=3, pad=1),
    Conv("a", 6, kernel=3, pad=1, groups=3),
])  # fmt: skip
def test_convolution_is_torchs(layer):
    torch = pytest.importorskip("torch")
    x = DRAWS.standard_normal((2, 31, 33, 6), np.float32)
    kernel = DRAWS.standard_normal(
        (layer.kernel, layer.kernel, 6 // layer.groups, layer.features), np.float32
    )
    expected = torch.nn.functional.conv2d(
        _nchw(torch, x),
        torch.tensor(kernel.transpose(3, 2, 0, 1).copy()),
        stride=layer.stride,
        padding=layer.pad,
        groups=layer.groups,
    )
    module = convolution(layer, 6, "float32", nnx.Rngs(0))
    module.kernel[...] = kernel
    np.testing.assert_allclose(module(x), _nhwc(expected), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("side", [13, 14, 27])
@pytest.mark.parametrize("pool", [MaxPool(3, 2), MaxPool(3, 2, ceil=True), MaxPool(2, 2)])
def test_pooling_is_torchs(pool, side):
    torch = pytest.importorskip("torch")
    x = DRAWS.standard_normal((2, side, side + 3, 5), np.float32)
    expected = torch.nn.functional.max_pool2d(_nchw(torch, x), pool.kernel, pool.stride, ceil_mode=pool.ceil)
    np.testing.assert_array_equal(max_pool(x, pool), _nhwc(expected))


def test_pooling_is_the_largest_of_each_window_negative_values_and_overhang_included():
    x = -1 - DRAWS.random((1, 6, 6, 2), np.float32)
    pooled = np.asarray(max_pool(x, MaxPool(3, 2, ceil=True)))
    assert pooled.shape == (1, 3, 3, 2)
    for row in range(3):
        for column in range(3):
            window = x[0, 2 * row : 2 * row + 3, 2 * column : 2 * column + 3]
            np.testing.assert_array_equal(pooled[0, row, column], window.max((0, 1)))


@pytest.mark.parametrize("beta", [0.75, 0.5, 1.0])
def test_normalisation_is_its_equation(beta):
    lrn = LRN(size=5, alpha=0.3, beta=beta, k=1.5)
    x = DRAWS.standard_normal((2, 3, 4, 9), np.float32)
    expected = np.empty_like(x)
    for c in range(9):
        total = (x[..., max(0, c - 2) : c + 3] ** 2).sum(-1)
        expected[..., c] = x[..., c] / (1.5 + 0.3 / 5 * total) ** beta
    np.testing.assert_allclose(normalise(x, lrn), expected, rtol=1e-5)


def test_normalisation_is_torchs_at_caffes_settings():
    torch = pytest.importorskip("torch")
    x = 100 * DRAWS.random((2, 5, 5, 16), np.float32)
    lrn = LRN()
    expected = torch.nn.functional.local_response_norm(
        _nchw(torch, x), lrn.size, alpha=lrn.alpha, beta=lrn.beta, k=lrn.k
    )
    np.testing.assert_allclose(normalise(x, lrn), _nhwc(expected), rtol=1e-5)
