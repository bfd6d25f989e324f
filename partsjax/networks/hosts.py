"""Several processes, on one host or many, that compute one thing together under `jax.distributed`.

Every process runs the same program on its share. Where there is one process, nothing here costs anything.
"""

import hashlib
import pickle
from collections.abc import Callable, Mapping
from typing import TypeVar

import jax
import numpy as np
from jax.experimental import multihost_utils

from partsjax.errors import InputError

T = TypeVar("T")
_PIECE = 1 << 28  # bytes that pass between processes at once


def is_first() -> bool:
    """Whether this is the process that says and writes what comes of it."""
    return jax.process_index() == 0


def from_first(ask: Callable[[], T]) -> T:
    """What the first process gets from `ask`, in all of them; the others do not call it.

    The value travels pickled. Raises, in all of them, the `InputError` that `ask` raised.
    """
    if jax.process_count() == 1:
        return ask()
    found = _outcome(ask) if is_first() else None
    if isinstance(found := pickle.loads(_broadcast(pickle.dumps(found))), InputError):
        raise found
    return found


def require_same(facts: Mapping[str, str]) -> None:
    """Refuses to compute one thing from different things.

    Args:
      facts: what another value of this fact would mean, "has other weights", and this process's value; every
        process names the same facts in the same order.

    Raises:
      InputError: in every process, where one has another value than the first.
    """
    digests = [hashlib.sha256(value.encode()).digest() for value in facts.values()]
    every = multihost_utils.process_allgather(np.frombuffer(b"".join(digests), np.uint8))
    every = every.reshape(jax.process_count(), len(facts), -1)
    for fact, differ in zip(facts, (every != every[0]).any(axis=2).T, strict=True):
        if differ.any():
            raise InputError(f"process {np.flatnonzero(differ)[0]} {fact} than process 0: give all the same")


def _outcome(ask: Callable[[], T]) -> T | InputError:
    try:
        return ask()
    except InputError as error:
        return error


def _broadcast(mine: bytes) -> bytes:
    """The first process's bytes, where the others bring anything."""
    pieces, last = divmod(len(mine), _PIECE)
    pieces, last = multihost_utils.broadcast_one_to_all(np.array([pieces, last], np.int32))
    sizes = [_PIECE] * int(pieces) + [int(last)]
    found, start = [], 0
    for size in sizes:
        piece = np.frombuffer(mine[start : start + size] if is_first() else bytes(size), np.uint8)
        found.append(multihost_utils.broadcast_one_to_all(piece).tobytes())
        start += size
    return b"".join(found)
