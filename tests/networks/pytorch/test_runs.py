"""Whole measurements of PyTorch modules: what is planted is found, on each way from a module to JAX."""

import dataclasses

import jax
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")
from torch import nn  # noqa: E402

import partsjax as pj  # noqa: E402
from partsjax.data import shapeparts  # noqa: E402
from partsjax.data.planted import FIELDS, planted_network  # noqa: E402
from partsjax.errors import InputError  # noqa: E402
from partsjax.networks.activations import activations  # noqa: E402
from partsjax.networks.trained import trained_network  # noqa: E402
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
def test_training(route):
    """All weights where JAX sees them, and no running statistics; else a head alone."""
    network = pj.from_torch(modules.seeded(modules.Residual), "layer1", input_size=modules.SIZE, route=route)
    dataset = shapeparts.read_shapeparts(seed=4, per_class=2, style="planted")
    recipe = pj.Recipe(steps=1, batch_size=4, hidden=0, learning_rate=0.1, val_limit=4)
    if route == "torch":
        with pytest.raises(
            InputError, match=r"no weights in its params that could be trained.*--train_from=head"
        ):
            pj.train(network, dataset, recipe=recipe, progress=False)
        recipe = dataclasses.replace(recipe, train_from="head")
    trained = pj.train(network, dataset, supervision="image", recipe=recipe, progress=False)
    base = trained.network.module().network().params
    changed = {
        key
        for key, value in network.params.items()
        if not jax.tree.all(jax.tree.map(np.array_equal, value, base[key]))
    }
    assert ("module.stem.weight" in changed) == (route == "torchax")
    assert not any("running" in key for key in changed)
    maps, other = (
        activations(of, of.params, np.zeros((1, 64, 64, 3), np.float32), ("layer1",))["layer1"]
        for of in (network, trained.network)
    )
    assert np.array_equal(maps, other) == (route == "torch")
    changed = pj.from_torch(
        modules.seeded(modules.Residual, seed=1), "layer1", input_size=modules.SIZE, route=route
    )
    again, of_another = (trained_network(of, trained.checkpoint, "x").digest for of in (network, changed))
    assert again == trained.network.digest and (again == of_another) == (route == "torchax")


@pytest.mark.slow
def test_a_run_with_the_untrained_network(route):
    module = modules.seeded(modules.Residual)
    network = pj.from_torch(module, "layer1", input_size=modules.SIZE, route=route)
    dataset = shapeparts.read_shapeparts(seed=4, per_class=8, style="planted")
    search = pj.Search(genetic=QUICK)
    found = pj.measure(network, dataset, search=search, nulls=("random",), progress=False)
    assert found.parts.random_ap_val.notna().any()
    assert any("run by torch" in note or "translated by torchax" in note for note in found.notes)
