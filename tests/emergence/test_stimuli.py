"""The compiled step from pixels to stimuli, on one device and on several."""

import jax
import numpy as np
import pytest

from partsjax.emergence.stimuli import Stimuli, StimulusReducer, concatenate, extractor
from tests import processes, tiny
from tests.plain import stimuli as plain

PIXELS = np.random.default_rng(0).uniform(0, 255, (8, tiny.SIZE, tiny.SIZE, 3)).astype(np.float32)


def found(layers=("conv1", "conv2")) -> dict[str, Stimuli]:
    out = extractor(tiny.network(), layers, StimulusReducer())(PIXELS)
    return {layer: Stimuli(*map(np.asarray, (s.cells, s.values)), s.columns) for layer, s in out.items()}


@pytest.mark.slow
def test_normalises_runs_and_finds_what_the_plain_method_finds():
    network = tiny.network()
    normal = (PIXELS - np.float32(network.preprocessing.mean)) / np.float32(network.preprocessing.std)
    with jax.default_matmul_precision("highest"):
        maps = network.apply(network.params, normal, ("conv1", "conv2"))
    for layer, stimuli in found().items():
        activation = np.asarray(maps[layer])
        scores, cells = plain.stimuli(np.moveaxis(activation, -1, 1), 8)
        assert stimuli.columns == activation.shape[2]
        np.testing.assert_allclose(stimuli.scores.transpose(2, 0, 1), scores, rtol=1e-4, atol=1e-4)
        assert (stimuli.cells.transpose(2, 0, 1) == cells)[scores > 0].mean() > 0.99


def test_select_and_concatenate():
    whole = found()["conv1"]
    keep = np.array([True, False] * 4)
    parts = [whole.select(keep), whole.select(~keep)]
    order = np.r_[0:8:2, 1:8:2]
    np.testing.assert_array_equal(concatenate(parts).values, whole.values[..., order])


def say_what_is_found() -> None:
    processes.say((jax.device_count(), {layer: stimuli.values for layer, stimuli in found().items()}))


@pytest.mark.slow
def test_four_devices_find_what_one_finds():
    """Fake devices have to be asked for before JAX starts: a process of its own."""
    status, said = processes.start(say_what_is_found, devices=4)
    assert status == 0
    ((devices, four),) = said
    assert devices == 4
    for layer, stimuli in found().items():
        np.testing.assert_allclose(four[layer], stimuli.values, rtol=1e-4, atol=1e-4)
