"""`--net=torch:...`, and the libraries' names; stand-ins for timm, torchvision and transformers."""

import textwrap

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")
import safetensors.torch  # noqa: E402

from partsjax.errors import InputError  # noqa: E402
from partsjax.networks import load_network  # noqa: E402
from partsjax.networks.protocol import Preprocessing  # noqa: E402
from partsjax.networks.untrained import untrained_network  # noqa: E402
from tests.networks.pytorch import modules  # noqa: E402

MINE = """
    import torch
    import partsjax as pj
    from tests.networks.pytorch import modules

    def build(weights="imagenet", seed=0):
        module = modules.seeded(modules.Residual, seed=1 if weights == "imagenet" else seed + 10)
        module.pretrained_cfg = {"input_size": (3, 64, 64)}
        return module

    def network():
        return pj.from_torch(build(), "layer1", name="mine", route="torch")

    def number():
        return 3
"""
TIMM = """
    import torch
    from tests.networks.pytorch import modules

    def create_model(name, pretrained):
        if name != "resnet":
            raise RuntimeError(f"Unknown model ({name})\\nmore")
        module = modules.Residual()
        if pretrained:
            module = modules.seeded(modules.Residual, seed=5)
        module.pretrained_cfg = {"input_size": (3, 64, 64), "mean": (0.5,) * 3, "std": (0.5,) * 3}
        return module
"""
TORCHVISION = """
    import types
    import torch
    from tests.networks.pytorch import modules

    def transforms():
        return types.SimpleNamespace(crop_size=[64], mean=(0.0,) * 3, std=(1.0,) * 3)

    default = types.SimpleNamespace(transforms=transforms, meta={"categories": [f"c{i}" for i in range(10)]})
    models = types.SimpleNamespace(
        get_model_weights=lambda name: types.SimpleNamespace(DEFAULT=default),
        get_model=lambda name, weights: modules.seeded(modules.Residual, seed=5 if weights else 6),
    )
"""
TRANSFORMERS = """
    import types
    from tests.networks.pytorch import modules

    of_config = types.SimpleNamespace(from_pretrained=lambda name: types.SimpleNamespace(image_size=64))
    taken = types.SimpleNamespace(
        image_mean=[0.5] * 3, image_std=[0.5] * 3, size={"shortest_edge": 72}, crop_size={"height": 64}
    )
    AutoConfig = of_config
    AutoImageProcessor = types.SimpleNamespace(from_pretrained=lambda name: taken)
    AutoModel = types.SimpleNamespace(
        from_pretrained=lambda name: modules.seeded(modules.HuggingFaceLike, seed=1),
        from_config=lambda config: modules.HuggingFaceLike(),
    )
"""
HALVES = Preprocessing((127.5,) * 3, (127.5,) * 3)


@pytest.fixture(autouse=True)
def libraries(tmp_path, monkeypatch):
    named = {"mine_torch": MINE, "timm": TIMM, "torchvision": TORCHVISION, "transformers": TRANSFORMERS}
    for name, text in named.items():
        (tmp_path / f"{name}.py").write_text(textwrap.dedent(text))
        monkeypatch.delitem(__import__("sys").modules, name, raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_a_function_that_returns_a_module():
    network = load_network("torch:mine_torch:build", layers=["layer1", "layer1_rotated0"])
    assert list(network.fields) == ["layer1"] and network.input_size == 64
    other = load_network("torch:mine_torch:build", "random", layers=["layer1"], seed=4)
    assert other.digest == load_network("torch:mine_torch:build", "random", layers=["layer1"], seed=4).digest
    assert untrained_network(network, 4).digest == other.digest != network.digest


def test_a_function_that_returns_a_network():
    network = load_network("torch:mine_torch:network")
    assert network.name == "mine" and list(network.fields) == ["layer1"]
    assert load_network("mine_torch:network").digest == network.digest


@pytest.mark.parametrize(("net", "layers", "preprocessing", "scores"), [
    ("timm:resnet", ["layer1"], HALVES, True),
    ("torchvision:resnet50", ["layer1"], Preprocessing((0.0,) * 3, (255.0,) * 3), True),
    ("hf:facebook/dinov2-small", ["dino.embedding"], HALVES, False),
])  # fmt: skip
def test_a_librarys_module(net, layers, preprocessing, scores):
    network = load_network(net, "pretrained", layers=layers)
    assert network.name == net.partition(":")[2] and network.preprocessing == preprocessing
    assert network.input_size == 64 and (network.after is not None) == scores
    assert network.digest == load_network(net, layers=layers).digest
    assert untrained_network(network, 3).digest == load_network(net, "random", layers=layers, seed=3).digest
    if net.startswith("torchvision"):
        assert network.classes == tuple(f"c{i}" for i in range(10))


@pytest.mark.parametrize("ending", ["pth", "safetensors"])
def test_weights_of_a_file(libraries, ending):
    state, path = modules.seeded(modules.Residual, seed=5).state_dict(), libraries / f"w.{ending}"
    if ending == "pth":
        torch.save({"state_dict": state, "epoch": 3}, path)
    else:
        safetensors.torch.save_file(state, path)
    found = load_network("timm:resnet", str(path), layers=["layer1"])
    assert found.digest == load_network("timm:resnet", layers=["layer1"]).digest


@pytest.mark.parametrize(("net", "weights", "options", "message"), [
    ("torch:mine_torch:build", "imagenet", {}, r"name layers of .*, --layers=NAME,\.\.\.: stem, relu"),
    ("torch:mine_torch:number", "imagenet", {"layers": ["a"]}, "returned int, not a partsjax.Network"),
    ("torch:mine_torch:lost", "imagenet", {}, "no function 'lost' there"),
    ("torch:mine_torch:network", "random", {}, "the function has no parameter for --weights=random"),
    ("mine_torch:build", "imagenet", {}, r"for a PyTorch module write --net=torch:mine_torch:build"),
    ("timm:resnet", "imagenet", {"layers": ["layer9"]}, "it has no layer 'layer9'; did you mean 'layer"),
    ("timm:vit", "imagenet", {"layers": ["a"]}, r"--net=timm:vit: timm failed: RuntimeError: Unknown model"),
    ("timm:resnet", "imagenet", {"dtype": "bfloat16"}, "a PyTorch module computes in its own type"),
    ("timm:resnet", "/nowhere.pth", {"layers": ["layer1"]}, "--weights=/nowhere.pth: cannot be read"),
    ("timm:resnet", "imagenet", {"lrn": "before_pool"}, "only for weight files"),
])  # fmt: skip
def test_what_is_refused_is_one_line(net, weights, options, message):
    with pytest.raises(InputError, match=message) as raised:
        load_network(net, weights, **options)
    assert "\n" not in str(raised.value)


def test_a_checkpoint_is_no_state_dict(libraries):
    (libraries / "W" / "checkpoint" / "3" / "about").mkdir(parents=True)
    with pytest.raises(InputError, match=r"a checkpoint that partsjax wrote.*pj\.measure\(trained\.network"):
        load_network("torch:mine_torch:build", str(libraries / "W"), layers=["layer1"])


def test_weights_that_do_not_fit(libraries):
    state = modules.Residual().state_dict()
    state["extra"], state["fc.bias"] = torch.ones(1), torch.ones(3)
    del state["stem.weight"]
    torch.save(state, libraries / "w.pth")
    message = (
        "does not fit --net=timm:resnet: it lacks stem.weight; it has besides extra; it has in another shape "
        "fc.bias"
    )
    with pytest.raises(InputError, match=message):
        load_network("timm:resnet", str(libraries / "w.pth"), layers=["layer1"])


def test_a_library_that_cannot_be_imported(libraries, monkeypatch):
    (libraries / "timm.py").write_text("raise RuntimeError('operator torchvision::nms does not exist')")
    with pytest.raises(InputError, match="timm cannot be imported: RuntimeError: operator torchvision::nms"):
        load_network("timm:resnet", layers=["layer1"])
    monkeypatch.setitem(__import__("sys").modules, "timm", None)
    with pytest.raises(InputError, match="--net=timm:resnet: timm is not installed: pip install timm"):
        load_network("timm:resnet", layers=["layer1"])
