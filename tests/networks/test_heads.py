"""Heads for other classes, heads that slide, and scores from the middle of a network."""

import dataclasses

import jax
import numpy as np
import pytest

from partsjax.networks.architectures import ARCHITECTURES
from partsjax.networks.assembly import as_network
from partsjax.networks.heads import HIDDEN, head_for
from partsjax.networks.initial import weight_shapes
from partsjax.networks.layers import Dense, MaxPool
from partsjax.networks.modules import named
from partsjax.supervision.recipe import Recipe

OBJECTIVES = ("object", "image", "mil", "cam", "wsddn")


def _plain_head(table, weights, features):
    """Class maps [B, h, w, C] of a sliding head, position by position."""
    side = table.head_side
    rows, columns = (n - side + 1 for n in features.shape[1:3])
    maps = np.zeros((len(features), rows, columns, table.head[-1].features))
    for y in range(rows):
        for x in range(columns):
            out = features[:, y : y + side, x : x + side].reshape(len(features), -1).astype(np.float64)
            for layer in table.head:
                out = out @ weights[f"{layer.name}/kernel"] + weights[f"{layer.name}/bias"]
                out = np.maximum(out, 0) if layer.relu else out
            maps[:, y, x] = out
    return maps


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("own_head", [True, False])
def test_a_head_gives_the_classes_scores_by_its_pooling(objective, own_head, small, weights_for):
    base = small("alexnet") if own_head else small("alexnet").headless()
    table = head_for(base, objective, 3)
    weights = weights_for(table)
    features = np.random.default_rng(0).standard_normal((2, 7, 8, 16)).astype(np.float32)
    found = as_network(table, weights).module().head(features, ("class_maps", "scores"))
    maps = _plain_head(table, weights, features)
    np.testing.assert_allclose(found["class_maps"], maps, rtol=1e-4, atol=1e-4)
    pooled = maps.mean((1, 2)) if objective == "cam" else maps.max((1, 2))
    np.testing.assert_allclose(found["scores"], pooled, rtol=1e-4, atol=1e-4)


def test_own_dense_layers_stay_and_compact_ones_replace_none():
    own = head_for(ARCHITECTURES["alexnet"], "object", 6).head
    assert [(layer.name, layer.features) for layer in own] == [("fc6", 4096), ("fc7", 4096), ("scores", 6)]
    bare = ARCHITECTURES["vgg16"].headless()
    assert head_for(bare, "image", 6).head == (Dense("fc6", HIDDEN), Dense("scores", 6, relu=False))
    assert head_for(bare, "image", 6).head_side == 7
    assert Recipe().hidden == HIDDEN
    mil, cam = head_for(bare, "mil", 6), head_for(bare, "cam", 6)
    assert (mil.window, mil.pooling, cam.window, cam.pooling) == (1, "max", 1, "mean")
    assert not isinstance(mil.layers[-1], MaxPool)
    assert cam.head == (Dense("scores", 6, relu=False),)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["alexnet", "caffenet", "vgg16"])
def test_scores_from_an_activation_are_those_from_the_image(name, small, weights_for, images_for):
    table = small(name)
    network = as_network(table, weights_for(table), classes=tuple("abcdefghij"))
    images = images_for(table)
    layers = tuple(network.fields)
    found = network.apply(network.params, images, (*layers, "scores"))
    for layer in layers:
        again = network.after(network.params, layer, found[layer])
        np.testing.assert_allclose(again, found["scores"], rtol=1e-4, atol=1e-5, err_msg=layer)
    assert network.classes[9] == "j"


def test_a_network_without_a_head_has_no_scores_to_go_on_to(small, weights_for):
    table = small("alexnet").headless()
    assert as_network(table, weights_for(table)).after is None


def test_the_weights_of_a_network_are_those_it_was_made_of(small, weights_for):
    table = head_for(small("alexnet").headless(), "mil", 4)
    weights = weights_for(table)
    assert weights.keys() == weight_shapes(table).keys()
    again = named(as_network(table, weights).params)
    assert again.keys() == weights.keys()
    for name in weights:
        np.testing.assert_array_equal(again[name], weights[name])


def test_dropout_halves_hidden_units_and_keeps_their_mean(small, weights_for):
    table = dataclasses.replace(small("alexnet"), head=(Dense("fc6", 4000), Dense("fc8", 2, relu=False)))
    features = np.abs(np.random.default_rng(1).standard_normal((1, 6, 6, 16))).astype(np.float32)
    net = as_network(table, weights_for(table)).module()
    plain = np.asarray(net.head(features, ("fc6",))["fc6"])
    dropped = np.asarray(net.head(features, ("fc6",), dropout=jax.random.key(0))["fc6"])
    alive = plain > 0
    kept = dropped[alive] > 0
    np.testing.assert_allclose(dropped[alive][kept], 2 * plain[alive][kept], rtol=1e-6)
    assert abs(kept.mean() - 0.5) < 4 * 0.5 / np.sqrt(alive.sum())
