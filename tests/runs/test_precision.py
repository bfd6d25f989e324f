"""float32 means float32: every product that is traced asks for the highest precision."""

import contextlib
import dataclasses
import functools

import jax
import numpy as np
import pytest
from flax import nnx
from jax.extend.core import primitives

from partsjax.discriminativeness.ablation import ablator
from partsjax.discriminativeness.blackout import blackout_scores
from partsjax.discriminativeness.gradients import attributor
from partsjax.emergence.combination import Search
from partsjax.emergence.stimuli import StimulusReducer, extractor
from partsjax.networks import ARCHITECTURES, as_network
from partsjax.networks.initial import weight_shapes
from partsjax.ops.precision import matmul_precision
from partsjax.runs.discriminativeness.drop_steps import Steps
from partsjax.supervision.objectives import OBJECTIVES
from partsjax.supervision.recipe import Recipe
from partsjax.supervision.start import starting_point
from partsjax.supervision.training import Trainer
from tests.discriminativeness.test_ablation import table
from tests.runs import scored
from tests.runs.running import QUICK, run
from tests.tiny_objectives import HEADLESS, SIDE

HIGHEST = (jax.lax.Precision.HIGHEST,) * 2
DEFAULT = (jax.lax.Precision.DEFAULT,) * 2
PRODUCTS = (primitives.dot_general_p, primitives.conv_general_dilated_p)


@contextlib.contextmanager
def traced_products():
    """{(primitive, dtype, precision)} of all products traced inside, also those that were before."""
    found = set()

    def watched(primitive):
        bind = primitive.bind

        def watching(*operands, **parameters):
            found.add((primitive.name, str(operands[0].dtype), parameters["precision"]))
            return bind(*operands, **parameters)

        return watching

    jax.clear_caches()
    with pytest.MonkeyPatch.context() as patch:
        for primitive in PRODUCTS:
            patch.setattr(primitive, "bind", watched(primitive))
        yield found


def assert_all(found, precision, *names):
    assert {name for name, *_ in found} == set(names)
    assert {product for product in found if product[2] != precision} == set()


@pytest.mark.slow
def test_a_run_of_a_network_of_the_users_own(folder, tmp_path):
    """Its convolutions name no precision; scoring and the search have products of their own."""
    with traced_products() as found:
        run(folder, tmp_path, search=Search(genetic=QUICK), all_searches=False, layers=("conv2",), limit=4)
    assert_all(found, HIGHEST, "dot_general", "conv_general_dilated")
    assert {dtype for _, dtype, _ in found} == {"float32", "float64"}


def shapes(architecture, batch=1, side=None):
    """(a network of zeros, its images): as good as any to trace."""
    weights = {name: np.zeros(shape, np.float32) for name, shape in weight_shapes(architecture).items()}
    return weights, jax.ShapeDtypeStruct((batch, *(side or architecture.input_size,) * 2, 3), np.float32)


@pytest.mark.parametrize(("dtype", "precision"), [("float32", HIGHEST), ("bfloat16", DEFAULT)])
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_our_networks(name, dtype, precision):
    """Also outside of a run, through the last convolution."""
    architecture = ARCHITECTURES[name].headless()
    weights, images = shapes(architecture)
    network = as_network(architecture, weights, dtype)
    with traced_products() as found:
        jax.eval_shape(lambda images: network.apply(network.params, images, network.default_layers), images)
        jax.eval_shape(lambda pixels: extracted(network, pixels), images)
    assert found == {("conv_general_dilated", dtype, precision)}
    assert matmul_precision(dtype).upper() == precision[0].name


def extracted(network, pixels):
    found = extractor(network, network.default_layers, StimulusReducer())(pixels)
    return [stimuli.values for stimuli in found.values()]


LABELS, MASKS = np.zeros(8, np.int32), np.zeros((8, 1, 64, 64), bool)
STEPS = {
    "ablation": lambda network, pixels: ablator(network, "conv2")(pixels, LABELS),
    "gradients": lambda network, pixels: attributor(network, "conv2")(pixels, LABELS),
    "blackout": lambda network, pixels: blackout_scores(network)(pixels, MASKS),
    "highest": lambda network, pixels: Steps(network, "conv2").highest(pixels),
}


@pytest.mark.parametrize("name", STEPS)
def test_taking_filters_and_parts_away(name):
    pixels = jax.ShapeDtypeStruct((8, 64, 64, 3), np.float32)
    with traced_products() as found:
        jax.eval_shape(functools.partial(STEPS[name], scored.network()), pixels)
    assert {product for product in found if product[2] != HIGHEST} == set()
    assert "conv_general_dilated" in {name for name, *_ in found}


def test_taking_filters_of_ours_away():
    """By subtraction, whose products are none of the network's."""
    architecture = table(head="hidden layers")
    weights, pixels = shapes(architecture, batch=8)
    network = as_network(architecture, weights)
    with traced_products() as found:
        jax.eval_shape(lambda pixels: ablator(network, "conv1")(pixels, LABELS), pixels)
        jax.eval_shape(lambda pixels: ablator(network, "conv2")(pixels, LABELS), pixels)
    assert_all(found, HIGHEST, "dot_general", "conv_general_dilated")


@pytest.mark.parametrize("name", ["object", "cam", "wsddn"])
def test_training(name):
    architecture = dataclasses.replace(HEADLESS, input_size=SIDE)
    start = starting_point(as_network(architecture, shapes(architecture)[0]), OBJECTIVES[name], 2, 8, seed=0)
    trainer = Trainer(start, OBJECTIVES[name], Recipe(steps=2), seed=0)
    batch = {
        "pixels": np.zeros((8, SIDE, SIDE, 3), np.float32),
        "labels": np.zeros(8, np.int32) if name == "object" else np.zeros((8, 2), bool),
        "windows": np.zeros((8, 3, 4), np.float32),
        "valid": np.ones((8, 3), bool),
    }
    with traced_products() as found:
        nnx.eval_shape(trainer._update, trainer.module, trainer.optimizer, batch, 0)
        nnx.eval_shape(trainer._outputs, trainer.module, batch)
    assert_all(found, HIGHEST, "dot_general", "conv_general_dilated")
