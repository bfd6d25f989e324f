"""Receptive fields from a network's program: against hand-computed ones and against gradients."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from hypothesis import given, settings
from hypothesis import strategies as st

from partsjax.errors import InputError
from partsjax.networks import ReceptiveField, estimate_receptive_field, load_network, receptive_field
from partsjax.networks.architectures import ARCHITECTURES
from partsjax.networks.assembly import random_network
from partsjax.networks.geometry import receptive_fields
from tests.networks.tables import receptive_fields as of_table


def found(function, side=64):
    """Field and notes of the layer that `function` computes from images."""
    fields, notes = receptive_fields("net", lambda p, x, layers: {"a": function(x)}, {}, ["a"], side)
    return fields["a"], notes


def field(function, side=64):
    one, notes = found(function, side)
    assert not notes
    return one


def conv(x, size, stride=1, pad=(0, 0), *, dilation=1, filters=4, groups=1):
    shape = size, size, x.shape[-1] // groups, filters
    kernel = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    return jax.lax.conv_general_dilated(
        x, kernel, (stride,) * 2, [pad] * 2, rhs_dilation=(dilation,) * 2, feature_group_count=groups,
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
    )  # fmt: skip


def pool(x, size, stride, pad=(0, 0)):
    pads = ((0, 0), pad, pad, (0, 0))
    return jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, size, size, 1), (1, stride, stride, 1), pads)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_our_own_networks_have_their_tables_fields(name, small):
    table = small(name)  # with fewer filters
    assert random_network(table, 0).fields == of_table(ARCHITECTURES[name].layers)


PAPER_SIZES = {
    "alexnet": {
        "conv1": (11, 4),
        "conv2": (51, 8),
        "conv3": (99, 16),
        "conv4": (131, 16),
        "conv5": (163, 16),
    },
    "caffenet": {
        "conv1": (11, 4),
        "conv2": (51, 8),
        "conv3": (99, 16),
        "conv4": (131, 16),
        "conv5": (163, 16),
    },
    "vgg16": {"conv3_3": (40, 4), "conv4_3": (92, 8), "conv5_3": (196, 16)},
}


@pytest.mark.parametrize("name", PAPER_SIZES)
def test_sizes_and_strides_are_the_papers(name, small):
    fields = random_network(small(name), 0).fields
    assert {layer: (fields[layer].size, fields[layer].stride) for layer in PAPER_SIZES[name]} == PAPER_SIZES[
        name
    ]


def test_the_centre_of_alexnets_conv5_is_the_methods():
    assert load_network("alexnet", "random").fields["conv5"] == ReceptiveField(163, 16, 15)


def squeezed(x):
    y = conv(x, 5, 2)
    factor = nnx.sigmoid(conv(y.mean((1, 2), keepdims=True), 1))
    return nnx.relu(y) * factor


def channels_first(x):
    kernel = jnp.ones((4, 3, 3, 3))
    y = jax.lax.conv_general_dilated(x.transpose(0, 3, 1, 2), kernel, (2, 2), "VALID")
    return jnp.maximum(y, 0).transpose(0, 2, 3, 1)


BETWEEN = [(0, 0, 0), (1, 0, 1), (1, 0, 1), (0, 0, 0)]
BY_HAND = {
    "convolution": (lambda x: conv(x, 11, 4, (2, 2)), (11, 4, 3)),
    "even kernel": (lambda x: conv(x, 4, 2), (4, 2, 1.5)),
    "padded on one side": (lambda x: conv(x, 5, 1, (4, 0)), (5, 1, -2)),
    "dilated": (lambda x: conv(conv(x, 3), 3, 2, (2, 2), dilation=2), (7, 2, 1)),
    "groups": (lambda x: conv(conv(x, 3), 3, groups=2), (5, 1, 2)),
    "pooling rounded up": (lambda x: pool(conv(x, 3, 2, (1, 1)), 3, 2, (0, 1)), (7, 4, 2)),
    "mean pooling": (lambda x: nnx.avg_pool(x, (3, 3), (2, 2), padding="SAME"), (3, 2, 1)),
    "added": (lambda x: conv(x, 3, 2, (1, 1)) + conv(x, 1, 2), (3, 2, 0)),
    "added, not alike": (lambda x: conv(x, 1, 2) + conv(x, 7, 2, (6, 0)), (7, 2, -3)),
    "concatenated": (
        lambda x: jnp.concatenate([conv(x, 1), conv(x, 5, 1, (2, 2)), pool(x, 3, 1, (1, 1))], -1),
        (5, 1, 0),
    ),
    "channels first": (channels_first, (3, 2, 1)),
    "a dense layer a cell": (lambda x: jnp.einsum("bhwc,cd->bhwd", conv(x, 3), jnp.ones((4, 6))), (3, 1, 1)),
    "a dense layer a cell, turned": (
        lambda x: jnp.einsum("cd,bhwc->bdhw", jnp.ones((4, 6)), conv(x, 3)).transpose(0, 2, 3, 1),
        (3, 1, 1),
    ),
    "padded, sliced": (lambda x: jnp.pad(x, [(0, 0), (3, 0), (3, 0), (0, 0)])[:, 1::2, 1::2], (1, 2, -2)),
    "split": (lambda x: sum(jnp.split(conv(x, 3, 2), 2, -1)), (3, 2, 1)),
    "transposed": (
        lambda x: jax.lax.conv_transpose(conv(x, 3, 2), jnp.ones((3, 3, 4, 4)), (2, 2), "SAME"),
        (5, 1, 0),
    ),
    "with zeros between": (lambda x: conv(jax.lax.pad(x, 0.0, BETWEEN), 5, 1), (3, 0.5, 0.5)),
    "pooled with zeros between": (
        lambda x: jax.lax.reduce_window(
            x, 0.0, jax.lax.add, (1, 3, 3, 1), (1, 2, 2, 1), "VALID", base_dilation=(1, 2, 2, 1)
        ),
        (2, 1, 0.5),
    ),
    "a quarter": (lambda x: jnp.split(jnp.split(x, 2, 1)[1], 2, 2)[1], (1, 1, 32)),
    "reshaped": (
        lambda x: conv(x, 3).reshape(2, 62, 62, 2, 2).transpose(0, 1, 2, 4, 3).reshape(2, 62, 62, 4),
        (3, 1, 1),
    ),
    "sum over channels": (lambda x: conv(x, 3) - conv(x, 3).sum(-1, keepdims=True), (3, 1, 1)),
    "cumulative sum over channels": (lambda x: jnp.cumsum(conv(x, 3), -1), (3, 1, 1)),
    "normalised in batches": (
        lambda x: nnx.BatchNorm(4, use_running_average=True, rngs=nnx.Rngs(0))(conv(x, 3, 2)),
        (3, 2, 1),
    ),
    "gelu, in a checkpoint": (jax.checkpoint(lambda x: nnx.gelu(nnx.relu(conv(x, 3, 2)))), (3, 2, 1)),
    "compiled, image by image": (jax.jit(jax.vmap(lambda x: pool(conv(x[None], 3, 2), 3, 2)[0])), (7, 4, 3)),
    "in half precision": (lambda x: conv(x, 3, 2).astype(jnp.bfloat16).astype(jnp.float32), (3, 2, 1)),
    "cells chosen": (lambda x: jnp.where(conv(x, 3) > 0, conv(x, 3), conv(x, 5, 1, (1, 1))), (5, 1, 1)),
    "larger than the image": (lambda x: conv(conv(x, 3, 16, (1, 1)), 7, 1, (3, 3)), (99, 16, 0)),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_fields_are_the_hand_computed_ones(name):
    function, expected = BY_HAND[name]
    assert field(function) == ReceptiveField(*expected)


LEFT_OUT = {
    "squeeze and excitation": squeezed,
    "normalised by image": lambda x: nnx.GroupNorm(4, num_groups=2, rngs=nnx.Rngs(0))(conv(x, 5, 2)),
    "a factor from pooling": lambda x: conv(x, 5, 2) * nnx.avg_pool(x, (64, 64)).sum(),
    "a factor from a corner": lambda x: conv(x, 5, 2) * conv(x, 5, 2)[:, :1, :1],
    "the same, repeated": lambda x: (
        conv(x, 5, 2) + jnp.broadcast_to(conv(x, 5, 2)[:, :1, :1], (2, 30, 30, 4))
    ),
    "the same, reshaped": lambda x: conv(x, 5, 2) + conv(x, 5, 2)[:, :1, :1].reshape(-1, 4)[:, None, None],
    "attention to places": lambda x: conv(x, 5, 2) * jax.nn.softmax(conv(x, 5, 2), axis=(1, 2)),
}


@pytest.mark.parametrize("name", LEFT_OUT)
def test_what_reaches_all_cells_alike_is_left_out_and_noted(name):
    one, (note,) = found(LEFT_OUT[name])
    assert one == ReceptiveField(5, 2, 2)
    assert note.startswith("network net: layer a: receptive fields leave out")


def attention(x):
    """Four patches a side, each looking at all sixteen."""
    patches = conv(x, 16, 16).reshape(-1, 16, 4)
    looks = jax.nn.softmax(jnp.einsum("bic,bjc->bij", patches, patches) / 1e3)
    return jnp.einsum("bij,bjc->bic", looks, patches).reshape(-1, 4, 4, 4)


def vision_transformer(x):
    """The same after a position is added, beside what it attends to, and normalised over channels."""
    tokens = conv(x, 16, 16) / 100 + jnp.arange(16.0).reshape(4, 4, 1)
    norm = nnx.LayerNorm(4, rngs=nnx.Rngs(0))
    return norm(tokens + attention(x) / 100)


def compared(x):
    """Cells of a column look at each other."""
    y = conv(x, 16, 16)
    return y * jnp.einsum("bhwc,bkwc->bhwk", y, y).sum(-1, keepdims=True)


def mixed(x):
    """Cells of a row see the row."""
    cells = conv(x, 16, 16)
    return cells + jnp.einsum("bhwc,wk->bhkc", cells, jnp.ones((4, 4)))


def mixed_by_convolution(x):
    """The rows are its channels."""
    y = conv(x, 16, 16)
    return y + conv(y.transpose(0, 3, 2, 1), 1).transpose(0, 3, 2, 1)


def windows(x):
    """Four cells see the same."""
    return conv(x, 16, 16).reshape(-1, 2, 2, 2, 2, 4).sum((2, 4)).repeat(2, 1).repeat(2, 2)


NOMINAL = {
    "attention": (attention, "see up to the border of the image, larger ones included"),
    "a vision transformer": (vision_transformer, "see up to the border of the image, larger ones included"),
    "compared along columns": (compared, "see other rows than columns"),
    "mixed by a convolution": (mixed_by_convolution, "see other rows than columns"),
    "summed from a corner": (lambda x: conv(x, 16, 16).cumsum(1).cumsum(2), "see up to the border"),
    "strides that differ": (lambda x: conv(x, 16, 16) + conv(x, 1)[:, :4, :4], "does not lie on a grid"),
    "one number an image": (lambda x: x.mean((1, 2))[:, None, None] * jnp.ones((4, 4, 1)), "every cell sees"),
    "mixed along rows": (mixed, "see other rows than columns"),
    "windows": (windows, "does not lie on a grid"),
}


@pytest.mark.parametrize("name", NOMINAL)
def test_where_cells_see_all_patches_stand_in(name):
    function, why = NOMINAL[name]
    one, (note,) = found(function)
    assert one == ReceptiveField(16, 16, 7.5, nominal=True)
    assert note.startswith("network net: layer a: ") and why in note and "patches on a grid stand in" in note


def test_attention_to_all_is_known_from_two_cells(monkeypatch):
    """A gradient through a transformer on a larger image takes minutes."""
    asked, extents = [], receptive_field._extents

    def counted(*arguments):
        extent = extents(*arguments)
        return lambda cell: (asked.append(cell), extent(cell))[1]

    monkeypatch.setattr(receptive_field, "_extents", counted)
    assert found(attention)[0].nominal
    assert asked == [0, 3]


def test_windows_of_as_many_cells_as_neighbors_are_taken_apart():
    """The first and last cells of windows lie on a grid; those between see other pixels of theirs."""
    one, (note,) = found(
        lambda x: conv(x, 4, 4).reshape(-1, 4, 4, 4, 4, 4).sum((2, 4)).repeat(4, 1).repeat(4, 2)
    )
    assert one == ReceptiveField(4, 4, 1.5, nominal=True) and "does not lie on a grid" in note


def test_where_the_program_cannot_be_followed_gradients_measure():
    assert field(lambda x: jnp.repeat(jnp.repeat(conv(x, 3, 1, (1, 1)), 2, 1), 2, 2), 40).stride == 0.5
    padded = [(0, 0), (1, 1), (1, 1), (0, 0)]
    assert field(lambda x: conv(jnp.pad(x, padded, mode="reflect"), 3), 40) == ReceptiveField(3, 1, 0)


def beyond(x):
    """What its cells see, 133 pixels, is more than twice the image; a gather hides it."""
    y = conv(conv(conv(x, 5, 4, (2, 2)), 9, 2, (4, 4), filters=2), 25, 1, (12, 12), filters=2)
    return y[:, jnp.arange(y.shape[1])]


def test_larger_images_measure_what_this_one_cannot():
    assert field(beyond, 32) == ReceptiveField(229, 8, 0)


def test_gradients_are_taken_on_a_processor():
    """Convolutions by Fourier transforms, as on accelerators, have rounding for a gradient everywhere."""
    places = []

    def on(x):
        places.append(jax.config.jax_default_device)
        return beyond(x)

    assert field(on, 32) == ReceptiveField(229, 8, 0)
    assert jax.devices("cpu")[0] in places


def test_larger_images_that_take_too_much_memory_are_not_tried(monkeypatch):
    monkeypatch.setattr(receptive_field, "_MOST", 1)
    assert found(beyond, 32)[0] == ReceptiveField(8, 8, 3.5, nominal=True)


def test_cells_out_of_order_do_not_lie_on_a_grid():
    order = np.arange(16)
    order[[7, 8]] = 8, 7
    one, (note,) = found(lambda x: conv(x, 4, 4)[:, order][:, :, order])
    assert one == ReceptiveField(4, 4, 1.5, nominal=True) and "does not lie on a grid" in note


def test_images_of_one_size_alone_are_not_enlarged():
    position = jnp.ones((4, 4, 2))
    one, (note,) = found(lambda x: beyond(x) + position, 32)
    assert one == ReceptiveField(8, 8, 3.5, nominal=True) and "see up to the border" in note


@pytest.mark.parametrize(("function", "message"), [
    (lambda x: nnx.max_pool(x, (3, 1), padding="SAME"), "is 3 pixels high and 1 wide, at strides of 1 and 1"),
    (lambda x: conv(x, 3).transpose(0, 2, 1, 3), "rows lie along axis 2 .* columns along axis 1"),
    (lambda x: conv(x, 3, filters=62).transpose(0, 3, 1, 2), "rows lie along axis 2 .* columns along axis 3"),
    (lambda x: conv(x, 3)[:, ::-1, ::-1], "runs the other way"),
    (lambda x: conv(x * 0 + 1, 3)[:, ::-1], "does not respond to random images"),
    (lambda x: jnp.ones((x.shape[0], 8, 8, 4)), "does not respond to random images"),
])  # fmt: skip
def test_maps_that_do_not_lie_as_the_image_does_are_refused(function, message):
    with pytest.raises(InputError, match=f"network net: layer a: .*{message}"):
        found(function)


@dataclasses.dataclass(frozen=True)
class Step:
    kind: str
    size: int
    stride: int
    before: int
    after: int
    dilation: int

    def __call__(self, x):
        pad = min(self.before, self.size - 1), min(self.after, self.size - 1)
        if self.kind == "pool":
            return pool(x, self.size, self.stride, pad)
        y = jnp.abs(conv(x, self.size, self.stride, pad, dilation=self.dilation, filters=2))
        return jnp.concatenate([y, -y], -1) if self.kind == "concatenated" else y


STEPS = st.builds(
    Step,
    st.sampled_from(("conv", "pool", "concatenated")),
    st.integers(1, 4),
    st.integers(1, 2),
    st.integers(0, 2),
    st.integers(0, 2),
    st.integers(1, 2),
)


@pytest.mark.slow
@settings(max_examples=8, deadline=None, derandomize=True)
@given(st.lists(STEPS, min_size=1, max_size=4))
def test_any_table_agrees_with_gradients(steps):
    def function(x):
        for step in steps:
            x = step(x)
        return x

    apply = lambda p, x, layers: {"a": function(x)}  # noqa: E731
    exact = field(function, 48)
    assert estimate_receptive_field(apply, {}, "a", 48) == exact
