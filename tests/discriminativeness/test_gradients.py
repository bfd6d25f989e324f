"""Gradient x activation against finite differences, and against the drop itself where all is linear."""

import dataclasses

import numpy as np
import pytest

from partsjax.discriminativeness.ablation import ablator
from partsjax.discriminativeness.gradients import attributor
from partsjax.networks import as_network
from tests.discriminativeness import plain
from tests.discriminativeness.test_ablation import drawn, images, table


def test_it_is_the_drop_where_the_network_is_linear_from_there():
    architecture = table(head="cells, mean, linear")
    architecture = dataclasses.replace(architecture, layers=architecture.layers[:1])
    network = as_network(architecture, drawn(architecture))
    pixels, labels = images(architecture), np.array([0, 1, 2, 3])
    found = attributor(network, "conv1")(pixels, labels)
    np.testing.assert_allclose(found, ablator(network, "conv1")(pixels, labels).before, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("layers", ["plain", "normalised first"])
def test_it_is_the_slope_along_the_map(layers):
    """The derivative of the score by h, f's map being scaled by 1 + h."""
    architecture = table(layers)
    weights, pixels, labels = drawn(architecture), images(architecture), np.array([3, 1, 2, 0])
    found = np.asarray(attributor(as_network(architecture, weights), "conv1")(pixels, labels))
    wide = {name: value.astype(np.float64) for name, value in weights.items()}
    kernel, bias, h = wide["conv1/kernel"], wide["conv1/bias"], 1e-6
    for n, c in enumerate(labels):
        maps = plain.relu(plain.convolve(pixels[n], kernel, bias, architecture.layers[0].stride, 0, 1))
        for f in range(len(bias)):
            chosen = np.arange(len(bias)) == f
            low, high = (
                plain.scores(architecture, wide, maps * (1 + by * chosen), start=1)[c] for by in (-h, h)
            )
            np.testing.assert_allclose(found[n, f], (high - low) / (2 * h), rtol=1e-3, atol=1e-4)
