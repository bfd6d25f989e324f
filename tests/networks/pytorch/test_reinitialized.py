"""The untrained module: everything is drawn anew, by its layers or as is said."""

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")
from torch import nn  # noqa: E402

from partsjax.errors import InputError  # noqa: E402
from partsjax.networks.pytorch.reinitialized import reinitialized  # noqa: E402
from tests.networks.pytorch import modules  # noqa: E402


def test_layers_draw_their_own_and_statistics_are_put_back():
    module = modules.seeded(modules.Residual)
    found, notes = reinitialized("x", module, 3)
    assert notes == ()
    assert torch.equal(found.layer1.bn1.running_mean, torch.zeros(8))
    assert not torch.equal(module.layer1.bn1.running_mean, torch.zeros(8))
    assert torch.equal(found.layer1.bn1.weight, torch.ones(8))
    for (key, new), old in zip(found.named_parameters(), module.parameters(), strict=True):
        assert new.isfinite().all() and ("bn" in key or not torch.equal(new, old)), key
    assert not found.training


def test_what_no_layer_draws():
    module = modules.seeded(modules.VisionTransformer)
    module.gamma, module.offset = nn.Parameter(torch.full((5,), 7.0)), nn.Parameter(torch.full((5,), 7.0))
    found, (note,) = reinitialized("x", module, 0)
    assert 0.01 < found.positions.std() < 0.03
    assert torch.equal(found.gamma, torch.ones(5)) and torch.equal(found.offset, torch.zeros(5))
    assert "no layer says how cls_token, registers, positions and 2 others start" in note


def test_attention_of_torch_is_drawn_anew():
    module = nn.MultiheadAttention(8, 2)
    found, notes = reinitialized("x", module, 0)
    assert not torch.equal(found.in_proj_weight, module.in_proj_weight) and notes == ()


def test_a_seed_is_a_network_and_the_users_stream_is_left_alone():
    module, state = modules.seeded(modules.ConvNeXt), torch.random.get_rng_state()
    weights = [reinitialized("x", module, seed)[0].stem.weight for seed in (1, 1, 2)]
    assert torch.equal(weights[0], weights[1]) and not torch.equal(weights[0], weights[2])
    assert torch.equal(state, torch.random.get_rng_state())


def test_parametrized_weights_are_refused():
    module = nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Conv2d(3, 4, 1)))
    with pytest.raises(InputError, match="network x: weights of 0 are parametrized and cannot be drawn anew"):
        reinitialized("x", module, 0)
