"""The permuted network: every filter keeps its weights, wherever its layout has them; all else is kept."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from partsjax.errors import InputError
from partsjax.networks import ReceptiveField, make_network, permuted_network
from partsjax.networks.architectures import ARCHITECTURES
from partsjax.networks.assembly import random_network
from partsjax.networks.identity import content_digest
from partsjax.networks.kernels import NO_FILTER, filters_of_weights
from partsjax.networks.modules import named
from tests import tiny
from tests.networks import own

DRAWN = np.random.default_rng(0)
KERNEL, MATRIX = (3, 3, 16, 7), (16, 7)


def drawn(*shape):
    return DRAWN.normal(0, 0.2, shape).astype(np.float32)


def conv(x, kernel, layout="HWIO", groups=1):
    return jax.lax.conv_general_dilated(
        x, kernel, (1, 1), "SAME", dimension_numbers=("NHWC", layout, "NHWC"), feature_group_count=groups
    )


def in_two_groups(x, kernel):
    halves = zip(jnp.split(x, 2, axis=-1), jnp.split(kernel, 2, axis=-1), strict=True)
    return jnp.concatenate([conv(*half) for half in halves], axis=-1)


def in_half_precision(x, kernel):
    return conv(x.astype("bfloat16"), (0.5 * kernel).astype("bfloat16"))


def in_heads(x, kernel):
    """As attention makes its queries: a filter for each of 3 x 5 numbers."""
    return jnp.einsum("bhwc,cnd->bhwnd", x, kernel).reshape(*x.shape[:3], -1)


def filter_by_axis(shape, *axes):
    """Of each weight, the number of its filter, where some axes number the filters."""
    sizes = [shape[axis] for axis in axes]
    numbers = np.arange(np.prod(sizes)).reshape([n if axis in axes else 1 for axis, n in enumerate(shape)])
    return np.broadcast_to(numbers, shape)


LAYOUTS = {
    "rows, columns, inputs, filters": (conv, KERNEL, (3,)),
    "filters first": (lambda x, k: conv(x, k, "OIHW"), (7, 16, 3, 3), (0,)),
    "transposed in the program": (lambda x, k: conv(x, k.transpose(2, 3, 1, 0)), (7, 16, 3, 3), (0,)),
    "every channel by itself": (lambda x, k: conv(x, k, groups=16), (3, 3, 1, 16), (3,)),
    "groups one by one": (in_two_groups, (3, 3, 8, 6), (3,)),
    "a matrix": (lambda x, k: x @ k, MATRIX, (1,)),
    "a matrix from the left": (lambda x, k: jnp.einsum("oc,bhwc->bhwo", k, x), (7, 16), (0,)),
    "a matrix as a convolution": (lambda x, k: conv(x, k[None, None]), MATRIX, (1,)),
    "flattened": (lambda x, k: conv(x, k.reshape(3, 3, 16, 7)), (3 * 3 * 16, 7), (1,)),
    "heads": (in_heads, (16, 3, 5), (1, 2)),
    "scaled and in half precision": (in_half_precision, KERNEL, (3,)),
    "used twice": (lambda x, k: conv(x, k) + conv(x[:, ::-1], k), KERNEL, (3,)),
    "jitted": (lambda x, k: jax.jit(conv)(x, k), KERNEL, (3,)),
}  # fmt: skip


def network_of(function, weights, **options):
    params = own.params() | {"third": weights}

    def apply(params, images, layers):
        return {own.LAYER: jax.nn.relu(function(own.body(params, images), params["third"]))}

    return own.named(apply, weights=params, **options)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_filters_are_found_in_any_layout(layout):
    function, shape, axes = LAYOUTS[layout]
    found = filters_of_weights(network_of(function, drawn(*shape)))[2]
    pairs = np.unique(np.stack([found.ravel(), filter_by_axis(shape, *axes).ravel()]), axis=1)
    filters = np.prod([shape[axis] for axis in axes])
    assert found.shape == shape and NO_FILTER not in found
    assert pairs.shape[1] == len(np.unique(found)) == filters


def test_what_no_map_is_multiplied_with_is_of_no_filter():
    """A bias with the axes of a map, a table of embeddings, and a kernel that no layer needs."""
    params = own.params() | {"bias": drawn(1, 1, 1, 16), "places": drawn(14, 14, 16), "head": drawn(16, 9)}

    def apply(params, images, layers):
        return {own.LAYER: jax.nn.relu(own.body(params, images) * params["bias"] + params["places"])}

    found = filters_of_weights(own.named(apply, weights=params))
    of = dict(zip(sorted(params), found, strict=True))
    assert {name for name, filters in of.items() if (filters == NO_FILTER).all()} == {
        "bias",
        "head",
        "places",
    }


def both(x, kernel):
    return conv(x, kernel) + conv(x, kernel.transpose(0, 1, 3, 2))


def in_a_loop(x, kernel):
    return jax.lax.fori_loop(0, 2, lambda _, y: jax.nn.relu(conv(y, kernel)), x)


def doubled(x, kernel):
    return conv(x, jnp.broadcast_to(kernel[..., None], (*kernel.shape, 2)).reshape(3, 3, 16, -1))


def convolved_with(x, kernel):
    return conv(kernel, x.transpose(1, 2, 3, 0)).mean() + x


REFUSED = {
    "other filters in one place": (both, (3, 3, 16, 16)),
    "one of them is in several filters": (doubled, KERNEL),
    "computed from several of them": (lambda x, k: conv(x, k - k.mean((0, 1, 2))), KERNEL),
    "used in a `": (in_a_loop, (3, 3, 16, 16)),
    "convolved with a map": (convolved_with, (2, 14, 14, 16)),
}


@pytest.mark.parametrize("why", REFUSED)
def test_where_it_cannot_be_said_it_says_why(why):
    function, shape = REFUSED[why]
    with pytest.raises(InputError, match=rf"own: which weights of \['third'\] make up one filter .*{why}"):
        permuted_network(network_of(function, drawn(*shape)), 0)


def test_weights_that_are_no_params_are_refused():
    kept = own.params()
    with pytest.raises(InputError, match="give its kernels as `params`"):
        permuted_network(own.named(lambda p, x, layers: {own.LAYER: own.body(kept, x)}, weights={}), 0)


def by_filter(kernel):
    """[weights, filters] of a kernel whose last axis numbers the filters, each filter's ascending."""
    kernel = np.asarray(kernel)
    return np.sort(kernel.reshape(-1, kernel.shape[-1]), axis=0)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["alexnet", "caffenet"])
def test_every_filter_of_ours_keeps_its_weights_and_its_bias(name):
    network = random_network(ARCHITECTURES[name], seed=3)
    network = dataclasses.replace(
        network, params=jax.tree.map(lambda a: a + 0.01 * jnp.arange(a.shape[-1]), network.params)
    )
    real, found = named(network.params), named(permuted_network(network, 0).params)
    assert real.keys() == found.keys()
    for weight in real:
        if weight.endswith("bias"):
            np.testing.assert_array_equal(found[weight], real[weight])
        else:
            np.testing.assert_array_equal(by_filter(found[weight]), by_filter(real[weight]))
            assert (found[weight] != real[weight]).mean() > 0.9


def test_every_order_is_as_likely():
    """Of the three weights of each of 3,000 filters."""
    images = {"conv": ReceptiveField(1, 1, 0)}
    kernel = np.tile(np.arange(3, dtype=np.float32)[:, None], 3000)
    network = make_network("wide", lambda p, x, layers: {"conv": x @ p}, kernel, input_size=8, fields=images)
    orders = np.asarray(permuted_network(network, 0).params).T @ (9, 3, 1)
    _, counts = np.unique(orders, return_counts=True)
    assert len(counts) == 6 and abs(counts - 500).max() < 90  # four standard deviations


def test_its_name_and_digest_are_its_own_and_seeds_differ():
    network = tiny.network()
    found = [permuted_network(network, seed) for seed in (0, 1, 0)]
    assert {one.name for one in found} == {"tiny with permuted weights"}
    assert found[0].digest == found[2].digest and len({network.digest, *(one.digest for one in found)}) == 3
    assert content_digest(found[0]) == content_digest(found[2]) != content_digest(found[1])
    assert found[0].fields == network.fields and found[0].after is None
    for name, kernel in network.params.items():
        assert (by_filter(found[0].params[name]) == by_filter(kernel)).all()


def test_kernels_of_one_shape_are_permuted_differently():
    kernel = drawn(3, 3, 16, 16)
    params = own.params() | {"third": kernel, "fourth": kernel}

    def apply(params, images, layers):
        return {own.LAYER: conv(conv(own.body(params, images), params["third"]), params["fourth"])}

    found = permuted_network(own.named(apply, weights=params), 0).params
    assert (found["third"] != found["fourth"]).mean() > 0.9
