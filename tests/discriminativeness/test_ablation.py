"""Ablation against the network run again with the map zeroed: in plain NumPy, and on photographs."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from partsjax.data.crops import class_crops
from partsjax.data.loading import load_dataset
from partsjax.data.pipeline import batches
from partsjax.discriminativeness.ablation import ablated_scores, ablator
from partsjax.errors import InputError
from partsjax.networks import (
    ARCHITECTURES,
    CLASS_SCORES,
    Architecture,
    as_network,
    load_network,
)
from partsjax.networks.heads import head_for
from partsjax.networks.initial import initial_weights, weight_shapes
from partsjax.networks.layers import LRN, Conv, Dense, MaxPool
from partsjax.networks.modules import named, with_values
from partsjax.networks.protocol import Preprocessing
from tests.discriminativeness import plain

PIXELS = Preprocessing((0.0,) * 3, (1.0,) * 3)
HEADS = {
    "hidden layers": ((Dense("fc6", 7), Dense("fc7", 6), Dense("fc8", 4, relu=False)), None, "max"),
    "one layer": ((Dense("scores", 4, relu=False),), None, "max"),
    "cells, maximum": ((Dense("fc6", 7), Dense("scores", 4, relu=False)), 1, "max"),
    "cells, mean, linear": ((Dense("scores", 4, relu=False),), 1, "mean"),
    "cells, mean": ((Dense("fc6", 7), Dense("scores", 4, relu=False)), 1, "mean"),
    "windows of two, maximum": ((Dense("fc6", 7), Dense("scores", 4, relu=False)), 2, "max"),
}
TABLES = {
    "plain": (
        Conv("conv1", 4, kernel=3, stride=2),
        MaxPool(2, 2),
        Conv("conv2", 6, kernel=3, pad=1),
        Conv("conv3", 5, kernel=3, pad=1),
        MaxPool(3, 2, ceil=True),
    ),
    "grouped": (
        Conv("conv1", 6, kernel=3, stride=2),
        MaxPool(2, 2),
        Conv("conv2", 6, kernel=3, pad=1, groups=3),
        Conv("conv3", 4, kernel=2, stride=2, groups=2),
    ),
    "normalised first": (
        Conv("conv1", 6, kernel=3, stride=2),
        LRN(alpha=0.5),
        MaxPool(2, 2),
        Conv("conv2", 4, kernel=3, pad=1, groups=2),
        LRN(size=3, alpha=2.0),
    ),
    "pooled first": (
        Conv("conv1", 6, kernel=3, stride=2),
        MaxPool(2, 2),
        LRN(alpha=0.5),
        Conv("conv2", 4, kernel=3, pad=1, groups=2),
        MaxPool(2, 1),
    ),
}


def table(layers="plain", head="hidden layers") -> Architecture:
    return Architecture("tiny", TABLES[layers], *HEADS[head][:1], 17, PIXELS, ("conv1",), *HEADS[head][1:])


def drawn(architecture: Architecture, seed=0) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    return {
        name: random.normal(0.05, 0.4, s).astype(np.float32)
        for name, s in weight_shapes(architecture).items()
    }


def images(architecture: Architecture, seed=0, count=4) -> np.ndarray:
    side = architecture.input_size
    return np.random.default_rng((seed, 1)).normal(0, 1, (count, side, side, 3)).astype(np.float32)


def run_again(architecture, weights, pixels, layer):
    """(scores [B, C], with each filter's map zeroed [B, F, C]) by the plain network, from the pixels on."""
    filters = weights[f"{layer}/bias"].size
    weights = {name: value.astype(np.float64) for name, value in weights.items()}
    intact = [plain.scores(architecture, weights, x) for x in pixels]
    zeroed = [[plain.scores(architecture, weights, x, (layer, f)) for f in range(filters)] for x in pixels]
    return np.array(intact), np.array(zeroed)


def ablated(architecture, weights, pixels, layer, **options):
    network = as_network(architecture, weights)
    ablate = jax.jit(ablated_scores(network, layer, **options))
    activation = network.apply(network.params, pixels, (layer,))[layer]
    return [np.asarray(a) for a in ablate(network.params, activation)]


def assert_equal_to_running_again(architecture, weights, pixels, layer, **options):
    expected = run_again(architecture, weights, pixels, layer)
    for found, wanted in zip(ablated(architecture, weights, pixels, layer, **options), expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-4 * np.abs(wanted).max())
    assert np.abs(expected[1] - expected[0][:, None]).max() > 1e-2 * np.abs(expected[0]).max()


@pytest.mark.slow
@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("layer", ["conv1", "conv2", "conv3"])
def test_ablation_is_running_again_for_every_head(head, layer):
    architecture = table(head=head)
    assert_equal_to_running_again(architecture, drawn(architecture), images(architecture, count=2), layer)


@pytest.mark.parametrize(("layers", "layer"), [
    (layers, step.name) for layers, steps in TABLES.items() for step in steps
    if layers != "plain" and isinstance(step, Conv)
])  # fmt: skip
def test_ablation_is_running_again_with_groups_and_normalisation(layers, layer):
    architecture = table(layers, "windows of two, maximum")
    assert_equal_to_running_again(architecture, drawn(architecture), images(architecture, count=2), layer)


@pytest.mark.parametrize("layer", ["conv1", "conv3"])
def test_ties_in_maximum_pooling_and_in_the_head_change_nothing(layer):
    architecture = table(head="cells, maximum")
    weights = {name: np.round(2 * value) / 2 for name, value in drawn(architecture).items()}
    weights["conv3/kernel"][..., 1] = weights["conv3/kernel"][..., 0]
    weights["conv3/bias"][1] = weights["conv3/bias"][0]
    pixels = np.tile(np.round(images(architecture, count=2)[:, :1, :1]), (1, 17, 17, 1))  # one colour each
    pixels[1, :, 9:] += 1
    assert_equal_to_running_again(architecture, weights, pixels, layer)


@pytest.mark.parametrize("memory", [1, 1200, 1 << 28])
def test_any_number_of_filters_at_once(memory):
    architecture = table()
    weights, pixels = drawn(architecture), images(architecture, count=2)
    assert_equal_to_running_again(architecture, weights, pixels, "conv2", memory=memory)


@pytest.mark.parametrize("layers", ["plain", "normalised first"])
def test_a_dead_filter_changes_nothing_to_the_bit(layers):
    architecture = table(layers)
    weights, pixels = drawn(architecture), images(architecture)
    weights["conv1/bias"][2] = -1e6
    scores, without = ablated(architecture, weights, pixels, "conv1")
    np.testing.assert_array_equal(without[:, 2], scores)
    assert (without[:, [0, 1, 3]] != scores[:, None]).any()
    weights["conv1/bias"][:] = -1e6
    scores, without = ablated(architecture, weights, pixels, "conv1")
    np.testing.assert_array_equal(without, np.repeat(scores[:, None], without.shape[1], axis=1))


def softmax(scores):
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


@pytest.mark.parametrize("probability", [softmax, lambda s: 1 / (1 + np.exp(-s))])
def test_drops_are_those_of_each_crops_class_before_and_after(probability):
    architecture = dataclasses.replace(
        table(), preprocessing=Preprocessing((100.0, 90.0, 80.0), (50.0, 55.0, 60.0))
    )
    weights, normal = drawn(architecture), images(architecture, count=2 * jax.device_count())
    labels = np.arange(len(normal)) % 4
    pixels = (normal * [50.0, 55.0, 60.0] + [100.0, 90.0, 80.0]).astype(np.float32)
    intact, zeroed = run_again(architecture, weights, normal, "conv3")
    ours = {softmax: jax.nn.softmax}.get(probability, jax.nn.sigmoid)
    found = ablator(as_network(architecture, weights), "conv3", probability=ours)(pixels, labels)

    def of(scores):
        return np.stack([scores[n, ..., c] for n, c in enumerate(labels)])

    np.testing.assert_allclose(found.scores, intact, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(found.before, of(intact)[:, None] - of(zeroed), rtol=1e-3, atol=1e-4)
    lost = of(probability(intact))[:, None] - of(probability(zeroed))
    np.testing.assert_allclose(found.after, lost, rtol=1e-3, atol=1e-5)


def test_a_network_without_class_scores_is_refused():
    with pytest.raises(InputError, match="alexnet has no class scores"):
        ablator(load_network("alexnet", "random"), "conv5")


def crops_of(photographs, network, count):
    dataset = load_dataset("coco_parts", photographs, classes=["horse"])
    crops = class_crops(dataset, "horse", "val", network.input_size, limit=count)
    return next(batches(crops, [np.arange(count)], count, network.preprocessing.mean)).pixels


def trained(head: str):
    """AlexNet's ImageNet convolutions under an untrained head: its own 4096-4096, or a compact one."""
    own = dataclasses.replace(ARCHITECTURES["alexnet"].with_classes(6), name="alexnet")
    bare = ARCHITECTURES["alexnet"].headless()
    architecture = own if head == "own" else head_for(bare, head, 6)
    convolutions = named(load_network("alexnet", "imagenet").params)
    return as_network(architecture, initial_weights(architecture, 0) | convolutions)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("head", "layer"), [("own", "conv5"), ("object", "conv4"), ("mil", "conv5"), ("cam", "conv5")]
)
def test_ablation_on_photographs_is_running_again_for_every_filter(photographs, head, layer):
    """From the pixels, by a network whose filter has no kernel and no bias, so that its map is zero."""
    network = trained(head)
    count = jax.device_count() * (1 if head == "own" else 2)
    pixels, labels = crops_of(photographs, network, count), np.arange(count) % 6
    found = ablator(network, layer)(pixels, labels)
    mean, std = (np.array(v, np.float32) for v in (network.preprocessing.mean, network.preprocessing.std))
    weights, x = named(network.params), (pixels - mean) / std

    @jax.jit
    def again(weights, x, without):
        mine = {name: jnp.where(without, 0, weights[name]) for name in (f"{layer}/kernel", f"{layer}/bias")}
        params = with_values(network.params, weights | mine)
        return network.apply(params, x, (CLASS_SCORES,))[CLASS_SCORES]

    filters, own = np.arange(256), (np.arange(count), labels)
    intact = np.asarray(again(weights, x, filters < 0))
    np.testing.assert_allclose(found.scores, intact, rtol=1e-4, atol=1e-4 * np.abs(intact).max())
    for f in filters:
        score = np.asarray(again(weights, x, filters == f))[own]
        np.testing.assert_allclose(
            intact[own] - found.before[:, f], score, rtol=1e-4, atol=1e-5 * np.abs(intact).max()
        )
    assert np.abs(found.before).max() > 0.01 * np.abs(intact).max()
