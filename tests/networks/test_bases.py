"""A layer in another basis: random rotations, both signs, and the names that ask for them."""

import numpy as np
import pytest

from partsjax.errors import InputError
from partsjax.networks import rotated
from partsjax.networks.activations import activations
from partsjax.networks.bases import both_signs, with_rotations
from tests.networks import own

LAYER = own.LAYER


def found(network, *layers):
    pixels = np.random.default_rng(1).uniform(0, 255, (2, own.SIZE, own.SIZE, 3)).astype(np.float32)
    return {k: np.asarray(v) for k, v in activations(network, network.params, pixels, layers).items()}


def test_a_rotation_keeps_lengths_and_angles_and_no_axis():
    maps = found(rotated(own.made(), LAYER, 3), LAYER, "conv2_rotated3")
    filters, units = (maps[name].reshape(-1, 16).astype(float) for name in (LAYER, "conv2_rotated3"))
    np.testing.assert_allclose(units @ units.T, filters @ filters.T, rtol=1e-4, atol=1e-4)
    rotation = np.linalg.lstsq(filters, units, rcond=None)[0]
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(16), atol=1e-4)
    assert np.abs(rotation).max() < 0.95
    assert (units < 0).any()


def test_all_rotations_are_equally_likely():
    entries = []
    for seed in range(40):
        network = rotated(own.made(), LAYER, seed)
        entries.append(np.asarray(network.params["units"]))
    entries = np.array(entries)
    assert np.abs(entries.mean(axis=0)).max() < 0.2  # of deviation 1/4 / sqrt(40); QR alone leaves signs: 0.2
    np.testing.assert_allclose((entries**2).mean(axis=0), 1 / 16, atol=0.06)
    diagonal = np.einsum("nii->ni", entries)
    assert abs((diagonal > 0).mean() - 0.5) < 0.1
    assert {np.linalg.det(one.astype(float)).round() for one in entries} == {-1, 1}


def test_a_seed_is_one_rotation():
    units = [rotated(own.made(), LAYER, seed).params["units"] for seed in (0, 0, 1)]
    np.testing.assert_array_equal(units[0], units[1])
    assert np.abs(units[0] - units[2]).max() > 0.1


def test_both_signs_are_the_filters_and_their_negatives():
    maps = found(both_signs(own.made(lambda x: x - 1), LAYER), LAYER, "conv2_both")
    np.testing.assert_array_equal(maps["conv2_both"], np.concatenate([maps[LAYER], -maps[LAYER]], axis=-1))


def test_names_ask_for_rotations():
    network = with_rotations(own.made(), [LAYER, "conv2_rotated0", "conv2_rotated7", "conv9_rotated0"])
    assert list(network.fields) == [LAYER, "conv2_rotated0", "conv2_rotated7"]
    assert with_rotations(network, ["conv2_rotated0", "conv2_rotated07", LAYER]) is network
    np.testing.assert_array_equal(
        found(network, "conv2_rotated7")["conv2_rotated7"],
        found(rotated(own.made(), LAYER, 7), "conv2_rotated7")["conv2_rotated7"],
    )


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: rotated(own.made(), "conv1"), "no layer 'conv1'; did you mean 'conv2'"),
        (lambda: rotated(own.made(), LAYER, -1), "seed=-1: give a whole number"),
        (lambda: rotated(rotated(own.made(), LAYER), LAYER), "name 'conv2_rotated0' is a layer already"),
        (lambda: both_signs(own.made(), "conv1"), "no layer 'conv1'"),
    ],
)
def test_what_cannot_be_is_one_line(call, words):
    with pytest.raises(InputError, match=words):
        call()
