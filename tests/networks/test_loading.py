"""load_network: names, weights, and networks of the user's own."""

import dataclasses
import textwrap

import jax
import numpy as np
import pytest

from partsjax.errors import InputError
from partsjax.networks import ReceptiveField, load_network
from partsjax.networks.architectures import ARCHITECTURES
from partsjax.networks.initial import initial_weights
from partsjax.networks.layers import Dense
from partsjax.networks.weights.arrays import write_npz


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_random_networks_follow_their_seed(name):
    network = load_network(name, "random", seed=3)
    assert network.name == name
    assert repr(network) == f"<Network {name}: {len(network.fields)} layers, {network.input_size} px>"
    assert network.digest == load_network(name, "random", seed=3).digest
    assert network.digest != load_network(name, "random", seed=4).digest
    assert network.input_size == (227 if name == "caffenet" else 224)
    assert set(network.default_layers) <= set(network.fields)
    assert list(network.fields) == [layer.name for layer in ARCHITECTURES[name].convolutions]


def test_random_weights_keep_the_scale_of_activations():
    """He's initialisation: a layer's activations are neither drowned nor blown up, five layers on."""
    network = load_network("alexnet", "random", seed=0)
    images = np.random.default_rng(0).standard_normal((1, 224, 224, 3), np.float32)
    activations = jax.jit(network.apply, static_argnums=2)(network.params, images, network.default_layers)
    scales = [float((np.asarray(value) ** 2).mean() ** 0.5) for value in activations.values()]
    # Pooling picks maxima, which raises the scale a little at each of the two.
    assert all(0.5 < scale < 8 for scale in scales), scales


def test_convolutions_do_not_depend_on_whether_there_is_a_head():
    table = ARCHITECTURES["alexnet"]
    with_head = dataclasses.replace(table, head=(Dense("fc8", 2, relu=False),))
    weights = initial_weights(with_head, 5)
    for name, value in initial_weights(table.headless(), 5).items():
        np.testing.assert_array_equal(value, weights[name])


def test_a_file_of_ours_loads(tmp_path):
    table = ARCHITECTURES["caffenet"].headless()
    weights = initial_weights(table, 1)
    write_npz(tmp_path / "mine.npz", weights, table.preprocessing)
    from_file = load_network("caffenet", str(tmp_path / "mine.npz"))
    assert from_file.digest == load_network("caffenet", "random", seed=1).digest


def test_unknown_names():
    with pytest.raises(InputError, match="--net=vgg: no such network; did you mean 'vgg1"):
        load_network("vgg", "random")
    with pytest.raises(InputError, match=r"dtype=float16: .* choose from: float32, bfloat16"):
        load_network("vgg16", "random", dtype="float16")


MODULE = """
    import jax
    import jax.numpy as jnp
    from partsjax.networks import make_network

    def network(weights="w", seed=0):
        def apply(params, images, layers):
            y = jax.lax.conv_general_dilated(
                images, params["kernel"], (2, 2), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC"))
            return {"first": jax.nn.relu(y)}
        kernel = jax.random.normal(jax.random.key(seed), (5, 5, 3, 4))
        return make_network(f"mine-{weights}", apply, {"kernel": kernel}, input_size=33, layers=["first"])

    def fixed():
        return network("fixed")

    def wrong():
        return 3

    nothing = None
"""


@pytest.fixture
def users_module(tmp_path, monkeypatch):
    (tmp_path / "users_networks_for_test.py").write_text(textwrap.dedent(MODULE))
    monkeypatch.syspath_prepend(tmp_path)
    return "users_networks_for_test"


def test_the_users_function_is_called_with_what_it_takes(users_module):
    network = load_network(f"{users_module}:network", "some.file", seed=2)
    assert network.name == "mine-some.file"
    assert network.fields == {"first": ReceptiveField(size=5, stride=2, center=2)}
    assert network.digest != load_network(f"{users_module}:network", "some.file", seed=3).digest
    assert load_network(f"{users_module}:fixed", "imagenet").name == "mine-fixed"


@pytest.mark.parametrize(("net", "weights", "message"), [
    ("no_such_module_at_all:f", "imagenet", "no module named no_such_module_at_all; run from the folder"),
    ("{}:netwrk", "imagenet", "no function 'netwrk' there; did you mean 'network'"),
    ("{}:nothing", "imagenet", "no function 'nothing' there"),
    ("{}:wrong", "imagenet", "returned int, not a partsjax"),
    ("{}:fixed", "other.npz", r"no parameter for --weights=other.npz; write `def fixed\(weights\)`"),
    (":f", "imagenet", "package.module:function"),
    ("{}:", "imagenet", "package.module:function"),
])  # fmt: skip
def test_faults_of_the_users_function_are_named(users_module, net, weights, message):
    with pytest.raises(InputError, match=message):
        load_network(net.format(users_module), weights)


def test_what_the_users_module_lacks_is_named(tmp_path, monkeypatch):
    (tmp_path / "users_lacking_module.py").write_text("import no_such_package_at_all")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(InputError, match="it imports no_such_package_at_all, which is not installed"):
        load_network("users_lacking_module:f", "imagenet")


def test_a_fault_inside_the_users_module_is_not_hidden(tmp_path, monkeypatch):
    (tmp_path / "users_broken_module.py").write_text("raise RuntimeError('mine')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(InputError, match=r"RuntimeError: mine \(users_broken_module.py, line 1\)") as raised:
        load_network("users_broken_module:f", "imagenet")
    assert isinstance(raised.value.__cause__, RuntimeError)
