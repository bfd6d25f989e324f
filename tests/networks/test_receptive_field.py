"""Receptive fields by gradients: those of the layer tables, and what cannot be measured."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from partsjax.errors import InputError
from partsjax.networks import ReceptiveField, estimate_receptive_field, load_network
from partsjax.networks.assembly import as_network
from tests.networks.tables import receptive_fields

SIDES = {"alexnet": 224, "caffenet": 227, "vgg16": 128, "vgg19": 160}


@pytest.mark.slow
@pytest.mark.parametrize("name", SIDES)
def test_tables_agree_with_gradients(name, small, weights_for):
    """At full geometry but with a sixteenth of the filters, which a receptive field does not depend on."""
    table = small(name, divide=16).headless()
    network = as_network(table, weights_for(table))
    expected = receptive_fields(table.layers)
    for layer in table.default_layers:
        assert estimate_receptive_field(network.apply, network.params, layer, SIDES[name]) == expected[layer]


def test_trained_alexnet_agrees_with_its_table():
    network = load_network("alexnet", "imagenet")
    field = estimate_receptive_field(network.apply, network.params, "conv5", 224, samples=1)
    assert field == network.fields["conv5"] == ReceptiveField(163, 16, 15)


def _convolve(images, size, stride, pad, *, height=None):
    kernel = np.random.default_rng(0).standard_normal((height or size, size, 3, 6)).astype(np.float32)
    return jax.nn.relu(
        jax.lax.conv_general_dilated(
            images, kernel, (stride, stride), [pad, pad], dimension_numbers=("NHWC", "HWIO", "NHWC")
        )
    )


def _estimate(function, side=40):
    return estimate_receptive_field(lambda p, x, layers: {"a": function(x)}, {}, "a", side)


def test_even_kernels_and_one_sided_padding_have_fractional_or_shifted_centres():
    assert _estimate(lambda x: _convolve(x, 4, 2, (0, 0))) == ReceptiveField(4, 2, 1.5)
    assert _estimate(lambda x: _convolve(x, 5, 1, (0, 4))) == ReceptiveField(5, 1, 2)
    assert _estimate(lambda x: _convolve(x, 5, 1, (4, 0))) == ReceptiveField(5, 1, -2)


def test_enlarged_maps_have_strides_below_one():
    field = _estimate(lambda x: jnp.repeat(jnp.repeat(_convolve(x, 3, 1, (1, 1)), 2, 1), 2, 2))
    assert field.stride == 0.5


@pytest.mark.parametrize(("function", "message"), [
    (lambda x: _convolve(x, 3, 1, (1, 1)) * jnp.mean(x), "see up to the border of the image, larger"),
    (lambda x: _convolve(x, 3, 1, (1, 1)) * 0, "does not respond to random images"),
    (lambda x: _convolve(x, 3, 1, (1, 1), height=7), "cells; it must be square"),
    (lambda x: jax.nn.relu(x + jnp.roll(x, 2, 1)), "other rows than columns|see up to the border"),
    (lambda x: x.reshape(4, -1), "it must be"),
    (lambda x: x[:, :1, :1], "it has a single cell"),
])  # fmt: skip
def test_what_cannot_be_measured_is_said(function, message):
    with pytest.raises(InputError, match=message):
        _estimate(function)


def test_a_layer_the_network_does_not_return():
    with pytest.raises(InputError, match="layer b: the network does not return it; it returns a"):
        estimate_receptive_field(lambda p, x, layers: {"a": x}, {}, "b", 8)
