"""Anyone's network under a head of ours: its maps, its scores, and what is trained of it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from partsjax.errors import InputError
from partsjax.networks import ReceptiveField, make_network
from partsjax.networks.headed import Headed, cells_seen, headed_network
from partsjax.networks.heads import HeadTable
from partsjax.networks.layers import Dense, MaxPool, output_side
from partsjax.networks.modules import named
from partsjax.networks.trained import trained_network
from partsjax.networks.weights.checkpoints import Checkpoint, CheckpointFacts
from partsjax.supervision.objectives import OBJECTIVES
from partsjax.supervision.recipe import Recipe
from partsjax.supervision.start import starting_point, trained_names
from partsjax.supervision.training import Trainer
from tests.networks import own

pytestmark = pytest.mark.slow

IMAGES = np.random.default_rng(5).standard_normal((3, own.SIZE, own.SIZE, 3)).astype(np.float32)
BODY = {"first": ReceptiveField(5, 2, 2), "second": own.FIELD}


def stacked(params=None, dtype="float32"):
    """Two convolutions, both of them layers."""

    @jax.jit
    def body(params, images):
        first = jax.nn.relu(own.conv(images, params["first"]))
        return {"first": first, "second": jax.nn.relu(own.conv(first, params["second"]))}

    def apply(params, images, layers):
        return body(*jax.tree.map(lambda x: jnp.asarray(x, dtype), (params, images)))

    return make_network("stacked", apply, params or own.params(), input_size=own.SIZE, fields=BODY)


def started(network, objective="image", hidden=12):
    return starting_point(network, OBJECTIVES[objective], 3, hidden, seed=0)


def headed(network, objective="image"):
    module = started(network, objective).module
    return module, headed_network(module, ("a", "b", "c"))


def plain_scores(maps, weights, pool=2):
    """The compact head, for maps of 14x14 cells."""
    images, cells = len(maps), maps.shape[1] // pool
    blocks = maps.reshape(images, cells, pool, cells, pool, -1).max((2, 4)).reshape(images, -1)
    hidden = np.maximum(blocks @ weights["fc6/kernel"] + weights["fc6/bias"], 0)
    return hidden @ weights["scores/kernel"] + weights["scores/bias"]


def test_its_maps_are_the_networks_and_its_scores_the_heads():
    base = stacked()
    module, network = headed(base)
    found = network.apply(network.params, IMAGES, ("first", "scores", "second"))
    expected = base.apply(base.params, IMAGES, ("first", "second"))
    for layer in expected:
        np.testing.assert_allclose(found[layer], expected[layer], rtol=1e-6)
    weights = {name: np.asarray(value, np.float64) for name, value in named(nnx.state(module)).items()}
    plain = plain_scores(np.asarray(expected["second"], np.float64), weights)
    np.testing.assert_allclose(found["scores"], plain, rtol=1e-4, atol=1e-5)
    assert network.fields == base.fields and network.classes == ("a", "b", "c")
    assert network.digest not in ("", base.digest)


def test_class_maps_slide_over_the_unpooled_map():
    module, network = headed(stacked(), "cam")
    maps = network.apply(network.params, IMAGES, ("class_maps",))["class_maps"]
    assert maps.shape == (3, 14, 14, 3)
    np.testing.assert_allclose(module.classify(IMAGES)["scores"], maps.mean((1, 2)), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("layer", "dtype"), [("first", "float32"), ("first", "bfloat16"), ("second", "float32")]
)
def test_scores_follow_from_every_layer(layer, dtype):
    _, network = headed(stacked(dtype=dtype))
    found = network.apply(network.params, IMAGES, (layer, "scores"))
    again = jax.jit(network.after, static_argnums=1)(network.params, layer, found[layer])
    np.testing.assert_allclose(again, found["scores"], rtol=1e-5, atol=1e-6)
    other = network.after(network.params, layer, found[layer].at[..., :4].set(0))
    assert np.abs(other - found["scores"]).max() > 1e-4


def test_what_goes_past_a_layer_is_refused():
    def apply(params, images, layers):
        x = jax.nn.relu(own.conv(images, params["first"]))
        within = jax.nn.relu(x * 2 - 1)
        return {"within": within, "sum": within + x}

    field = ReceptiveField(5, 2, 2)
    fields = {"within": field, "sum": field}
    residual = make_network("residual", apply, own.params(), input_size=own.SIZE, fields=fields)
    _, network = headed(residual)
    found = network.apply(network.params, IMAGES, ("within",))
    with pytest.raises(InputError, match="layer sum does not follow from within alone"):
        network.after(network.params, "within", found["within"])


def test_layers_before_train_from_stay():
    start = started(stacked())
    head = {"fc6/kernel", "fc6/bias", "scores/kernel", "scores/bias"}
    assert trained_names(start, "") == {"backbone/0", "backbone/1", *head} and start.new == head
    assert trained_names(start, "second") == {"backbone/1", *head}
    assert trained_names(start, "head") == trained_names(start, "fc6") == head
    with pytest.raises(InputError, match=r"--train_from: no layer 'third'; .*second"):
        trained_names(start, "third")


def test_a_step_moves_what_is_trained_alone():
    """And not the network that was given, whose arrays a step must not take over."""
    base = stacked(jax.tree.map(jnp.asarray, own.params()))
    objective, recipe = OBJECTIVES["image"], Recipe(steps=4, train_from="second")
    trainer = Trainer(started(base), objective, recipe, seed=0)
    before = {name: np.array(value) for name, value in named(nnx.state(trainer.module)).items()}
    batch = {"pixels": IMAGES * 60 + 110, "labels": np.eye(3, dtype=bool)}
    for step in range(2):
        trainer.step(batch, step)
    after = named(nnx.state(trainer.module))
    assert {name for name in before if np.array_equal(before[name], after[name])} == {"backbone/0"}
    for name, value in own.params().items():
        np.testing.assert_array_equal(base.params[name], value)


def test_of_nnx_states_only_parameters_are_trained():
    class Net(nnx.Module):
        def __init__(self):
            self.conv = nnx.Conv(3, 8, (5, 5), strides=4, padding="VALID", rngs=nnx.Rngs(0))
            self.norm = nnx.BatchNorm(8, use_running_average=True, rngs=nnx.Rngs(0))

    graph, params = nnx.split(Net())

    def apply(params, images, layers):
        net = nnx.merge(graph, params)
        return {"conv": jax.nn.relu(net.norm(net.conv(images)))}

    network = make_network(
        "normed", apply, params, input_size=own.SIZE, fields={"conv": ReceptiveField(5, 4, 2)}
    )
    start = started(network)
    assert len(start.module.backbone) == 6  # kernel, bias, scale, shift, mean and variance
    assert sum(name.startswith("backbone") for name in trained_names(start, "")) == 4
    _, found = headed(network)
    expected = network.apply(network.params, IMAGES, ("conv",))["conv"]
    np.testing.assert_allclose(found.apply(found.params, IMAGES, ("conv",))["conv"], expected, rtol=1e-5)


def test_a_wide_map_is_pooled_to_what_the_head_sees():
    for side in range(1, 300):
        seen = cells_seen(side)
        pool = side // seen
        assert 1 <= seen <= 7 and output_side((MaxPool(pool, pool),), side) == seen
    assert [cells_seen(side) for side in (7, 8, 13, 14, 28)] == [7, 4, 6, 7, 7]


def test_a_checkpoint_makes_the_same_network_again_and_no_other():
    base = stacked()
    module, network = headed(base)
    about = CheckpointFacts("stacked", module.table, ("a", "b", "c"), "image", 7)
    checkpoint = Checkpoint(about, {n: np.asarray(v) for n, v in named(nnx.state(module)).items()})
    again = trained_network(stacked(own.params(seed=9)), checkpoint, "W")
    assert again.digest == network.digest
    assert trained_network(again, checkpoint, "W").digest == network.digest  # its own head goes
    found = again.apply(again.params, IMAGES, ("scores",))["scores"]
    np.testing.assert_array_equal(found, network.apply(network.params, IMAGES, ("scores",))["scores"])
    with pytest.raises(InputError, match="W: a checkpoint of stacked, not of own"):
        trained_network(own.made(), checkpoint, "W")
    narrow = {name: value[..., :4] for name, value in own.params().items()}
    narrow["second"] = narrow["second"][:, :, :4]
    with pytest.raises(InputError, match="W: weights missing or misshapen: backbone/0, backbone/1"):
        trained_network(stacked(narrow), checkpoint, "W")


def test_training_goes_on_from_a_trained_network():
    """Its hidden layer stays, its scores are new."""
    module, network = headed(stacked())
    start = started(network)
    assert start.new == {"scores/kernel", "scores/bias"}
    for name in ("backbone/0", "backbone/1", "fc6/kernel"):
        np.testing.assert_array_equal(named(nnx.state(start.module))[name], named(nnx.state(module))[name])
    assert isinstance(start.module, Headed)
    assert start.module.table == HeadTable((Dense("fc6", 12), Dense("scores", 3, relu=False)), 16, 7)
