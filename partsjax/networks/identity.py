"""What a network computes, as a hash: two that compute different things have different hashes.

The program is that of its jaxpr, so that a comment or a renamed variable changes nothing; arrays that it
closes over count by their values. Names of functions, places in files and addresses are left out: the hash is
the same in every process.
"""

import functools
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import jax
import numpy as np
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal

from partsjax.errors import InputError
from partsjax.networks.activations import applied, image_shape, scores_after
from partsjax.networks.protocol import Network

_BATCH = 2


def content_digest(network: Network) -> str:
    """Hexadecimal SHA-256 of the programs of `apply` and `after` and of all weights.

    Neither of names nor of geometry. What runs outside of JAX (`jax.pure_callback`) does not count.

    Raises:
      InputError: `apply` fails, or returns what it must not.
    """
    digest, layers = hashlib.sha256(), tuple(network.fields)
    images = image_shape(network.input_size, _BATCH)

    def apply(params, images):
        return applied(network.name, network.apply, params, images, layers)

    program, maps = jax.make_jaxpr(apply, return_shape=True)(network.params, images)
    _add(digest, program)
    if network.after is not None:
        for layer in layers:
            after = functools.partial(scores_after, network, layer=layer)
            try:
                program = jax.make_jaxpr(lambda p, a, after=after: after(p, activation=a))(
                    network.params, maps[layer]
                )
            except InputError:  # it need not go on from every layer
                continue
            _add(digest, layer)
            _add(digest, program)
    for path, leaf in jax.tree.flatten_with_path(network.params)[0]:
        _add(digest, jax.tree_util.keystr(path))
        _add(digest, np.asarray(leaf) if not isinstance(leaf, jax.Array) else leaf)
    return digest.hexdigest()


def _add(digest, value: Any) -> None:
    """Adds a parameter of an equation, or a part of one, to a hash."""
    if isinstance(value, ClosedJaxpr):
        _add(digest, value.consts)
        _add_program(digest, value.jaxpr)
    elif isinstance(value, Jaxpr):
        _add_program(digest, value)
    elif isinstance(value, (np.ndarray, np.generic, jax.Array)):
        _add_array(digest, value)
    elif isinstance(value, Mapping):
        _add(digest, sorted(value.items(), key=lambda item: str(item[0])))
    elif isinstance(value, (list, tuple)):
        digest.update(f"({len(value)}".encode())
        for item in value:
            _add(digest, item)
    else:
        said = repr(value)
        nameless = callable(value) or " at 0x" in said
        digest.update(f"\0{type(value).__name__ if nameless else said}\0".encode())


def _add_program(digest, program: Jaxpr) -> None:
    numbers: dict[Any, int] = {}

    def add_all(variables: Sequence[Any]) -> None:
        digest.update(f"({len(variables)}".encode())
        for variable in variables:
            if isinstance(variable, Literal):
                _add(digest, np.asarray(variable.val))
            else:
                digest.update(f" {numbers.setdefault(variable, len(numbers))}:{variable.aval}".encode())

    add_all([*program.constvars, *program.invars])
    for equation in program.eqns:
        digest.update(f"\n{equation.primitive.name}".encode())
        add_all(equation.invars)
        _add(digest, {k: v for k, v in equation.params.items() if k != "name"})
        add_all(equation.outvars)
    add_all(program.outvars)


def _add_array(digest, array: Any) -> None:
    if jax.dtypes.issubdtype(array.dtype, jax.dtypes.prng_key):
        array = jax.random.key_data(array)
    array = np.ascontiguousarray(array)
    digest.update(f"{array.dtype} {array.shape}".encode())
    digest.update(array.reshape(-1).view(np.uint8).data)
