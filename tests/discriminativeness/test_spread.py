"""Drops, attributions and blacked-out scores do not depend on the number of devices."""

import jax
import numpy as np
import pytest

from partsjax.discriminativeness.ablation import ablator
from partsjax.discriminativeness.blackout import blackout_scores
from partsjax.discriminativeness.gradients import attributor
from partsjax.networks import as_network
from tests import processes
from tests.discriminativeness.test_ablation import drawn, images, table


def say_what_is_found() -> None:
    architecture = table("grouped")
    network, crops = as_network(architecture, drawn(architecture)), images(architecture)
    masks, labels = np.random.default_rng(0).random((4, 2, 17, 17)) < 0.5, np.arange(4)
    found = [
        *ablator(network, "conv2")(crops, labels),
        attributor(network, "conv2")(crops, labels),
        blackout_scores(network)(crops, masks),
    ]
    processes.say((jax.device_count(), [np.asarray(a) for a in found]))


def on(devices: int) -> list[np.ndarray]:
    status, said = processes.start(say_what_is_found, devices=devices)
    assert status == 0
    ((count, found),) = said
    assert count == devices and len(found) == 5
    return found


@pytest.mark.slow
def test_one_device_or_four():
    for a, b in zip(on(1), on(4), strict=True):
        assert a.shape == b.shape and np.abs(a).max() > 0
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
