"""Which networks a null measures: one for each seed, none twice, and none that is the trained one."""

import dataclasses

import numpy as np
import pytest

from partsjax.emergence.nulls import NULLS, Null
from partsjax.errors import InputError
from partsjax.networks import load_network, make_network
from partsjax.runs.context import Context
from partsjax.runs.emergence.null_runs import null_runs
from tests import tiny
from tests.networks import own


def trained(weights="imagenet", seed=0):
    return tiny.network(weights, seed)


NETWORK = load_network(f"{__name__}:trained", "imagenet", seed=3)


def runs_of(null, network=NETWORK, count=2, context=None):
    return null_runs(network, (null,), 3, count, context or Context())


@pytest.mark.parametrize("name", NULLS)
def test_every_null_has_a_run_for_each_seed_from_the_runs_on(name):
    runs = runs_of(NULLS[name], count=3)
    assert [run.name for run in runs] == [f"{name}-3", f"{name}-4", f"{name}-5"]
    if name in ("random", "permuted"):
        assert len({NETWORK.digest, *(run.network.digest for run in runs)}) == 4
    else:
        assert all(run.network is NETWORK for run in runs)


def test_of_random_weights_no_random_network_is_counted_twice():
    """The one of seed 3 is the network itself; that of 4 stands in its place, and is not taken again."""
    network = load_network(f"{__name__}:trained", "random", seed=3)
    runs = runs_of(NULLS["random"], network)
    assert [run.seed for run in runs] == [3, 5]
    for run, seed in zip(runs, (4, 5), strict=True):
        np.testing.assert_array_equal(
            run.network.params["conv1"], tiny.network("random", seed).params["conv1"]
        )


def test_random_weights_are_permuted_like_trained_ones():
    network = load_network(f"{__name__}:trained", "random", seed=3)
    runs = runs_of(NULLS["permuted"], network)
    assert [run.network.name for run in runs] == ["tiny with permuted weights"] * 2


def test_a_null_that_knows_no_seeds_is_run_once():
    null = Null("own", "some words", network_of=lambda network, seed: tiny.network(mirrored=True))
    assert [run.name for run in runs_of(null)] == ["own-3"]


def test_nulls_without_a_network_are_left_out_with_the_reason():
    def unable(network, seed):
        raise InputError(f"not for {network.name}")

    context = Context()
    null = Null("own", "some words", network_of=unable)
    found = null_runs(NETWORK, (null, NULLS["shuffled"]), 0, 1, context)
    assert [run.name for run in found] == ["shuffled-0"]
    assert list(context.notes) == ["no comparison with some words: not for tiny"]


def with_weights(change):
    """A null that replaces the weights alone, and leaves the digest as it was."""

    def network_of(network, seed):
        params = {name: change(kernel, seed) for name, kernel in network.params.items()}
        return dataclasses.replace(network, params=params)

    return Null("own", "some words", network_of=network_of)


def test_replaced_weights_have_a_digest_of_their_own():
    network = make_network("own", lambda p, x, _: {own.LAYER: own.body(p, x)}, own.params(), input_size=64,
                           layers=(own.LAYER,))  # fmt: skip
    runs = runs_of(with_weights(lambda kernel, seed: seed * kernel), network)
    assert len({network.digest, *(run.network.digest for run in runs)}) == 3


def test_weights_that_are_the_same_are_no_null():
    context = Context()
    assert not runs_of(with_weights(lambda kernel, seed: kernel + 0), context=context)
    assert list(context.notes) == [
        "no comparison with some words: tiny computes the same as without the null"
    ]
