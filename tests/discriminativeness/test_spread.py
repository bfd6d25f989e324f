"""Drops, attributions and blacked-out scores do not depend on the number of devices."""

import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

PROGRAM = """
import sys
import jax, numpy as np
from partsjax.discriminativeness.ablation import ablator
from partsjax.discriminativeness.blackout import blackout_scores
from partsjax.discriminativeness.gradients import attributor
from partsjax.networks import as_network
from tests.discriminativeness.test_ablation import drawn, images, table

architecture = table("grouped")
network, crops, labels = as_network(architecture, drawn(architecture)), images(architecture), np.arange(4)
masks = np.random.default_rng(0).random((4, 2, 17, 17)) < 0.5
found = [*ablator(network, "conv2")(crops, labels), attributor(network, "conv2")(crops, labels),
         blackout_scores(network)(crops, masks)]
np.savez(sys.stdout.buffer, jax.device_count(), *map(np.asarray, found))
"""


def on(devices: int) -> list[np.ndarray]:
    clean = {k: v for k, v in os.environ.items() if k != "XLA_FLAGS"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**clean, "JAX_NUM_CPU_DEVICES": str(devices), "JAX_PLATFORMS": "cpu"},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        check=True,
    )
    stored = np.load(io.BytesIO(done.stdout))
    return [stored[name] for name in stored]


def test_one_device_or_four():
    one, four = on(1), on(4)
    assert (one[0], four[0]) == (1, 4) and len(one) == 6
    for a, b in zip(one[1:], four[1:], strict=True):
        assert a.shape == b.shape and np.abs(a).max() > 0
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
