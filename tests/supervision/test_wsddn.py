"""The two streams over windows against NumPy, a window at a time."""

import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from partsjax.networks import CLASS_SCORES
from partsjax.networks.modules import named
from partsjax.supervision.objectives.wsddn import best_windows, log_loss, two_streams
from tests.plain.objectives import products, softmax
from tests.plain.regions import pool_region
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


@pytest.mark.slow
@pytest.mark.parametrize("base", [HEADLESS, WITH_HEAD], ids=["compact", "own head"])
def test_wsddn_equals_plain_streams(base):
    objective, network = start("wsddn", base)
    batch = batch_for("wsddn")
    batch["windows"][0, 1] = [0, 0, 1, 1]
    batch["windows"][1, 1] = [0.4, 0.2, 0.4, 0.7]  # no width
    maps, head = activation(network, batch), [layer.name for layer in network.table.layers]
    expected = products(maps, head, network.table.side, parameters(network), batch["windows"], batch["valid"])
    probabilities = expected.sum(axis=1)
    loss = -np.where(batch["labels"], np.log(probabilities), np.log(1 - probabilities)).mean(axis=1)
    np.testing.assert_allclose(losses(objective, network, batch), loss, rtol=1e-4)
    found = objective.outputs(network, batch)
    np.testing.assert_allclose(found[CLASS_SCORES], probabilities, atol=1e-5)
    for i, c in np.ndindex(4, CLASSES):
        box = batch["windows"][i, expected[i, :, c].argmax()]
        np.testing.assert_array_equal(found["boxes"][i, c], box)
        np.testing.assert_allclose(found["points"][i, c], [box[[0, 2]].mean(), box[[1, 3]].mean()], rtol=1e-6)


def test_wsddn_windows_that_are_not_real_do_not_matter():
    objective, network = start("wsddn")
    batch = batch_for("wsddn")
    other = dict(batch, windows=np.where(batch["valid"][..., None], batch["windows"], 0.5).astype(np.float32))
    np.testing.assert_allclose(
        losses(objective, network, batch),
        losses(objective, network, other),
        rtol=1e-6,
    )


@pytest.mark.slow
def test_the_checkpoints_scores_are_the_class_stream_of_the_whole_crop():
    """A one-window image's probabilities are the softmax of the head's scores of that window."""
    objective, network = start("wsddn")
    batch = batch_for("wsddn")
    batch |= {"windows": np.tile(np.float32([0, 0, 1, 1]), (4, 1, 1)), "valid": np.ones((4, 1), bool)}
    maps = activation(network, batch)
    pooled = np.stack([pool_region(m, np.float32([0, 0, 1, 1]), network.table.side) for m in maps])
    scores = network.head(jnp.asarray(pooled, jnp.float32), (CLASS_SCORES,))[CLASS_SCORES]
    found = objective.outputs(network, batch)[CLASS_SCORES]
    np.testing.assert_allclose(found, softmax(np.asarray(scores), axis=1), atol=1e-5)


def test_two_streams_with_huge_scores_and_masks():
    random = np.random.default_rng(0)
    a, d = (random.standard_normal((3, 6, CLASSES)) * 200 for _ in range(2))
    valid = random.random((3, 6)) < 0.5
    valid[0], valid[1] = [False] * 6, [False, False, True, False, False, False]
    found = np.asarray(
        two_streams(jnp.asarray(a, jnp.float32), jnp.asarray(d, jnp.float32), jnp.asarray(valid))
    )
    expected = np.zeros_like(a)
    for i in range(3):
        if valid[i].any():
            expected[i, valid[i]] = softmax(a[i, valid[i]], axis=1) * softmax(d[i, valid[i]], axis=0)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert (found[0] == 0).all()
    assert (found.sum(axis=1) <= 1 + 1e-6).all()


@pytest.mark.slow
@pytest.mark.parametrize("number", [0, 1, 5])
def test_wsddn_gradients_are_finite_however_many_windows_are_real(number):
    objective, network = start("wsddn")
    batch = batch_for("wsddn")
    batch["valid"][:] = np.arange(5) < number

    def total(network):
        return objective.losses(network, batch, None).sum()

    gradients = named(nnx.jit(nnx.grad(total))(network))
    assert all(np.isfinite(g).all() for g in gradients.values())
    rounding = 1e-5 * max(np.abs(g).max() for g in gradients.values())
    moved = {name for name, g in gradients.items() if np.abs(g).max() > rounding}
    if number == 0:
        assert not moved
    elif number == 1:  # nothing to choose between, so the second stream has nothing to learn
        assert moved == gradients.keys() - {"detection/kernel", "detection/bias"}
    else:  # one bias for all of an image's windows changes nothing
        assert moved == gradients.keys() - {"detection/bias"}


def test_log_loss_is_finite_at_the_ends():
    found = np.asarray(
        log_loss(jnp.asarray([[0.0, 1.0], [1.0, 0.0], [0.5, 0.5]]), jnp.asarray([[True, False]] * 3))
    )
    np.testing.assert_allclose(found, [-np.log(1e-6), 0, np.log(2)], rtol=0.01, atol=1e-5)


def test_best_window_is_the_first_of_equal_ones_among_the_real():
    products = jnp.asarray([[[0.9], [0.2], [0.2]], [[0.0], [0.0], [0.0]]])
    windows = jnp.arange(24, dtype=jnp.float32).reshape(2, 3, 4)
    valid = jnp.asarray([[False, True, True], [False, False, False]])
    found = np.asarray(best_windows(products, windows, valid))
    np.testing.assert_array_equal(found[0, 0], windows[0, 1])
    assert np.isnan(found[1]).all()


def test_extra_parameters_come_from_the_seed_and_suit_the_last_layer():
    objective, network = start("wsddn", WITH_HEAD)

    def drawn(seed):
        objective.extend(network, seed)
        return np.asarray(network.detection.kernel[...])

    first, again, other = (drawn(seed) for seed in (3, 3, 4))
    assert first.shape == (10, CLASSES) and first.dtype == np.float32
    assert not np.asarray(network.detection.bias[...]).any()
    np.testing.assert_array_equal(first, again)
    assert (first != other).all()
    assert all(not hasattr(start(name)[1], "detection") for name in NAMES if name != "wsddn")
