"""Other bases, measured: what is planted is found behind a rotation, and by negative values."""

import dataclasses

import jax.numpy as jnp
import numpy as np
import pytest

import partsjax as pj
from partsjax.data import shapeparts
from partsjax.data.planted import planted_network
from partsjax.errors import InputError
from tests.runs.running import QUICK

PLANTED = {part: filter_ for (of, part), filter_ in planted_network().filters.items() if of == "robot"}


def planted():
    network = planted_network().network
    return dataclasses.replace(network, fields={"blob": network.fields["blob"]})


def measured(network, layers, method=pj.Method()):  # noqa: B008  (frozen)
    """Held-out AP of all filters, by layer, part and filter."""
    found = pj.measure(
        network,
        shapeparts.read_shapeparts(seed=4, classes=["robot"], per_class=14, style="planted"),
        layers=layers,
        method=method,
        search=pj.Search(genetic=QUICK),
        nulls=(),
        progress=False,
    )
    return found.filters.set_index(["layer", "part", "filter"]).ap_val.sort_index()


def among_noise(noise, activation):
    noise = jnp.broadcast_to(noise, (activation.shape[0], *noise.shape))
    return jnp.concatenate([activation, noise], axis=-1)


@pytest.mark.slow
def test_planted_filters_are_found_behind_a_rotation_by_its_inverse():
    """The others of the layer are loud, and the same on every crop: behind the rotation, none is silent."""
    noise = 100 * np.random.default_rng(0).random((28, 28, 8), np.float32)
    network = pj.with_units(planted(), "blob", among_noise, "loud", noise)
    network = pj.rotated(network, "loud", 0)
    inverse = np.asarray(network.params["units"]).T
    network = pj.with_units(network, "loud_rotated0", lambda p, a: a @ p, "back", inverse)
    found = measured(network, ["loud_rotated0", "back"])
    for part, filter_ in PLANTED.items():
        assert found["back", part, filter_] == 1
        assert found["loud_rotated0", part].max() < 0.9


@pytest.mark.slow
def test_a_planted_filter_that_is_negative_is_found_with_both_signs():
    negative = pj.with_units(planted(), "blob", lambda p, a: -a, "negative")
    assert (measured(negative, ["negative"]) == 0).all()
    found = measured(negative, ["negative"], pj.Method(sign="both"))
    assert set(found.index.get_level_values("layer")) == {"negative_both"}
    for part, filter_ in PLANTED.items():
        assert found["negative_both", part, 8 + filter_] == 1


def test_a_layer_that_cannot_be_rotated_is_one_line():
    with pytest.raises(InputError, match="has no layer 'conv5_rotated0'; choose from: blob"):
        measured(planted(), ["conv5_rotated0"])
