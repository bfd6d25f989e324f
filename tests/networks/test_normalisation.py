"""What input and order of layers a file's weights are for: known, given or asked for, and reported."""

import dataclasses

import jax
import numpy as np
import pytest
import safetensors.numpy
import scipy.io

from partsjax.errors import InputError
from partsjax.networks import as_network, load_network
from partsjax.networks.architectures import IMAGENET, VGG_IMAGENET
from partsjax.networks.weights import read_file
from partsjax.networks.weights.convert import convert
from partsjax.networks.weights.naming import by_name
from partsjax.networks.weights.normalisation import NORMALISATIONS, WeightOptions

LAYERS = ("conv1", "conv2", "conv3", "conv4", "conv5")


def _torch(weights, *, places=None, within="", features="features"):
    """State dict of the convolutional part, by layer names or by places in `features`."""
    found = {}
    for name, value in weights.items():
        layer, kind = name.split("/")
        if layer.startswith("conv"):
            module = f"{layer}{within}" if places is None else f"{features}.{places[LAYERS.index(layer)]}"
            value = np.ascontiguousarray(value.transpose(3, 2, 0, 1) if value.ndim == 4 else value)
            found[f"{module}.{'weight' if kind == 'kernel' else 'bias'}"] = value
    return found


def _for_input(weights, normalisation):
    """The same function of pixels, by a first layer for that input: `weights` are for torchvision's."""
    (mean, std), bgr = dataclasses.astuple(NORMALISATIONS[normalisation][0]), NORMALISATIONS[normalisation][1]
    kernel, bias = weights["conv1/kernel"].astype(float), weights["conv1/bias"]
    by_pixel = kernel / np.array(IMAGENET.std)[:, None]
    shift = np.array(mean) - np.array(IMAGENET.mean)
    kernel = by_pixel * np.array(std)[:, None]
    kernel = kernel[:, :, ::-1] if bgr else kernel
    moved = bias + (by_pixel * shift[:, None]).sum((0, 1, 2))
    return {**weights, "conv1/kernel": kernel.astype(np.float32), "conv1/bias": moved.astype(np.float32)}


def _activation(found, pixels):
    table = found.architecture
    network = as_network(table, found.weights)
    mean, std = (np.float32(value) for value in dataclasses.astuple(table.preprocessing))
    return jax.jit(network.apply, static_argnums=2)(network.params, (pixels - mean) / std, ("conv2",))[
        "conv2"
    ]


@pytest.fixture(scope="module")
def caffenet(small, weights_for):
    table = small("caffenet").headless()
    return table, weights_for(table)


@pytest.fixture(scope="module")
def pixels():
    return np.random.default_rng(3).integers(0, 256, (1, 227, 227, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def expected(caffenet, pixels):
    table, weights = caffenet
    told = WeightOptions("torchvision", "before_pool")
    return _activation(convert(by_name("f", _torch(weights)), table, told), pixels)


@pytest.mark.parametrize("normalisation", NORMALISATIONS)
def test_the_same_function_for_any_input_is_the_same_activation(normalisation, caffenet, pixels, expected):
    table, weights = caffenet
    tensors = _torch(_for_input(weights, normalisation))
    found = convert(by_name("f", tensors), table, WeightOptions(normalisation, "before_pool"))
    activation = _activation(found, pixels)
    np.testing.assert_allclose(activation, expected, atol=2e-4 * float(np.abs(expected).max()))
    (note,) = found.notes
    assert f"({'by --normalisation=' + normalisation})" in note
    assert ("BGR" in note) == (normalisation in ("caffe", "vgg"))
    assert note.endswith("; local response normalization before pooling, by --lrn")


@pytest.mark.parametrize(
    ("name", "low", "high", "bgr"),
    [
        ("torchvision", (-2.1179, -2.0357, -1.8044), (2.2489, 2.4286, 2.64), False),
        ("caffe", (-122.67892, -116.66877, -104.00699), (132.32108, 138.33123, 150.99301), True),
        ("vgg", (-123.68, -116.779, -103.939), (131.32, 138.221, 151.061), True),
        ("vgg_rgb", (-123.68, -116.779, -103.939), (131.32, 138.221, 151.061), False),
        ("0..1", (0, 0, 0), (1, 1, 1), False),
        ("-1..1", (-1, -1, -1), (1, 1, 1), False),
    ],
)
def test_what_black_and_white_become(name, low, high, bgr):
    """Red, green, blue; as each name's makers have it."""
    preprocessing, takes_bgr = NORMALISATIONS[name]
    mean, std = (np.array(value) for value in dataclasses.astuple(preprocessing))
    np.testing.assert_allclose((0 - mean) / std, low, atol=1e-4)
    np.testing.assert_allclose((255 - mean) / std, high, atol=1e-4)
    assert takes_bgr == bgr


def test_the_order_told_is_the_order_made(caffenet, pixels, expected):
    table, weights = caffenet
    found = convert(by_name("f", _torch(weights)), table, WeightOptions("torchvision", "after_pool"))
    assert found.architecture.layers == table.pooling_first().layers
    assert np.abs(_activation(found, pixels) - expected).max() > 1e-4 * np.abs(expected).max()


@pytest.mark.parametrize(
    "tensors",
    [
        lambda weights: _torch(weights),
        lambda weights: _torch(weights, within=".0"),
        lambda weights: _torch(weights, places=(0, 3, 6, 8, 10)),
        lambda weights: _torch(weights, places=(0, 4, 8, 10, 12)),
        lambda weights: _torch(weights, places=(0, 3, 6, 8, 10), features="encoder"),
        lambda weights: _torch(weights, places=(0, 4, 8, 10, 12), features="encoder"),
    ],
    ids=["layer names", "blocks", "places", "places, counted", "no features", "no features, counted"],
)
def test_torch_files_of_caffes_alexnet_say_neither_and_are_asked(tensors, caffenet):
    table, weights = caffenet
    file = by_name("alexnet_places.pth", tensors(weights))
    for told, asked in (
        (
            WeightOptions(),
            r"what input it wants: --normalisation=.* and whether .* --lrn=before_pool .*after_pool",
        ),
        (WeightOptions("torchvision"), r"say whether local response normalization .* --lrn="),
        (WeightOptions(lrn="after_pool"), r"say what input it wants: --normalisation=torchvision.caffe"),
    ):
        with pytest.raises(InputError, match=rf"^alexnet_places\.pth: does not {asked}|does not say {asked}"):
            convert(file, table, told)
    found = convert(file, table, WeightOptions("torchvision", "after_pool"))
    np.testing.assert_array_equal(found.weights["conv5/kernel"], weights["conv5/kernel"])


def test_normalisation_counted_or_not_the_head_is_found(small, weights_for):
    table = small("caffenet")
    weights = weights_for(table)
    for places in ((0, 3, 6, 8, 10), (0, 4, 8, 10, 12)):
        tensors = _torch(weights, places=places)
        for layer, at in (("fc6", 1), ("fc7", 4), ("fc8", 6)):
            tensors[f"classifier.{at}.weight"] = weights[f"{layer}/kernel"].T
            tensors[f"classifier.{at}.bias"] = weights[f"{layer}/bias"]
        found = convert(by_name("f", tensors), table, WeightOptions("torchvision", "after_pool"))
        np.testing.assert_array_equal(found.weights["fc7/kernel"], weights["fc7/kernel"])


def test_an_order_that_is_not_the_files_is_refused(caffenet, tmp_path):
    table, weights = caffenet
    cell = np.empty((1, 7), object)
    kinds = [{"type": "pool", "name": "pool1"}, {"type": "lrn", "name": "norm1"}]
    convolutions = [
        {
            "name": layer,
            "type": "conv",
            "filters": weights[f"{layer}/kernel"],
            "biases": weights[f"{layer}/bias"],
        }
        for layer in LAYERS
    ]
    cell[0, :] = [convolutions[0], *kinds, *convolutions[1:]]
    scipy.io.savemat(tmp_path / "w", {"layers": cell})
    file = read_file(tmp_path / "w")
    assert convert(file, table).architecture.layers == table.pooling_first().layers
    assert "after pooling, by the file" in convert(file, table).notes[-1]
    convert(file, table, WeightOptions(lrn="after_pool"))
    with pytest.raises(InputError, match=r"--lrn=before_pool: .* lists its layers as after_pool; leave"):
        convert(file, table, WeightOptions(lrn="before_pool"))


def test_what_a_dagnn_normalises_decides_its_order(caffenet, tmp_path):
    """Its layers may be listed in any order."""
    table, weights = caffenet
    for takes, layers in (("pool1x", table.pooling_first().layers), ("conv1x", table.layers)):
        entries = [
            {"name": "norm1", "type": "dagnn.LRN", "inputs": takes, "outputs": "norm1x"},
            {"name": "pool1", "type": "dagnn.Pooling", "inputs": "other", "outputs": "pool1x"},
        ]
        entries += [
            {
                "name": one,
                "type": "dagnn.Conv",
                "outputs": f"{one}x",
                "params": np.array([f"{one}f", f"{one}b"], object),
            }
            for one in LAYERS
        ]
        kinds = (("f", "kernel"), ("b", "bias"))
        params = [{"name": f"{o}{s}", "value": weights[f"{o}/{kind}"]} for o in LAYERS for s, kind in kinds]
        cells = []
        for values in (entries, params):
            cells.append(np.empty((1, len(values)), object))
            cells[-1][0, :] = values
        scipy.io.savemat(tmp_path / "w", {"layers": cells[0], "params": cells[1]})
        assert convert(read_file(tmp_path / "w"), table).architecture.layers == layers


@pytest.fixture(scope="module")
def vgg(small, weights_for):
    table = small("vgg16").headless()
    return table, weights_for(table)


def _vgg_state(weights):
    layers = dict.fromkeys(name.split("/")[0] for name in weights)
    places = dict(zip(layers, (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28), strict=True))
    kinds = {"kernel": "weight", "bias": "bias"}
    return {
        f"features.{places[name.split('/')[0]]}.{kinds[name.split('/')[1]]}": np.ascontiguousarray(
            value.transpose(3, 2, 0, 1) if value.ndim == 4 else value
        )
        for name, value in weights.items()
    }


def test_what_is_taken_for_granted_is_said(vgg):
    table, weights = vgg
    found = convert(by_name("some/vgg16.pth", _vgg_state(weights)), table)
    assert found.architecture.preprocessing == IMAGENET
    assert found.notes == (
        "some/vgg16.pth: input is RGB pixels less (123.675, 116.28, 103.53) over (58.395, 57.12, 57.375), as "
        "torchvision (known from torchvision's names; --normalisation sets another)",
    )


@pytest.mark.parametrize("scale", [1 / 60, 1 / 255, 1 / 20])
def test_a_first_layer_for_pixels_contradicts_torchvisions_input(vgg, scale):
    table, weights = vgg
    weights = {**weights, "conv1_1/kernel": weights["conv1_1/kernel"] * np.float32(scale)}
    with pytest.raises(InputError, match=r"and torchvision's it is not \(filters .*\): --normalisation="):
        convert(by_name("vgg16.pth", _vgg_state(weights)), table)
    found = convert(by_name("vgg16.pth", _vgg_state(weights)), table, WeightOptions("vgg"))
    assert found.architecture.preprocessing == VGG_IMAGENET
    np.testing.assert_array_equal(found.weights["conv1_1/kernel"], weights["conv1_1/kernel"][:, :, ::-1])


@pytest.mark.parametrize(
    "name", ["vgg16_caffe.pth", "vgg16-00b39a1b.pth", "vgg16_features-amdegroot-88682ab5.pth"]
)
def test_a_name_that_speaks_of_caffes_input_is_asked_about(vgg, name):
    table, weights = vgg
    with pytest.raises(InputError, match="its name suggests other input than torchvision's: --norm"):
        convert(by_name(f"caffe/{name}", _vgg_state(weights)), table)
    convert(by_name("caffe/vgg16.pth", _vgg_state(weights)), table)
    convert(by_name(name, _vgg_state(weights)), table, WeightOptions("torchvision"))


def test_it_decides_the_digest_and_reaches_the_network(tmp_path):
    network = load_network("alexnet", "random")
    weights = {
        f"{layer}/{kind}": np.asarray(network.params[layer][kind][...])
        for layer in LAYERS
        for kind in ("kernel", "bias")
    }
    path = str(tmp_path / "w.bin")
    safetensors.numpy.save_file(_torch(weights, places=(0, 3, 6, 8, 10)), path)
    digests = set()
    for name, (preprocessing, _) in NORMALISATIONS.items():
        found = load_network("alexnet", path, normalisation=name)
        assert found.preprocessing == preprocessing and f"--normalisation={name}" in found.notes[0]
        digests.add(found.digest)
    assert len(digests) == len(NORMALISATIONS)
    assert load_network("alexnet", path).digest in digests


@pytest.mark.parametrize(
    ("net", "weights", "told", "line"),
    [
        (
            "alexnet",
            "imagenet",
            {"normalisation": "vgg"},
            "=vgg: only for weight files; it is known",
        ),
        (
            "alexnet",
            "random",
            {"lrn": "after_pool"},
            "--lrn=after_pool: only for weight files; random",
        ),
        ("a.b:c", "x", {"normalisation": "0..1"}, "make_network's preprocessing"),
        ("alexnet", "x", {"normalisation": "tv"}, "--normalisation=tv: .*choose from: torchvision, caffe"),
        ("alexnet", "x", {"lrn": "before"}, "--lrn=before: did you mean 'before_pool'"),
    ],
)
def test_what_cannot_be_told_is_refused(net, weights, told, line):
    with pytest.raises(InputError, match=line):
        load_network(net, weights, **told)


def test_lrn_of_a_network_without_is_refused(vgg):
    with pytest.raises(
        InputError, match="--lrn=after_pool: vgg16 has no local response normalization; leave"
    ):
        convert(by_name("f", _vgg_state(vgg[1])), vgg[0], WeightOptions(lrn="after_pool"))
