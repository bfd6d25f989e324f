"""The digest covers what a network computes: two that compute otherwise never share cached results."""

import os
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from partsjax.networks import ARCHITECTURES, ReceptiveField, as_network, load_network
from partsjax.networks.architectures import CAFFE_IMAGENET
from partsjax.networks.identity import content_digest
from partsjax.networks.initial import initial_weights
from tests.networks import own

CLOSED_OVER = np.random.default_rng(0).standard_normal((16, 16)).astype(np.float32)
ANOTHER = CLOSED_OVER + np.float32(1e-6) * (np.arange(256).reshape(16, 16) == 77)


def inner(kernel):
    """A compiled function inside, which closes over an array."""
    return lambda x: jax.jit(lambda x: x @ kernel)(x)


@jax.custom_jvp
def doubled(x):
    return x * 2


@jax.custom_jvp
def trebled(x):
    return x * 3


for function in (doubled, trebled):
    function.defjvp(lambda primals, tangents: (primals[0], tangents[0]))

APPLIED = {
    "as it is": lambda x: x,
    "a constant": lambda x: x * 2,
    "another constant": lambda x: x * 2.0000002,
    "another function": lambda x: jnp.tanh(x),
    "another place for it": lambda x: jnp.tanh(x * 2),
    "the other order": lambda x: jnp.tanh(x) * 2,
    "filters turned": lambda x: x[..., ::-1],
    "rows turned": lambda x: x[:, ::-1],
    "an array": lambda x: x @ CLOSED_OVER,
    "another array": lambda x: x @ ANOTHER,
    "an array on the device": lambda x: x + jnp.asarray(CLOSED_OVER[0]),
    "another on the device": lambda x: x + jnp.asarray(CLOSED_OVER[1]),
    "an array inside": inner(CLOSED_OVER),
    "another inside": inner(ANOTHER),
    "a derivative of its own": doubled,
    "another of its own": trebled,
    "a loop": lambda x: jax.lax.fori_loop(0, 3, lambda i, x: x + 1, x),
    "a longer loop": lambda x: jax.lax.fori_loop(0, 4, lambda i, x: x + 1, x),
    "another loop": lambda x: jax.lax.fori_loop(0, 3, lambda i, x: x + 2, x),
    "a branch": lambda x: jax.lax.cond(x.sum() > 0, lambda x: x, lambda x: x * 3, x),
    "another branch": lambda x: jax.lax.cond(x.sum() > 0, lambda x: x, lambda x: x * 4, x),
    "half precision": lambda x: x.astype(jnp.bfloat16),
    "outside of JAX": lambda x: jax.pure_callback(lambda x: x, jax.ShapeDtypeStruct(x.shape, x.dtype), x),
}


def test_networks_that_differ_only_in_what_they_compute():
    digests = {name: own.made(of_body).digest for name, of_body in APPLIED.items()}
    assert len(set(digests.values())) == len(APPLIED), digests
    again = own.made(lambda activation: activation @ CLOSED_OVER.copy())  # names and places do not matter
    assert again.digest == digests["an array"]


def changed(**options):
    weights = own.params()
    weights["second"][0, 0, 0, 0] += 1e-6
    scores = {"after": lambda params, layer, x: x.max((1, 2)), "classes": [str(i) for i in range(16)]}
    return {
        "name": {"name": "another"},
        "weights": {"weights": weights},
        "shape of weights": {"weights": {**own.params(), "unused": np.zeros(3, np.float32)}},
        "receptive field": {"fields": {own.LAYER: ReceptiveField(11, 4, 4)}},
        "preprocessing": {"preprocessing": CAFFE_IMAGENET},
        "class scores": scores,
        "names of classes": {**scores, "classes": [f"class {i}" for i in range(16)]},
        "other class scores": {**scores, "after": lambda params, layer, x: x.mean((1, 2))},
    }


def test_everything_else_counts_too():
    digests = [own.made(**options).digest for options in changed().values()]
    assert len({own.made().digest, *digests}) == len(digests) + 1


def test_a_digest_of_ones_own_stands_but_a_loaded_network_is_told_by_what_it_computes(monkeypatch):
    """Also one made by hand, whose digest says nothing of its program."""
    assert own.made(digest="abc").digest == "abc"
    by_hand = [own.made(APPLIED[name], digest="abc") for name in ("as it is", "a constant")]
    monkeypatch.setattr(own, "one", lambda: by_hand[0], raising=False)
    monkeypatch.setattr(own, "other", lambda: by_hand[1], raising=False)
    one, other = (load_network(f"tests.networks.own:{name}", "imagenet") for name in ("one", "other"))
    assert one.digest != other.digest
    assert one.digest == load_network("tests.networks.own:one", "imagenet").digest


def everything() -> str:
    keyed = {"key": jax.random.key(1), **own.params()}
    networks = [*(own.made(of_body) for of_body in APPLIED.values()), own.made(weights=keyed)]
    networks += [own.made(**options) for options in changed().values()]
    return "\n".join(network.digest for network in networks)


@pytest.mark.slow
def test_it_is_the_same_in_every_process():
    program = "from tests.networks.test_identity import everything; print(everything())"
    environment = {**os.environ, "PYTHONHASHSEED": "7", "JAX_TRACEBACK_FILTERING": "off"}
    run = subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        env=environment,
    )
    assert run.stdout.split() == everything().split()


def test_ours_cover_table_weights_and_type():
    table = ARCHITECTURES["caffenet"].headless()
    weights = initial_weights(table, 0)
    ours = as_network(table, weights)
    others = [
        as_network(table.pooling_first(), weights),
        as_network(table, weights, "bfloat16"),
        as_network(table, initial_weights(table, 1)),
    ]
    for digest in (lambda network: network.digest, content_digest):
        assert len({digest(ours), *map(digest, others)}) == 4
