"""Which filters a readout would take first."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from partsjax.emergence.readout.grid import PLACE_TERMS

_BLOCK = 64  # steps after which the matrix is brought up to date


def sizes(filters: int) -> tuple[int, ...]:
    """1, 2, 4, ... filters, and all of them."""
    doubled = [1 << n for n in range(filters.bit_length()) if 1 << n < filters]
    return (*doubled, filters)


def forward(gram: np.ndarray, right: np.ndarray, damping: float, count: int) -> np.ndarray:
    """Filters by orthogonal matching pursuit: each is the one that what is left of the target goes most with.

    The place terms are always in. With S the features taken, the next filter is argmax over f of
    |b_f - G_fS (G_SS + damping · I)⁻¹ b_S|, of equal ones the first (Pati et al. 1993, with a ridge). Since
    the constant is in S, and scaled activations vary by 1, this is the filter of highest correlation. One row
    of a Cholesky factor a step, some steps at a time: F² count operations, in float64.

    Args:
      gram: float64 [D, D]; right: float64 [D], of features over their `scales`.

    Returns:
      int [count], filters in the order in which they are taken.
    """
    with jax.enable_x64(True):
        return np.asarray(_taken(gram, right, damping, PLACE_TERMS + count))[PLACE_TERMS:]


@functools.partial(jax.jit, static_argnames="steps")
def _taken(gram: jax.Array, right: jax.Array, damping: jax.Array, steps: int) -> jax.Array:
    """Place terms, then filters: int [steps]."""
    features = len(right)
    filters = features - PLACE_TERMS

    def block(number, state):
        gram, *state = state
        start = number * _BLOCK

        def step(n, state):
            left, free, taken, rows = state
            best = jnp.argmax(jnp.where(free, jnp.abs(left), -1))
            one = jnp.where(start + n < PLACE_TERMS, filters + start + n, best)
            row = (gram[one] - rows[:, one] @ rows).at[one].add(damping)
            pivot = jnp.sqrt(row[one])
            row = row / pivot
            left = left - row * (left[one] / pivot)
            return left, free.at[one].set(False), taken.at[start + n].set(one), rows.at[n].set(row)

        rows = jnp.zeros((_BLOCK, features))
        *state, rows = jax.lax.fori_loop(0, jnp.minimum(_BLOCK, steps - start), step, (*state, rows))
        return gram - rows.T @ rows, *state

    state = gram, right, jnp.arange(features) < filters, jnp.zeros(steps, int)
    return jax.lax.fori_loop(0, -(-steps // _BLOCK), block, state)[-1]
