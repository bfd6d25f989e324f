"""What each filter contributes to a linear equation: a convolution or a matrix product after its map."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import JaxprEqn

from partsjax.discriminativeness.map_by_map import Filters


class Shares(NamedTuple):
    """The contributions of F filters to what a linear equation gives.

    pieces: pytree of arrays [F, ...]; share: from one filter's piece to its contribution, float32, of the
    shape of the equation's result.
    """

    pieces: Any
    share: Callable[[Any], jax.Array]


def shares(equation: JaxprEqn, given: Sequence[Filters | None]) -> Callable[..., Shares] | None:
    """How to take the shares of a linear equation; None where it is not one, or not linear in the maps alone.

    given: as in `map_by_map.followed`.

    Returns:
      `(filters, *arguments) -> Shares`, of the equation's arguments and the number F of filters; they are
      computed in float32, to the precision that the equation asks for.
    """
    rule = {"dot_general": _of_product, "conv_general_dilated": _of_convolution}.get(equation.primitive.name)
    return rule(equation, given) if rule and sum(f is not None for f in given) == 1 else None


def _of_product(equation: JaxprEqn, given: Sequence[Filters | None]) -> Callable[..., Shares] | None:
    side = 0 if given[0] is not None else 1
    mine, (contracted, batched) = given[side], equation.params["dimension_numbers"]
    if mine.axis not in contracted[side]:
        return None
    place = contracted[side].index(mine.axis)
    axes = [dims[place] for dims in contracted]  # what is summed over, filters and all: of both arguments

    def split(axis: int, dims: Sequence[int]) -> list[int]:
        """Axes of an argument of which one became two."""
        return [d + (d > axis) for d in dims]

    numbers = (
        tuple([*split(a, dims[:place]), a, a + 1, *split(a, dims[place + 1 :])]
              for a, dims in zip(axes, contracted, strict=True)),
        tuple(split(a, dims) for a, dims in zip(axes, batched, strict=True)),
    )  # fmt: skip

    def take(filters: int, *arguments: jax.Array) -> Shares:
        pieces = []
        for x, axis in zip(arguments, axes, strict=True):
            parts = (*x.shape[:axis], -1, len(mine.of), mine.inner, *x.shape[axis + 1 :])
            pieces.append(_of_all(jnp.moveaxis(x.reshape(parts), axis + 1, 0), mine, filters))
        return Shares(pieces, lambda piece: jax.lax.dot_general(*piece, numbers, **_in_float32(equation)))

    return take


def _of_convolution(equation: JaxprEqn, given: Sequence[Filters | None]) -> Callable[..., Shares] | None:
    mine, params = given[0], equation.params
    lhs, rhs, out = params["dimension_numbers"]
    plain = params["batch_group_count"] == 1 and set(params["lhs_dilation"]) == {1} and len(lhs) == 4
    if mine is None or mine.axis != lhs[1] or not mine.fill(equation.invars[0].aval.shape) or not plain:
        return None

    def take(filters: int, x: jax.Array, kernel: jax.Array) -> Shares:
        kernel = _ungrouped(kernel.transpose(rhs[2], rhs[3], rhs[1], rhs[0]), params["feature_group_count"])
        seen = _patches(x.transpose(lhs[0], lhs[2], lhs[3], lhs[1]), kernel.shape[:2], params)
        pieces = [
            jnp.moveaxis(seen, -1, 0),
            jnp.moveaxis(kernel.reshape(-1, *kernel.shape[2:]), 1, 0),
        ]
        axes = np.argsort([out[0], out[2], out[3], out[1]])  # of NHWC, in the order of the result

        def share(piece):
            of_filter, its_kernel = piece
            product = ((of_filter.ndim - 1,), (0,)), ((), ())
            found = jax.lax.dot_general(of_filter, its_kernel, product, **_in_float32(equation))
            return found.transpose(axes)

        return Shares([_of_all(piece, mine, filters) for piece in pieces], share)

    return take


def _in_float32(equation: JaxprEqn) -> dict:
    return {"precision": equation.params["precision"], "preferred_element_type": jnp.float32}


def _of_all(pieces: jax.Array, mine: Filters, filters: int) -> jax.Array:
    """Pieces of some filters among those of all; zeros for the others. Float32."""
    pieces = pieces.astype(jnp.float32)
    if mine.of == tuple(range(filters)):
        return pieces
    return jnp.zeros((filters, *pieces.shape[1:]), pieces.dtype).at[np.array(mine.of)].set(pieces)


def _patches(x: jax.Array, sides: Sequence[int], params) -> jax.Array:
    """What a window sees at every position: [B, H, W, F] -> [B, h, w, cells of the window, F]."""
    (rows, columns), (down, across) = sides, params["rhs_dilation"]
    x = jax.lax.pad(x, jnp.zeros((), x.dtype), [(0, 0, 0), *((*p, 0) for p in params["padding"]), (0, 0, 0)])
    cells = [
        (n - (k - 1) * apart - 1) // step + 1
        for n, k, apart, step in zip(
            x.shape[1:3], sides, params["rhs_dilation"], params["window_strides"], strict=True
        )
    ]
    steps = params["window_strides"]
    lengths = [step * (n - 1) + 1 for step, n in zip(steps, cells, strict=True)]
    shifted = [
        x[:, i : i + lengths[0] : steps[0], j : j + lengths[1] : steps[1]]
        for i in range(0, rows * down, down)
        for j in range(0, columns * across, across)
    ]
    return jnp.stack(shifted, axis=3)


def _ungrouped(kernel: jax.Array, groups: int) -> jax.Array:
    """The kernel [k, k, F / groups, D] of a grouped convolution, with zeros between groups: [k, k, F, D]."""
    inputs, outputs = kernel.shape[2:]
    same = np.arange(groups * inputs)[:, None] // inputs == np.arange(outputs) * groups // outputs
    return jnp.tile(kernel, (1, 1, groups, 1)) * same
