"""What a network gives is checked in one place: every way of being wrong is refused in a line."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from partsjax.discriminativeness.ablation import ablator
from partsjax.discriminativeness.blackout import blackout_scores
from partsjax.discriminativeness.gradients import attributor
from partsjax.discriminativeness.scores import require_finite_scores
from partsjax.emergence.stimuli import StimulusReducer, extractor, require_finite
from partsjax.errors import InputError
from partsjax.networks import ARCHITECTURES, ReceptiveField, as_network
from partsjax.networks.activations import check_geometry, shapes
from partsjax.networks.initial import weight_shapes
from tests.networks import own
from tests.networks.own import LAYER, SIZE

RIGHT = own.made()
SHAPES = {
    "channels first": (lambda x: x.transpose(0, 3, 1, 2), r"16 rows and 14 columns.*channels come last"),
    "channels second": (lambda x: x.transpose(0, 1, 3, 2), r"14 rows and 16 columns"),
    "no map": (lambda x: x.mean((1, 2)), r"shape \[\d, 16\] .* must be \[batch, rows, columns, filters\]"),
    "one cell": (lambda x: x.mean((1, 2), keepdims=True), r"1x1 cells does not fit .* hold about 14 cells"),
    "columns cut off": (lambda x: x[:, :, :7], r"14 rows and 7 columns"),
    "cut off": (lambda x: x[:, :7, :7], r"7x7 cells does not fit"),
    "too many cells": (lambda x: jnp.repeat(jnp.repeat(x, 2, 1), 2, 2), r"28x28 cells does not fit"),
    "no cells": (lambda x: x[:, :0, :0], r"\[batch, rows, columns, filters\]"),
    "no filters": (lambda x: x[..., :0], r"\[batch, rows, columns, filters\]"),
    "an axis too many": (lambda x: x[None], r"\[batch, rows, columns, filters\]"),
    "other batch axis": (lambda x: x.transpose(1, 0, 2, 3), r"shape \[14, .*for a batch of"),
    "batch lost": (lambda x: x[:1].repeat(5, 0), r"shape \[5, .*for a batch of"),
    "complex": (lambda x: x.astype(jnp.complex64), "of type complex64"),
    "truth values": (lambda x: x > 0, "of type bool"),
    "a list": (lambda x: [x], "is a list, not an array"),
    "None": (lambda x: None, "is a NoneType, not an array"),
}


@pytest.mark.parametrize("known", ["given", "measured"])
@pytest.mark.parametrize("name", SHAPES)
def test_an_activation_that_does_not_fit_is_refused(name, known):
    """Whether receptive fields are given or measured."""
    of_body, message = SHAPES[name]
    if known == "measured" and name in {"one cell", "cut off", "too many cells"}:
        return  # found, such a map has a field that fits it
    with pytest.raises(InputError, match=message) as raised:
        own.made(of_body, fields={} if known == "measured" else None)
    assert "network own" in str(raised.value) and "\n" not in str(raised.value)


RETURNED = {
    "a list": (lambda x, layers: [x], "returned a list; it must return a dictionary"),
    "a tuple": (lambda x, layers: (x,), "returned a tuple"),
    "an array": (lambda x, layers: x, "returned a .*Tracer; it must return a dictionary"),
    "nothing": (lambda x, layers: None, "returned a NoneType"),
    "another layer": (lambda x, layers: {"conv1": x}, "did not return conv2; it returned conv1"),
    "no layer": (lambda x, layers: {}, "did not return conv2; it returned nothing"),
    "numpy": (lambda x, layers: {LAYER: np.asarray(x)}, "TracerArrayConversionError: .*use jax.numpy"),
    "a branch": (
        lambda x, layers: {LAYER: x if x.sum() > 0 else -x},
        r"TracerBool.*\(test_activations.py, l",
    ),
    "a fault": (
        lambda x, layers: {LAYER: {}[layers[0]]},
        r"KeyError: 'conv2' \(test_activations.py, line \d+",
    ),
}


@pytest.mark.parametrize("name", RETURNED)
def test_what_apply_returns_or_raises_is_told(name):
    returned, message = RETURNED[name]
    with pytest.raises(InputError, match=f"network own: its `apply`.*{message}") as raised:
        own.named(lambda params, images, layers: returned(own.body(params, images), layers))
    assert "\n" not in str(raised.value)


def wrong(network):
    """The same network, giving channels first: as one constructed by hand might, which nobody has checked."""

    def apply(params, images, layers):
        return {LAYER: network.apply(params, images, layers)[LAYER].transpose(0, 3, 1, 2)}

    return dataclasses.replace(network, apply=apply)


def with_scores(of_scores=lambda x: x, **options):
    def after(params, layer, activation):
        return of_scores(activation.max(axis=(1, 2)))

    return own.made(after=after, classes=[f"class {i}" for i in range(16)], **options)


PIXELS, LABELS = np.zeros((8, SIZE, SIZE, 3), np.float32), np.zeros(8, np.int32)
STEPS = {
    "emergence": lambda network: extractor(network, (LAYER,), StimulusReducer())(PIXELS),
    "ablation": lambda network: ablator(network, LAYER)(PIXELS, LABELS),
    "gradients": lambda network: attributor(network, LAYER)(PIXELS, LABELS),
    "blackout": lambda network: blackout_scores(network)(PIXELS, np.zeros((8, 1, SIZE, SIZE), bool)),
}


@pytest.mark.parametrize("step", STEPS)
def test_every_question_checks(step):
    with pytest.raises(InputError, match="channels come last"):
        STEPS[step](wrong(with_scores()))


@pytest.mark.parametrize("step", [step for step in STEPS if step != "emergence"])
@pytest.mark.parametrize(("of_scores", "message"), [
    (lambda x: x[0], r"scores of shape \(16,\); it must return an array \[batch, classes\]"),
    (lambda x: [x], r"returned a list"),
    (lambda x: x[:, :3], r"returned 3 scores per image; `classes` names 16"),
    (lambda x: {}["fc"], r"failed: KeyError: 'fc' \(test_activations.py"),
])  # fmt: skip
def test_class_scores_are_checked(step, of_scores, message):
    with pytest.raises(InputError, match=f"network own: its `after`, called for layer conv2,.*{message}"):
        STEPS[step](with_scores(of_scores))


@pytest.mark.parametrize("of_body", [
    lambda x: x.astype(jnp.bfloat16), lambda x: x.astype(jnp.float16), lambda x: (x * 9).astype(jnp.int8)
])  # fmt: skip
def test_numbers_of_other_types_are_taken_as_float32(of_body):
    found = extractor(own.made(of_body), (LAYER,), StimulusReducer())(PIXELS + 200)[LAYER]
    assert found.values.dtype == np.float32 and (found.scores > 0).any()


@pytest.mark.parametrize(("cells", "field", "size"), [
    (7, ReceptiveField(483, 32, 0), 224),  # ResNet: padded alike on both sides
    (7, ReceptiveField(300, 32, 31), 224),  # padded on one side alone
    (14, ReceptiveField(16, 16, 7.5), 224),  # patches
    (1, ReceptiveField(224, 224, 111.5), 224),  # the whole image
])  # fmt: skip
def test_geometries_that_occur_fit(cells, field, size):
    check_geometry("net", "layer", (1, cells, cells, 5), field, size)
    for other in (cells + 3, 2 * cells + 2):
        with pytest.raises(InputError, match="does not fit its receptive field"):
            check_geometry("net", "layer", (1, other, other, 5), field, size)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_our_networks_fit(name):
    architecture = ARCHITECTURES[name].headless()
    weights = {name: np.zeros(shape, np.float32) for name, shape in weight_shapes(architecture).items()}
    network = as_network(architecture, weights)
    assert list(shapes(network, tuple(network.fields))) == list(network.fields)


@pytest.mark.parametrize(("stride", "center"), [(0, 4), (-4, 4), (4, np.nan)])
def test_fields_that_are_none(stride, center):
    with pytest.raises(InputError, match="no positive stride or no finite center"):
        own.made(fields={LAYER: ReceptiveField(9, stride, center)})


NOT_FINITE = {
    "weight": (lambda x: x.at[..., 3].multiply(jnp.nan), (1, 8)),
    "everything": (lambda x: x * jnp.nan, (16, 8)),
    "some images": (lambda x: x.at[2:5].set(jnp.nan), (16, 3)),
    "one cell": (lambda x: x.at[6, 13, 0, 5].set(jnp.nan), (1, 1)),
    "infinity": (lambda x: x.at[1, 2, 3, 4].set(jnp.inf), (1, 1)),
    "minus infinity": (lambda x: x.at[1, 2, 3, 4].set(-jnp.inf), (1, 1)),
    # Compilers may keep more digits than a type has, unless told how many.
    "half precision": (lambda x: jax.lax.reduce_precision((x + 1) * 1e5, 5, 10), (16, 8)),
}
NOISE = np.random.default_rng(0).uniform(0, 255, PIXELS.shape).astype(np.float32)


def stimuli(network):
    found = extractor(network, (LAYER,), StimulusReducer())(NOISE)[LAYER]
    return dataclasses.replace(found, cells=np.asarray(found.cells), values=np.asarray(found.values))


@pytest.mark.parametrize("name", NOT_FINITE)
def test_activations_that_are_not_finite_are_refused(name):
    of_body, (filters, crops) = NOT_FINITE[name]
    network = own.made(of_body)
    message = (
        rf"network own: layer conv2: .* NaN or infinite, in {filters} of 16 filters on {crops} of 8 crops"
    )
    with pytest.raises(InputError, match=message):
        require_finite(network, LAYER, stimuli(network), np.ones(8, bool))


def test_crops_that_show_nothing_do_not_count():
    """What stands for an image that cannot be read may divide by its own contrast of zero."""
    network = own.made(NOT_FINITE["some images"][0])
    readable = ~np.isin(np.arange(8), [2, 3, 4])
    require_finite(network, LAYER, stimuli(network), readable)
    require_finite(RIGHT, LAYER, stimuli(RIGHT), np.ones(8, bool))


def test_measuring_a_field_tells_of_nan():
    with pytest.raises(InputError, match="network own: layer conv2: its activation or gradient is NaN"):
        own.made(lambda x: NOT_FINITE["everything"][0](x)[:, jnp.arange(14)], fields={})


def test_a_network_of_ones_own_has_class_scores():
    network = with_scores()
    normal = network.preprocessing.normalise(NOISE)
    with jax.default_matmul_precision("highest"):
        maps = jax.jit(network.apply, static_argnums=2)(network.params, normal, (LAYER,))
    scores = np.asarray(maps[LAYER]).max(axis=(1, 2))
    drops = ablator(network, LAYER)(NOISE, LABELS)
    np.testing.assert_allclose(drops.scores, scores, rtol=1e-5)
    np.testing.assert_allclose(drops.before, scores[:, :1] * (np.arange(16) == 0), rtol=1e-5)


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_class_scores_that_are_not_finite_are_refused(wrong):
    scores = np.zeros((8, 3), np.float32)
    require_finite_scores(RIGHT, scores)
    scores[[2, 5], [0, 1]] = wrong
    with pytest.raises(InputError, match="network own: class scores are NaN or infinite on 2 of 8 crops"):
        require_finite_scores(RIGHT, scores)
