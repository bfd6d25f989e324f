"""Amounts of work are those counted by hand, and floors are amounts over rates."""

import types

import numpy as np
import pytest

from benchmarks import account, floors
from partsjax.data.crops import Truth
from partsjax.data.planted import planted_network
from partsjax.emergence.genetic import Genetic
from partsjax.emergence.method import Method
from partsjax.networks import Network
from partsjax.networks.activations import shapes

WORK = account.Work(crops=100, flops=6.0, sums=50.0, overlaps=20.0, sorted=9.0, bytes=8.0)
RATES = account.Rates(float32=60.0, float64=10.0, overlaps=5.0, sorted=3.0, bytes=4.0, crops=25.0)
STAGES = {
    name: {"seconds": seconds} for name, seconds in {"verdicts": 90, "network": 30, "report": 2}.items()
}


class _Crops(types.SimpleNamespace):
    def __len__(self) -> int:
        return self.truth.valid.shape[2]


def crops(count: int) -> _Crops:
    """Of two parts, each once on every crop, where there is room for two."""
    valid = np.zeros((2, 2, count), bool)
    valid[:, 0] = True
    return _Crops(truth=Truth(np.zeros((4, *valid.shape), np.float32), valid, np.zeros_like(valid)))


def test_work_is_counted():
    network: Network = planted_network().network
    found = account.work_of(network, ("blob",), {"robot": (crops(5), crops(3))}, Method())
    filters = shapes(network, ("blob",))["blob"].shape[3]
    assert found.crops == 8 and found.flops == floors.network_flops(network, ["blob"])
    assert found.sums == 2 * filters * 8 * 5 * 2 * 126  # train crops alone
    # Of 8 detections each with those before it, for 2 parts and once unregressed; then 2 boxes a crop, twice.
    assert found.overlaps == filters * 8 * 8 * (3 * 3.5 + 2 * 2)
    assert found.sorted == filters * 8 * 8
    genetic = Genetic()
    assert found.bytes == 2 * 10 * genetic.population * (genetic.generations + 1)


def test_floors_are_amounts_over_rates():
    verdicts, network, report = account.accounted(STAGES, WORK, RATES, networks=2, judged=3, shared=True)
    assert verdicts["floor"] == pytest.approx(3 * (50 / 10 + 20 / 5 + 9 / 3 + 8 / 4))
    assert network["floor"] == pytest.approx(2 * 100 * 6 / 60 + 100 / 25)  # crops are read once
    assert (report["stage"], report["floor"]) == ("report", None)
    _, network, _ = account.accounted(STAGES, WORK, RATES, networks=1, judged=3, shared=False)
    assert network["floor"] == pytest.approx(10)  # on a device of its own it computes while crops are read
