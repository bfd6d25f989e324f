"""Whole networks against plain torch modules of the same weights, and what a forward pass computes."""

import jax
import numpy as np
import pytest
from flax import nnx

from partsjax.networks.architectures import ARCHITECTURES
from partsjax.networks.assembly import as_network
from partsjax.networks.initial import initial_weights, weight_shapes
from partsjax.networks.model import CLASS_SCORES, ConvNet
from partsjax.networks.weights.convert import convert
from partsjax.networks.weights.naming import by_name
from partsjax.networks.weights.normalisation import WeightOptions

WIDTHS = {
    "alexnet": (64, 192, 384, 256, 256),
    "caffenet": (96, 256, 384, 384, 256),
    "vgg16": (64, 128, 256, 512, 512),
    "vgg19": (64, 128, 256, 512, 512),
}


def _torch_tensors(module) -> dict:
    return {name: value.numpy() for name, value in module.state_dict().items()}


@pytest.mark.parametrize("name", WIDTHS)
def test_activations_and_scores_are_those_of_torch(name, small, torch_network, images_for, forward):
    torch = pytest.importorskip("torch")
    table = small(name)
    widths = [width // 16 for width in WIDTHS[name]]
    cells = 2 if name.startswith("vgg") else 6
    module = torch_network(name, widths, widths[-1] * cells**2, hidden=24, classes=10)
    images = images_for(table)
    with torch.no_grad():
        activations, scores = module.named(torch.tensor(images).permute(0, 3, 1, 2))
    # by_name has torchvision's numbering; Caffe's AlexNet has none, its normalisation has no place.
    tensors = _torch_tensors(module)
    if name == "caffenet":
        tensors = _under_layer_names(module, table)
    told = WeightOptions("torchvision", "before_pool") if name == "caffenet" else None
    found = convert(by_name("module", tensors), table, told)
    table, weights = found.architecture, found.weights
    names = [layer.name for layer in table.convolutions]
    ours = forward(table, weights, images, (*names, CLASS_SCORES))
    for layer, expected in zip(names, activations, strict=True):
        np.testing.assert_allclose(ours[layer], expected, atol=1e-4 * expected.max(), err_msg=layer)
    np.testing.assert_allclose(ours[CLASS_SCORES], scores, atol=1e-4 * np.abs(scores).max())


def _under_layer_names(module, table) -> dict:
    modules = [m for m in (*module.features, *module.classifier) if hasattr(m, "weight")]
    layers = (*table.convolutions, *table.head)
    return {
        f"{layer.name}.{kind}": getattr(m, kind).detach().numpy()
        for layer, m in zip(layers, modules, strict=True)
        for kind in ("weight", "bias")
    }


@pytest.mark.parametrize("name", WIDTHS)
def test_filters_are_as_many_as_the_networks_have(name):
    table = ARCHITECTURES[name]
    shapes = weight_shapes(table)
    blocks = list(dict.fromkeys(layer.features for layer in table.convolutions))
    assert blocks == list(dict.fromkeys(WIDTHS[name]))
    total = sum(int(np.prod(shape)) for shape in shapes.values())
    published = {"alexnet": 61_100_840, "caffenet": 60_965_224, "vgg16": 138_357_544, "vgg19": 143_667_240}
    assert total == published[name]


def test_only_what_is_asked_for_is_computed(small, images_for):
    table = small("alexnet")
    network = as_network(table, initial_weights(table, 0))
    images = images_for(table)

    def count(layers):
        text = str(jax.make_jaxpr(network.apply, static_argnums=2)(network.params, images, layers))
        return text.count("conv_general_dilated["), text.count("dot_general[")

    assert count(("conv1",)) == (1, 0)
    assert count(("conv3", "conv1")) == (3, 0)
    assert count(("conv5",)) == (5, 0)
    assert count(("fc6",)) == (5, 1)
    assert count((CLASS_SCORES, "conv2")) == (5, 3)
    assert count(()) == (0, 0)


def test_order_of_asking_does_not_matter(small, weights_for, images_for, forward):
    table = small("vgg16")
    weights, images = weights_for(table), images_for(table)
    asked = forward(table, weights, images, ("conv4_3", "conv1_2"))
    for layer in ("conv1_2", "conv4_3"):
        np.testing.assert_allclose(
            asked[layer], forward(table, weights, images, (layer,))[layer], rtol=1e-5, atol=1e-6
        )


def test_a_layer_that_is_not_there_is_named(small, images_for):
    table = small("alexnet").headless()
    network = as_network(table, initial_weights(table, 0))
    with pytest.raises(ValueError, match="alexnet has no layer conv6, scores"):
        network.apply(network.params, images_for(table), ("conv6", "scores"))


def test_scores_need_the_full_size_but_convolutions_do_not(small, images_for):
    table = small("alexnet")
    network = as_network(table, initial_weights(table, 0))
    images = images_for(table)[:, :195, :195]
    assert network.apply(network.params, images, ("conv5",))["conv5"].shape == (2, 11, 11, 16)
    with pytest.raises(ValueError, match="maps of 6x6 cells, not 5x5"):
        network.apply(network.params, images, ("scores",))


@pytest.mark.slow
def test_bfloat16_computes_coarsely_and_answers_in_float32(small, weights_for, images_for, forward):
    table = small("caffenet")
    weights, images = weights_for(table), images_for(table)
    exact = forward(table, weights, images, ("conv5", "scores"))
    coarse = forward(table, weights, images, ("conv5", "scores"), dtype="bfloat16")
    for layer in exact:
        assert coarse[layer].dtype == np.float32
        error = np.abs(coarse[layer] - exact[layer]).max() / np.abs(exact[layer]).max()
        assert 1e-5 < error < 0.05


def test_digest_changes_with_each_thing_it_stands_for(small, weights_for):
    table = small("alexnet")
    weights = weights_for(table)
    digest = as_network(table, weights).digest
    assert digest == as_network(table, {name: weights[name].copy() for name in reversed(weights)}).digest
    changed = {**weights, "conv3/bias": weights["conv3/bias"] + np.float32(1e-6)}
    others = [
        as_network(table, changed).digest,
        as_network(table, weights, "bfloat16").digest,
        as_network(small("caffenet"), weights_for(small("caffenet"))).digest,
    ]
    assert len({digest, *others}) == 4


@pytest.mark.slow
def test_gradients_reach_every_weight(small, weights_for, images_for):
    """The module trains: nothing in the forward pass cuts a weight off from the scores."""
    table = small("caffenet")
    network = as_network(table, weights_for(table))
    images = images_for(table)

    def loss(params):
        return (network.apply(params, images, (CLASS_SCORES,))[CLASS_SCORES] ** 2).sum()

    gradients = jax.tree.leaves(jax.jit(jax.grad(loss))(network.params))
    assert len(gradients) == 16
    assert all(float(abs(gradient).max()) > 0 for gradient in gradients)


def test_the_module_is_flax(small, weights_for, images_for):
    table = small("alexnet")
    model = as_network(table, weights_for(table)).module()
    assert (
        isinstance(model, ConvNet) and isinstance(model.conv2, nnx.Conv) and isinstance(model.fc6, nnx.Linear)
    )
    assert model.conv2.kernel[...].shape == (5, 5, 4, 12)
    assert model(images_for(table), ("conv2",))["conv2"].shape == (2, 27, 27, 12)
