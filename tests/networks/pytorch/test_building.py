"""PyTorch modules of the kinds that people have: activations, geometry, scores, and what is refused."""

import copy

import jax
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")
from torch import nn  # noqa: E402

import partsjax as pj  # noqa: E402
from partsjax.errors import InputError  # noqa: E402
from partsjax.networks.activations import activations, scores_after  # noqa: E402
from partsjax.networks.permuted import permuted_network  # noqa: E402
from partsjax.networks.protocol import Preprocessing  # noqa: E402
from partsjax.networks.pytorch.permuting import permuted_module  # noqa: E402
from partsjax.networks.untrained import untrained_network  # noqa: E402
from tests.networks.pytorch import modules  # noqa: E402

SIZE = modules.SIZE
KINDS = {
    modules.Residual: {
        "stem": (7, 2, 0),
        "layer1.conv1": (11, 2, 0),
        "layer1": (15, 2, 0),
        "layer2": (27, 4, 0),
    },
    modules.ConvNeXt: {"stem": (4, 4, 1.5), "act": (28, 4, 1.5), "block": (28, 4, 1.5)},
    modules.VisionTransformer: {"patches": (8, 8, 3.5), "blocks.1.act": None},
    modules.Swin: {"patches": (4, 4, 1.5), "stage": None},
    modules.HuggingFaceLike: {"dino.layer": None, "dino": None},
}
PLAIN = {"name": "tiny", "input_size": SIZE, "preprocessing": Preprocessing((0.0,) * 3, (1.0,) * 3)}


def images(count=2):
    return np.random.default_rng(3).standard_normal((count, SIZE, SIZE, 3)).astype(np.float32)


def found(network, pixels):
    layers = tuple(network.fields)
    run = jax.jit(lambda params, pixels: activations(network, params, pixels, layers))
    return {layer: np.asarray(array) for layer, array in run(network.params, pixels).items()}


def expected(module, layer, pixels):
    """The plain reference: the layer's last output, its map taken by hand, [B, H, W, C]."""
    module, seen = copy.deepcopy(module).eval(), []
    module.get_submodule(layer).register_forward_hook(
        lambda _m, _i, output: seen.append(copy.deepcopy(output))
    )
    with torch.no_grad():
        module(torch.from_numpy(pixels).permute(0, 3, 1, 2))
    output = seen[-1]
    output = output[0] if isinstance(output, tuple) else getattr(output, "last_hidden_state", output)
    if output.ndim == 3:
        side = int(output.shape[1] ** 0.5)
        return output[:, output.shape[1] - side**2 :].reshape(len(pixels), side, side, -1).numpy()
    channels_last = layer == "stage" or (isinstance(module, modules.ConvNeXt) and layer == "act")
    return (output if channels_last else output.permute(0, 2, 3, 1)).numpy()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_activations_and_fields(kind, route):
    module = modules.seeded(kind)
    network = pj.from_torch(module, list(KINDS[kind]), route=route, **PLAIN)
    assert module.training  # the user's own is left as it was
    for layer, maps in found(network, images()).items():
        right = expected(module, layer, images())
        np.testing.assert_allclose(maps, right, atol=1e-4 * np.abs(right).max())
        field = KINDS[kind][layer]
        if field is None:
            assert network.fields[layer].nominal
        else:
            assert network.fields[layer] == pj.ReceptiveField(*field)
    way = {"torch": "run by torch", "torchax": "translated by torchax"}[route]
    assert way in network.notes[0]


def test_layers_come_in_forward_order_and_notes_say_how_they_were_read():
    module = modules.seeded(modules.VisionTransformer)
    network = pj.from_torch(module, ["blocks.1", "patches"], route="torch", **PLAIN)
    assert list(network.fields) == ["patches", "blocks.1"]
    assert "patches NCHW 8x8, blocks.1 5+tokens 8x8" in network.notes[1]
    assert "negative, too; stimuli are local maxima above 0" in network.notes[2]


def test_the_pass_ends_with_the_deepest_layer(route):
    class Counting(nn.Identity):
        runs = 0

        def forward(self, x):
            Counting.runs += 1
            return x

    module = nn.Sequential(nn.Conv2d(3, 4, 4, 4), nn.ReLU(), Counting())
    network = pj.from_torch(module, ["1"], route=route, **PLAIN)
    before = Counting.runs
    found(network, images())
    assert Counting.runs == before > 0


def test_gradients_are_those_of_torch(route):
    module = modules.seeded(modules.Residual).eval()
    network = pj.from_torch(module, ["layer2"], route=route, **PLAIN)
    weights = np.random.default_rng(5).standard_normal((2, 16, 16, 16)).astype(np.float32)

    def total(pixels):
        return (network.apply(network.params, pixels, ("layer2",))["layer2"] * weights).sum()

    given = torch.from_numpy(images()).requires_grad_()
    maps = module.layer2(module.layer1(module.relu(module.stem(given.permute(0, 3, 1, 2)))))
    (maps.permute(0, 2, 3, 1) * torch.from_numpy(weights)).sum().backward()
    right = given.grad.numpy()
    np.testing.assert_allclose(jax.grad(total)(images()), right, atol=1e-4 * np.abs(right).max())


def test_class_scores_follow_from_a_layer_that_nothing_bypasses(route):
    module = modules.seeded(modules.Residual)
    names = [f"class {i}" for i in range(10)]
    layers = ["layer1", "layer2.conv1", "layer2"]
    network = pj.from_torch(module, layers, classes=names, route=route, **PLAIN)
    with torch.no_grad():
        right = copy.deepcopy(module).eval()(torch.from_numpy(images()).permute(0, 3, 1, 2)).numpy()
    maps = found(network, images())
    for layer in ("layer1", "layer2"):
        scores = jax.jit(lambda a, layer=layer: scores_after(network, network.params, layer, a))(maps[layer])
        np.testing.assert_allclose(scores, right, atol=1e-4 * np.abs(right).max())
    with pytest.raises(
        InputError, match=r"class scores do not follow from the map of layer layer2\.conv1 alone"
    ):
        scores_after(network, network.params, "layer2.conv1", maps["layer2.conv1"])
    partial = pj.from_torch(module, ["layer2.conv1"], classes=names, route=route, **PLAIN)
    assert partial.after is None and not partial.classes
    assert "class scores do not follow from the map of its last layer layer2.conv1" in partial.notes[-1]


def test_permuted_weights(route):
    network = pj.from_torch(modules.seeded(modules.Residual), ["layer2"], route=route, **PLAIN)
    other, again, third = (permuted_network(network, seed) for seed in (0, 0, 1))
    assert other.digest == again.digest != third.digest and other.name == "tiny with permuted weights"
    assert np.abs(found(other, images())["layer2"] - found(network, images())["layer2"]).max() > 0.1


def test_each_filter_keeps_its_weights():
    module = nn.Sequential(
        nn.Conv2d(3, 4, 5), nn.BatchNorm2d(4), nn.Linear(6, 7), nn.MultiheadAttention(8, 2)
    )
    for number, (key, new) in enumerate(permuted_module("x", module, 0).named_parameters()):
        old = module.get_parameter(key)
        if old.ndim > 1:
            assert not torch.equal(new, old), number
            assert torch.equal(new.flatten(1).sort(dim=1).values, old.flatten(1).sort(dim=1).values)
        else:
            assert torch.equal(new, old)
    with pytest.raises(InputError, match="no convolutions or linear layers whose weights could be permuted"):
        permuted_module("x", nn.BatchNorm2d(3), 0)


def test_the_untrained_network(route):
    network = pj.from_torch(modules.seeded(modules.ConvNeXt), ["block"], route=route, **PLAIN)
    one, again, other = (untrained_network(network, seed) for seed in (1, 1, 5))
    assert one.digest == again.digest != other.digest and one.fields == network.fields
    assert "no layer says how gamma start" in one.notes[-1]
    maps = [found(of, images())["block"] for of in (network, one, other)]
    assert min(np.abs(maps[i] - maps[j]).max() for i, j in ((0, 1), (0, 2), (1, 2))) > 0.1


class Given(nn.Module):
    """Ends in what a test says."""

    def __init__(self, then):
        super().__init__()
        self.body, self.then, self.tail = nn.Conv2d(3, 8, 4, 4), then, modules.Swin()
        self.last = nn.Identity()

    def forward(self, x):
        return self.last(self.then(self.body(x)))


def resized(x, height, width):
    """Tokens of another grid."""
    return nn.functional.interpolate(x, (height, width)).flatten(2).transpose(1, 2)


class Stuck(nn.Module):
    def forward(self, x):
        return x

    def train(self, mode=True):
        self.training = True
        return self


@pytest.mark.parametrize(("module", "layer", "message"), [
    (Given(lambda x: x), "lost", "it has no layer 'lost'; did you mean 'last'\\? choose from: "),
    (Given(lambda x: x), "tail.block", "layer tail.block does not run in the forward pass"),
    (Given(lambda x: x.mean((2, 3))), "last", r"no activation map in its output \[3, 8\]"),
    (Given(lambda x: [1, "a"]), "last", "its output, a list, holds no tensor"),
    (Given(lambda x: (x, 2 * x)), "last", r"could be read as NCHW\[0\] or NCHW\[1\]; say which"),
    (Given(lambda x: x.transpose(2, 3)), "last", "are exchanged, or run the other way"),
    (Given(lambda x: x.flip(3)), "last", "are exchanged, or run the other way"),
    (Given(lambda x: x.flip(2)), "last", "are exchanged, or run the other way"),
    (Given(lambda x: x.flatten(2).transpose(1, 2).flip(1)), "last", "are exchanged, or run the other way"),
    (Given(lambda x: resized(x, 12, 16)), "last", r"no activation map in its output \[3, 192, 8\]"),
    (Given(lambda x: resized(x, 16, 9)), "last", "no rows and columns of the image"),  # 144 is a square
    (Given(lambda x: resized(x, 8, 6)), "last", r"no activation map in its output \[3, 48, 8\]"),  # 12 + 36
    (Given(lambda x: (x.flatten(2).transpose(1, 2) @ x.flatten(2))[:, None]), "last", "no rows and columns"),
    (Given(lambda x: x - x.mean(0)), "last", "depends on the others in its batch"),
    (Given(lambda x: nn.functional.dropout(x)), "last", "depends on the others in its batch, or on chance"),
    (Given(nn.BatchNorm2d(8, track_running_stats=False)), "last", "depends on the others in its batch"),
    (Given(lambda x: x @ torch.ones(3)), "last", r"the module failed on images \[3, 3, 64, 64\]"),
    (Given(Stuck()), "last", r"then stays in training mode after eval\(\)"),
    (Given(nn.Linear(2, 2, device="meta")), "body", "parameters have no values"),
    (torch.nn.functional.relu, "last", "a function, not a torch.nn.Module"),
])  # fmt: skip
def test_what_is_refused_is_one_line(module, layer, message):
    with pytest.raises(InputError, match=message) as raised:
        pj.from_torch(module, layer, route="torch", **PLAIN)
    assert "\n" not in str(raised.value) and len(str(raised.value)) < 500


def test_a_module_run_by_torch_needs_one_device(monkeypatch):
    monkeypatch.setattr(jax, "device_count", lambda: 2)
    with pytest.raises(
        InputError, match="needs a single device of JAX, and there are 2: set JAX_NUM_CPU_DEVICES=1"
    ):
        pj.from_torch(modules.seeded(modules.Swin), "stage", route="torch", **PLAIN)


def test_routes(monkeypatch):
    module = modules.seeded(modules.Swin)
    with pytest.raises(InputError, match=r"route='tensorflow'; .*choose from: auto, torchax, torch"):
        pj.from_torch(module, "stage", route="tensorflow", **PLAIN)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "(torchax is not installed)" in pj.from_torch(module, "patches", **PLAIN).notes[0]
    with pytest.raises(InputError, match="route='torchax': torchax is not installed"):
        pj.from_torch(module, "patches", route="torchax", **PLAIN)


def test_torchax_that_differs_is_refused_naming_the_first_layer():
    torchax = pytest.importorskip("torchax", reason="torchax, a nightly, is not installed")

    class Differing(nn.Module):
        def forward(self, x):
            return x * (1.01 if isinstance(x, torchax.tensor.Tensor) else 1)

    module = nn.Sequential(nn.Conv2d(3, 4, 4, 4), Differing(), nn.ReLU())
    with pytest.raises(InputError, match=r"torchax differs from torch at layer 1, by 0.01"):
        pj.from_torch(module, ["0", "1", "2"], route="torchax", **PLAIN)
    assert (
        "(torchax differs from torch at layer 1" in pj.from_torch(module, ["0", "1", "2"], **PLAIN).notes[0]
    )


def test_what_a_timm_module_says_of_its_input_is_taken():
    module = modules.seeded(modules.Swin)
    module.pretrained_cfg = {"input_size": (3, SIZE, SIZE), "mean": (0.5, 0.5, 0.5), "std": (0.25, 0.5, 1)}
    network = pj.from_torch(module, "patches", route="torch")
    assert network.input_size == SIZE
    assert network.preprocessing == Preprocessing((127.5,) * 3, (63.75, 127.5, 255.0))
    assert list(pj.layers(module).layer[:2]) == ["patches", "block"]


def test_layers_lists_names_and_shapes():
    listed = pj.layers(modules.seeded(modules.VisionTransformer), SIZE).set_index("layer")
    assert dict(listed.loc["blocks.1"]) == {
        "module": "TransformerBlock", "shape": "[1, 69, 12]", "layout": "5+tokens",
    }  # fmt: skip
    assert listed.layout["patches"] == "NCHW" and listed.layout["head"] == ""
