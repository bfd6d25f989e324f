"""float32 means float32: how exactly matrix products and convolutions are computed, on every device.

By default a TPU multiplies float32 in bfloat16 and some GPUs in TF32, both with three decimal digits or so.
Processors multiply float32 in float32 whatever is asked for.
"""

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import jax
import jax.numpy as jnp

F = TypeVar("F", bound=Callable)


def matmul_precision(dtype: Any) -> str:
    """JAX's name of the precision of products of this type: "highest", of bfloat16 "default".

    What a run asks for with `--dtype`; part of its manifest and of its cache keys.
    """
    return "default" if jnp.dtype(dtype) == jnp.bfloat16 else "highest"


def in_full_precision(function: F) -> F:
    """`function`, to be traced: its products that name no precision of their own are of the highest."""

    @functools.wraps(function)
    def full(*arguments, **named):
        with jax.default_matmul_precision("highest"):
            return function(*arguments, **named)

    return full
