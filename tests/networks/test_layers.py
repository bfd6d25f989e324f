"""The geometry that follows from the layer tables."""

import pytest

from partsjax.networks.architectures import ARCHITECTURES, architecture
from partsjax.networks.layers import LRN, Conv, MaxPool, output_side, receptive_fields
from partsjax.networks.protocol import ReceptiveField

PAPER_SIZES = {
    "alexnet": {
        "conv1": (11, 4),
        "conv2": (51, 8),
        "conv3": (99, 16),
        "conv4": (131, 16),
        "conv5": (163, 16),
    },
    "caffenet": {
        "conv1": (11, 4),
        "conv2": (51, 8),
        "conv3": (99, 16),
        "conv4": (131, 16),
        "conv5": (163, 16),
    },
    "vgg16": {"conv3_3": (40, 4), "conv4_3": (92, 8), "conv5_3": (196, 16)},
}


@pytest.mark.parametrize("name", PAPER_SIZES)
def test_sizes_and_strides_are_the_papers(name):
    fields = receptive_fields(ARCHITECTURES[name].layers)
    assert {layer: (fields[layer].size, fields[layer].stride) for layer in PAPER_SIZES[name]} == PAPER_SIZES[
        name
    ]


def test_centre_of_alexnets_conv5_is_the_methods():
    assert receptive_fields(ARCHITECTURES["alexnet"].layers)["conv5"] == ReceptiveField(163, 16, 15)


def test_without_padding_the_first_centre_is_the_middle_of_the_field():
    field = receptive_fields((Conv("a", 1, kernel=5), MaxPool(3, 2), Conv("b", 1, kernel=3)))["b"]
    assert field.center == (field.size - 1) / 2
    assert receptive_fields((Conv("a", 1, kernel=3, pad=1),))["a"].center == 0


def test_normalisation_changes_no_geometry():
    table = (Conv("a", 4, kernel=3), MaxPool(2, 2), Conv("b", 4, kernel=3))
    assert receptive_fields(table) == receptive_fields((table[0], LRN(), *table[1:]))
    assert output_side(table, 31) == output_side((table[0], LRN(), *table[1:]), 31)


@pytest.mark.parametrize(("name", "side"), [("alexnet", 6), ("caffenet", 6), ("vgg16", 7), ("vgg19", 7)])
def test_the_dense_layers_see_the_usual_map(name, side):
    net = ARCHITECTURES[name]
    assert output_side(net.layers, net.input_size) == side


def test_ceil_counts_the_last_window_that_hangs_over():
    assert output_side((MaxPool(3, 2),), 14) == 6
    assert output_side((MaxPool(3, 2, ceil=True),), 14) == 7
    assert output_side((MaxPool(3, 2, ceil=True),), 13) == 6


def test_default_layers_exist_and_are_in_forward_order():
    for net in ARCHITECTURES.values():
        order = [layer.name for layer in net.convolutions]
        assert list(net.default_layers) == sorted(net.default_layers, key=order.index)


def test_pooling_first_swaps_each_normalisation_with_its_pooling_and_nothing_else():
    net = architecture("caffenet")
    kinds = [type(layer) for layer in net.pooling_first().layers[:6]]
    assert kinds == [Conv, MaxPool, LRN, Conv, MaxPool, LRN]
    assert sorted(map(repr, net.layers)) == sorted(map(repr, net.pooling_first().layers))
    assert architecture("vgg16").pooling_first() == architecture("vgg16")
