"""Parts of crops as kernels take them: padded to few shapes, looked at as far as there are any.

A kernel's shapes do not depend on the class, so that one compilation serves all. What padding there is costs
memory, and hardly any time: loops over parts, and over the boxes of a crop, end where they do.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from partsjax.data.crops import Truth
from partsjax.ops import boxes as bx

_PARTS, _BOXES, _CROPS = 16, 8, 128  # arrays have as many at least


class Marked(NamedTuple):
    """P parts on one split's N crops, up to G boxes each, as in `Truth`; all arrays have P first.

    boxes: float32 [P, G, N] arrays; valid, difficult: bool [P, G, N].
    most: int32 [P], from this box on none is valid; hard: int32 [P], from this one on none is difficult.
    real: bool [P], which parts are more than padding.
    """

    boxes: bx.Boxes
    valid: np.ndarray
    difficult: np.ndarray
    most: np.ndarray
    hard: np.ndarray
    real: np.ndarray


def marked(truth: Truth) -> Marked:
    """Parts, boxes a crop, and crops (`crops_padded`), each padded to one of few numbers."""
    parts, boxes, crops = truth.valid.shape
    shape = max(_PARTS, _power_of_two(parts)), max(_BOXES, _power_of_two(boxes)), crops_padded(crops)

    def padded(array: np.ndarray) -> np.ndarray:
        return np.pad(array, [(0, wide - n) for wide, n in zip(shape, array.shape, strict=True)])

    def last(flags: np.ndarray) -> np.ndarray:
        numbers = np.arange(1, shape[1] + 1, dtype=np.int32)
        return (flags.any(axis=2) * numbers).max(axis=1)

    valid, difficult = padded(truth.valid), padded(truth.difficult)
    sides = bx.Boxes(*map(padded, truth.boxes))
    real = np.arange(shape[0]) < parts
    return Marked(sides, valid, difficult, last(valid), last(valid & difficult), real)


def crops_padded(crops: int) -> int:
    """128, 192, 256, 384, 512, 768, ...: how many crops that many are padded to."""
    whole = max(_CROPS, _power_of_two(crops))
    return whole * 3 // 4 if whole > _CROPS and crops <= whole * 3 // 4 else whole


def _power_of_two(number: int) -> int:
    """The least that is not below `number`."""
    return 1 << max(0, number - 1).bit_length()


def by_parts(function: Callable, arrays: Any, parts: jax.Array, step: int) -> Any:
    """What `function` makes of the parts, some at a time, as far as there are any.

    Args:
      function: of a pytree of arrays [step, ...] to another.
      arrays: the pytree of all parts' arrays [P, ...]; P a multiple of `step`.
      parts: int32, how many are more than padding.

    Returns:
      The results [P, ...]; 0 where all of a step is padding.
    """

    def some(start):
        return jax.tree.map(lambda array: jax.lax.dynamic_slice_in_dim(array, start, step), arrays)

    def turn(i, results):
        return jax.tree.map(
            lambda old, new: jax.lax.dynamic_update_slice_in_dim(old, new, i * step, 0),
            results,
            function(some(i * step)),
        )

    rows = len(jax.tree.leaves(arrays)[0])
    shapes = jax.eval_shape(function, some(0))
    nothing = jax.tree.map(lambda of: jnp.zeros((rows, *of.shape[1:]), of.dtype), shapes)
    return jax.lax.fori_loop(0, -(-parts // step), turn, nothing)
