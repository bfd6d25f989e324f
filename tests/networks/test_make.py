"""`make_network`: what it checks, and what makes two networks two."""

import jax.numpy as jnp
import numpy as np
import pytest

from partsjax.errors import InputError
from partsjax.networks import ReceptiveField, make_network, untrained_network
from tests.networks import own


def test_networks_made_by_hand_name_their_layers():
    def apply(params, images, layers):
        return {"a": images}

    with pytest.raises(InputError, match="network mine: no layers; name them"):
        make_network("mine", apply, {}, input_size=8)
    with pytest.raises(InputError, match="'b' is not in layers; choose from: a"):
        make_network("mine", apply, {}, input_size=8, layers=["a"], default_layers=["b"])
    field = ReceptiveField(9, 1, 0)
    network = make_network("mine", apply, {}, input_size=8, fields={"a": field}, digest="abc")
    assert (network.fields, network.default_layers, network.digest) == ({"a": field}, ("a",), "abc")


def test_the_digest_follows_every_array():
    def digest(params, name="mine"):
        fields = {"a": ReceptiveField(1, 1, 0)}
        return make_network(name, lambda p, x, names: {"a": x}, params, input_size=8, fields=fields).digest

    params = {"k": np.ones((2, 2), np.float32), "b": [np.zeros(3, np.float32)]}
    others = [
        digest(params, "other"),
        digest({**params, "b": [np.float32([0, 0, 1e-8])]}),
        digest({"k": params["k"].reshape(4), "b": params["b"]}),
        digest({"k": params["k"].astype(np.float64), "b": params["b"]}),
    ]
    assert digest(params) == digest({"k": params["k"].copy(), "b": [np.zeros(3, np.float32)]})
    assert len({digest(params), *others}) == 5


def scores(params, layer, activation):
    return activation.max((1, 2))[:, :4]


@pytest.mark.parametrize(("after", "message"), [
    (lambda p, layer, a: a, "called for layer conv2, returned scores of shape .* it must return an array"),
    (lambda p, layer, a: scores(p, layer, a)[:, :3], "returned 3 scores per image; `classes` names 4"),
    (lambda p, layer, a: p["gone"], "its `after`, called for layer conv2, failed: KeyError: 'gone'"),
    (None, "`classes` without class scores; give `after` as well, or neither"),
])  # fmt: skip
def test_class_scores_are_checked_when_the_network_is_made(after, message):
    with pytest.raises(InputError, match=message):
        own.made(after=after, classes=("a", "b", "c", "d"))
    assert own.made(after=scores, classes=("a", "b", "c", "d")).classes == ("a", "b", "c", "d")


def test_its_params_are_drawn_anew():
    network = own.made(weights=own.params(5), init=own.params)
    found = untrained_network(network, 3)
    assert found.name == "own with random weights" and found.fields == network.fields
    assert np.array_equal(found.params["first"], own.params(3)["first"]) and found.digest != network.digest
    assert found.digest == own.made(weights=own.params(3)).digest
    others = untrained_network(network, 5)  # its own: others are drawn
    assert np.array_equal(others.params["first"], own.params(6)["first"])


@pytest.mark.parametrize(("init", "message"), [
    (lambda seed: {}, "network own: its `apply` failed: KeyError: 'first'"),
    (lambda seed: 1 / 0, "network own: its `untrained` failed: ZeroDivisionError"),
    (lambda seed: own.params(0), "own, made with random weights, computes the same as without"),
    (None, "network own does not say how to make it with random weights"),
])  # fmt: skip
def test_params_that_cannot_be_drawn_are_one_line(init, message):
    with pytest.raises(InputError, match=message):
        untrained_network(own.made(init=init), 0)


def test_what_was_assumed_of_its_fields_is_noted():
    network = own.made(lambda x: x.mean((1, 2), keepdims=True) * jnp.ones((4, 4, 1)), fields={})
    assert network.fields[own.LAYER] == ReceptiveField(16, 16, 7.5, nominal=True)
    assert [
        note.startswith("network own: layer conv2: every cell sees the whole") for note in network.notes
    ] == [True]


def test_a_nominal_field_has_to_fit_its_map_as_well():
    with pytest.raises(InputError, match="does not fit its receptive field; at 16 pixels"):
        own.made(fields={own.LAYER: ReceptiveField(16, 16, 7.5, nominal=True)})


def test_a_network_is_shown_in_one_line_without_its_weights():
    assert repr(own.made()) == "<Network own: 1 layer, 64 px>"
