"""The benchmark of accelerators runs on a processor, and counts what it says."""

import numpy as np
import pytest

from benchmarks import floors, gpu
from partsjax.data.loading import load_dataset
from partsjax.data.planted import planted_network

TINY = gpu.Sizes(matrix=64, values=1 << 12, batch=2, filters=4, parts=2, crops=8, limit=2, rounds=1)


@pytest.mark.slow
def test_it_runs_on_a_processor():
    network = planted_network().network
    dataset = load_dataset("shapeparts", classes=["robot"], progress=False)
    section = gpu.measured({"planted": dict.fromkeys(gpu.RATE, network)}, dataset, TINY)
    numbers = section.numbers
    assert all(rate > 0 for rate in numbers["rates"].values())
    forward = numbers["forward planted float32"]
    assert forward["flops"] == pytest.approx(forward["share"] * numbers["rates"]["float32"])
    assert numbers["run again"]["objects"] == 4
    assert numbers["bfloat16 against float32"]["filters_largest"] == 0  # the same network twice
    assert "| planted bfloat16 |" in section.text and "nan" not in section.text


def test_flops_are_those_of_the_products():
    network = planted_network().network
    pixels, filters, cells = 224 * 224, 8, 28
    colour = 2 * pixels * 3 * filters
    assert floors.network_flops(network, ["colour"]) == pytest.approx(colour, rel=0.5)  # and the elementwise
    smoothed = 2 * filters * (cells * 224 * 224 + cells * cells * 224)
    both = floors.network_flops(network, ["blob"])
    assert both - floors.network_flops(network, ["colour"]) == pytest.approx(smoothed, rel=0.02)


def test_a_rate_is_of_all_devices():
    assert np.isfinite(floors.matrix_rate(16, "TF32", 1)) and floors.bandwidth(16, 1) > 0
