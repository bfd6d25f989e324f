"""Units as one more layer of a network: what they are, where they look, what twins have, what is refused."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from partsjax.errors import InputError
from partsjax.networks import ReceptiveField, make_network, permuted_network, untrained_network, with_units
from partsjax.networks.activations import activations, scores_after
from tests.networks import own

RANDOM = np.random.default_rng(0)
MATRIX = RANDOM.normal(size=(16, 40)).astype(np.float32)
LAYER = own.LAYER


def latents(params, activation):
    return jax.nn.relu(activation @ params)


def strongest_three(params, activation):
    before = activation @ params
    return jnp.where(before >= jax.lax.top_k(before, 3)[0][..., -1:], before, 0)


def pooled(params, activation):
    return jax.lax.reduce_window(activation, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")


def both_layers(**options):
    """A network of two layers."""

    def apply(params, images, layers):
        first = jax.nn.relu(own.conv(images, params["first"]))
        found = {"conv1": first, LAYER: jax.nn.relu(own.conv(first, params["second"]))}
        return {layer: found[layer] for layer in layers}

    options = {"layers": ("conv1", LAYER), "init": own.params} | options
    return make_network("own", apply, own.params(), input_size=own.SIZE, **options)


def maps(network, *layers, params=None):
    pixels = np.random.default_rng(1).uniform(0, 255, (2, own.SIZE, own.SIZE, 3)).astype(np.float32)
    return activations(network, network.params if params is None else params, pixels, layers)


def test_units_are_the_function_of_the_layer():
    network = with_units(both_layers(), LAYER, latents, "sae", MATRIX)
    found = maps(network, "sae", "conv1", LAYER)
    np.testing.assert_allclose(
        found["sae"], np.maximum(np.asarray(found[LAYER]) @ MATRIX, 0), rtol=1e-5, atol=1e-5
    )
    for layer in ("conv1", LAYER):
        np.testing.assert_array_equal(found[layer], maps(both_layers(), layer)[layer])


def test_the_identity_gives_the_layer_back():
    network = with_units(both_layers(), LAYER, lambda p, a: a @ p, "same", np.eye(16, dtype=np.float32))
    found = maps(network, "same", LAYER)
    np.testing.assert_array_equal(found["same"], found[LAYER])
    assert network.fields["same"] == network.fields[LAYER]


def test_units_follow_their_layer_and_are_measured_by_default():
    network = with_units(both_layers(default_layers=[LAYER]), "conv1", latents, "sae", MATRIX[:8])
    assert list(network.fields) == ["conv1", "sae", LAYER]
    assert network.default_layers == (LAYER, "sae")


@pytest.mark.parametrize("encode", [latents, strongest_three])
def test_cell_by_cell_units_see_what_the_layer_is_said_to_see(encode):
    stated = dataclasses.replace(own.FIELD, size=11, nominal=True)
    network = with_units(own.made(fields={LAYER: stated}), LAYER, encode, "sae", MATRIX)
    assert network.fields["sae"] == stated


def test_units_that_pool_see_more():
    network = with_units(both_layers(), LAYER, pooled, "pooled")
    assert network.fields["pooled"] == ReceptiveField(size=13, stride=8, center=6)


def test_twins_have_the_same_units_over_their_own_layer():
    plain = both_layers()
    network = with_units(plain, LAYER, latents, "sae", MATRIX)
    for twin in (untrained_network, permuted_network):
        expected, found = twin(plain, 1), twin(network, 1)
        assert found.name == expected.name
        assert found.digest != network.digest
        layer = np.asarray(maps(expected, LAYER)[LAYER])
        np.testing.assert_allclose(
            maps(found, "sae")["sae"], np.maximum(layer @ MATRIX, 0), rtol=1e-5, atol=1e-5
        )
        assert np.abs(layer - maps(network, LAYER)[LAYER]).max() > 0.1


def test_a_network_that_cannot_be_untrained_cannot_be_with_units():
    network = with_units(both_layers(init=None), LAYER, latents, "sae", MATRIX)
    with pytest.raises(InputError, match="does not say how to make it with random weights"):
        untrained_network(network, 0)


def test_what_is_encoded_enters_the_digest():
    def digest(encode=latents, params=MATRIX, name="sae"):
        return with_units(both_layers(), LAYER, encode, name, params).digest

    found = {
        digest(),
        digest(strongest_three),
        digest(params=2 * MATRIX),
        digest(name="other"),
        both_layers().digest,
    }
    assert len(found) == 5
    assert digest() == digest()


def test_class_scores_follow_from_the_layers_and_from_no_unit():
    def after(params, layer, activation):
        return activation.mean(axis=(1, 2))[:, :2] * (1 if layer == LAYER else 2)

    network = with_units(both_layers(after=after, classes=["cat", "dog"]), LAYER, latents, "sae", MATRIX)
    activation = maps(network, LAYER)[LAYER]
    found = scores_after(network, network.params, LAYER, activation)
    np.testing.assert_array_equal(found, activation.mean(axis=(1, 2))[:, :2])
    with pytest.raises(InputError, match=f"class scores do not follow from layer sae.* ask for {LAYER}"):
        scores_after(network, network.params, "sae", activation)


def test_units_of_units():
    inner = with_units(both_layers(), LAYER, latents, "sae", MATRIX)
    network = with_units(inner, "sae", lambda p, a: -a, "negative")
    found = maps(network, LAYER, "negative")
    np.testing.assert_array_equal(found["negative"], -maps(inner, "sae")["sae"])
    assert permuted_network(network, 0).fields == network.fields


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"layer": "conv3"}, "no layer 'conv3'; did you mean 'conv2'"),
        ({"name": "conv1"}, "name 'conv1' is a layer already"),
        ({"name": "all"}, "name 'all' cannot name a layer"),
        ({"name": "a,b"}, "name 'a,b' cannot name a layer"),
        ({"name": ""}, "name '' cannot name a layer"),
        ({"encode": lambda p, a: a.mean(axis=(1, 2))}, r"layer sae: its activation has shape \[2, 16\]"),
        ({"encode": lambda p, a: a[:, :3, :3]}, "layer sae: its map of 3x3 cells does not fit"),
        ({"encode": lambda p, a: (a, a)}, "layer sae: its activation is a tuple"),
        ({"encode": lambda p, a: a @ p["w"]}, "layer sae: its `encode` failed: "),
        ({"encode": lambda p, a: a @ p[:3]}, "layer sae: its `encode` failed: "),
    ],
)
def test_what_cannot_be_is_one_line(changed, words):
    asked = {"layer": LAYER, "encode": latents, "name": "sae", "params": MATRIX} | changed
    with pytest.raises(InputError, match=words) as refused:
        with_units(both_layers(), **asked)
    assert "\n" not in str(refused.value)
