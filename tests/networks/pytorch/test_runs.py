"""Whole measurements of PyTorch modules: what is planted is found, on each way from a module to JAX."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")
from torch import nn  # noqa: E402

import partsjax as pj  # noqa: E402
from partsjax.data import shapeparts  # noqa: E402
from partsjax.data.planted import FIELDS, planted_network  # noqa: E402
from tests.networks.pytorch import modules  # noqa: E402
from tests.runs.running import QUICK  # noqa: E402

PLANTED = planted_network()


class Planted(nn.Module):
    """The planted detectors once more: a 1x1 convolution with a ReLU, and Gaussian windows, stride 8."""

    def __init__(self, tokens):
        super().__init__()
        params = {name: torch.from_numpy(np.array(array)) for name, array in PLANTED.network.params.items()}
        filters = params["bias"].shape[0]
        self.color, self.relu = nn.Conv2d(3, filters, 1), nn.ReLU(inplace=True)
        with torch.no_grad():
            self.color.weight.copy_(params["kernel"].T[:, :, None, None])
            self.color.bias.copy_(params["bias"])
        self.window = nn.Parameter(params["window"])
        self.register = nn.Parameter(torch.full((1, 2, filters), 9.0))
        self.blob, self.tokens = nn.Identity(), tokens

    def forward(self, x):
        x = torch.einsum("bfyx,iyf->bfix", self.relu(self.color(x)), self.window)
        x = torch.einsum("bfix,jxf->bfij", x, self.window)
        if self.tokens:
            x = torch.cat([self.register.expand(len(x), -1, -1), x.flatten(2).transpose(1, 2)], dim=1)
        return self.blob(x)


@pytest.mark.slow
@pytest.mark.parametrize("tokens", [False, True], ids=["map", "tokens"])
def test_planted_detectors_score_one(route, tokens):
    network = pj.from_torch(
        Planted(tokens), "blob", preprocessing=PLANTED.network.preprocessing, fields={"blob": FIELDS["blob"]},
        route=route,
    )  # fmt: skip
    dataset = shapeparts.read_shapeparts(seed=4, per_class=14, style="planted")
    search = pj.Search(genetic=QUICK)
    found = pj.measure(network, dataset, layers=["blob"], search=search, nulls=(), progress=False)
    table = found.filters.set_index(["object_class", "part", "filter"]).sort_index()
    for (object_class, part), number in PLANTED.filters.items():
        figures = table.loc[object_class, part, number]
        assert figures.ap_train == figures.ap_val == 1, (object_class, part)
    assert found.parts.emerges_strict.sum() >= len(PLANTED.filters)


@pytest.mark.slow
def test_a_run_with_the_untrained_network(route):
    module = modules.seeded(modules.Residual)
    network = pj.from_torch(module, "layer1", input_size=modules.SIZE, route=route)
    dataset = shapeparts.read_shapeparts(seed=4, per_class=8, style="planted")
    search = pj.Search(genetic=QUICK)
    found = pj.measure(network, dataset, search=search, nulls=("random",), progress=False)
    assert found.parts.random_ap_val.notna().any()
    assert any("run by torch" in note or "translated by torchax" in note for note in found.notes)
