"""Losses, outputs and figures of every objective on a tiny network, against NumPy."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from partsjax.networks import CLASS_SCORES
from partsjax.networks.model import CLASS_MAPS
from partsjax.networks.modules import named
from partsjax.supervision.examples import ImageTruth
from partsjax.supervision.objectives import OBJECTIVES
from partsjax.supervision.objectives.maps import over_image
from tests.plain.objectives import sigmoid_loss, softmax
from tests.tiny_objectives import (
    CLASSES,
    HEADLESS,
    NAMES,
    WITH_HEAD,
    activation,
    batch_for,
    losses,
    parameters,
    start,
)

# Losses


@pytest.mark.parametrize("base", [HEADLESS, WITH_HEAD], ids=["compact", "own head"])
def test_object_loss_is_the_cross_entropy_over_classes_and_background(base):
    objective, network = start("object", base)
    batch = batch_for("object")
    scores = np.asarray(objective.outputs(network, batch)[CLASS_SCORES])
    assert scores.shape == (4, CLASSES + 1)
    expected = -np.log(softmax(scores, axis=1)[np.arange(4), batch["labels"]])
    np.testing.assert_allclose(losses(objective, network, batch), expected, rtol=1e-5)


@pytest.mark.parametrize("base", [HEADLESS, WITH_HEAD], ids=["compact", "own head"])
@pytest.mark.parametrize("name", ["image", "mil", "cam"])
def test_image_label_losses_are_the_mean_sigmoid_loss(name, base):
    objective, network = start(name, base)
    batch = batch_for(name)
    scores = np.asarray(objective.outputs(network, batch)[CLASS_SCORES])
    assert scores.shape == (4, CLASSES)
    expected = sigmoid_loss(scores, batch["labels"])
    np.testing.assert_allclose(losses(objective, network, batch), expected, rtol=1e-5)


def test_cam_is_a_linear_layer_on_averaged_features():
    objective, network = start("cam")
    batch = batch_for("cam")
    maps = activation(network, batch)
    kernel, bias = (parameters(network)[f"scores/{kind}"] for kind in ("kernel", "bias"))
    found = objective.outputs(network, batch)
    np.testing.assert_allclose(found[CLASS_SCORES], maps.mean(axis=(1, 2)) @ kernel + bias, atol=1e-5)
    np.testing.assert_allclose(found[CLASS_MAPS], maps @ kernel + bias, atol=1e-5)


def test_mil_is_the_maximum_over_cells_of_a_small_network():
    objective, network = start("mil")
    batch = batch_for("mil")
    weights = parameters(network)
    x = np.maximum(activation(network, batch) @ weights["fc6/kernel"] + weights["fc6/bias"], 0)
    maps = x @ weights["scores/kernel"] + weights["scores/bias"]
    found = objective.outputs(network, batch)
    np.testing.assert_allclose(found[CLASS_MAPS], maps, atol=2e-5)
    np.testing.assert_allclose(found[CLASS_SCORES], maps.max(axis=(1, 2)), atol=2e-5)


# What all objectives share


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_gradients_reach_every_layer_and_bfloat16_changes_little(name):
    objective, network = start(name)
    batch = batch_for(name)

    def total(network):
        return objective.losses(network, batch, None).sum()

    gradients = named(nnx.jit(nnx.grad(total))(network))
    assert all(np.isfinite(g).all() for g in gradients.values())
    assert all(np.abs(g).max() > 0 for key, g in gradients.items() if key.endswith("kernel"))
    exact, rough = losses(objective, network, batch), losses(*start(name, dtype="bfloat16"), batch)
    assert rough.dtype == np.float32
    np.testing.assert_allclose(rough, exact, rtol=0.1, atol=0.05)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["object", "image", "mil", "wsddn"])
def test_dropout_is_drawn_from_the_key_alone(name):
    objective, network = start(name, WITH_HEAD)
    batch = batch_for(name)
    run = functools.partial(losses, objective, network, batch)
    np.testing.assert_array_equal(run(), run())
    np.testing.assert_array_equal(run(jax.random.key(0)), run(jax.random.key(0)))
    assert np.abs(run(jax.random.key(0)) - run(jax.random.key(1))).max() > 1e-4
    assert np.abs(run(jax.random.key(0)) - run()).max() > 1e-4


@pytest.mark.parametrize("name", NAMES)
def test_an_examples_loss_does_not_depend_on_the_others(name):
    objective, network = start(name)
    batch = batch_for(name)
    one = {key: value[1:2] for key, value in batch.items()}
    both = losses(objective, network, batch)[1:2]
    alone = losses(objective, network, one)
    # A loss near 0 is the logarithm of a probability near 1, which is rounded to `eps`.
    np.testing.assert_allclose(alone, both, rtol=1e-5, atol=np.finfo(np.float32).eps)


# Class maps over the image


def test_maps_of_a_sliding_head_lie_where_the_head_looked():
    maps = np.random.default_rng(0).random((2, 4, 3, 2)).astype(np.float32)
    np.testing.assert_array_equal(over_image(jnp.asarray(maps), 1), maps)
    found = np.asarray(over_image(jnp.asarray(maps), 3))  # positions look at cells 1, 2, 3, 4 of 6
    assert found.shape == (2, 6, 5, 2)
    np.testing.assert_allclose(found[:, 1:5, 1:4], maps, atol=1e-6)
    np.testing.assert_allclose(found[:, 0, 1:4], maps[:, 0], atol=1e-6)
    np.testing.assert_allclose(found[:, 5, 4], maps[:, 3, 2], atol=1e-6)
    even = np.asarray(over_image(jnp.asarray(maps), 2))  # between the cells: 5 of them, 4 positions
    np.testing.assert_allclose(even[:, 1, 1], maps[:, :2, :2].mean(axis=(1, 2)), atol=1e-6)
    np.testing.assert_allclose(over_image(jnp.ones((1, 1, 1, 1)), 6), np.ones((1, 6, 6, 1)), atol=1e-6)


def test_baselines_of_windows_say_always_the_commonest_label_of_train():
    objective = OBJECTIVES["object"]
    found = objective.baselines(np.array([3, 3, 0]), np.array([3, 0, 3, 3, 1]))
    assert found == {"top1": 0.6, "object_accuracy": 0.5, "balanced_accuracy": pytest.approx(1 / 3)}
    assert objective.headline in found


def test_baselines_of_labels_are_how_common_they_are():
    truth = ImageTruth(
        np.array([[True, False], [False, True], [False, True], [False, True]]), ((),) * 4, ((),) * 4
    )
    assert OBJECTIVES["image"].baselines(truth, truth) == {"map": pytest.approx((0.25 + 0.75) / 2)}


def test_background_is_judged_as_if_it_were_no_commoner_than_a_class():
    """Three windows whose background wins by less, and by more, than it owes to being commoner."""
    owed = np.log(3 * 2)  # two classes
    scores = np.array([[0, -9, owed - 0.1], [-9, 0, owed - 0.1], [0, -9, owed + 0.1]], np.float32)
    found = OBJECTIVES["object"].metrics({"scores": scores}, np.array([0, 1, 2]))
    assert found == {"top1": pytest.approx(1 / 3), "object_accuracy": 1.0, "balanced_accuracy": 1.0}
