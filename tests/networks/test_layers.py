"""The sizes of maps that follow from the layer tables."""

import pytest

from partsjax.networks.architectures import ARCHITECTURES, architecture
from partsjax.networks.layers import LRN, Conv, MaxPool, output_side


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
