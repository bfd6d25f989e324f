"""Which weights make up one filter, read off a network's program, whatever the layout of its kernels."""

import dataclasses
from collections.abc import Sequence

import jax
import numpy as np
from jax.extend.core import ClosedJaxpr, Jaxpr, JaxprEqn, Literal, Var

from partsjax.errors import InputError
from partsjax.networks.activations import applied, image_shape
from partsjax.networks.program import flat_program
from partsjax.networks.protocol import Network

NO_FILTER = -1
_REARRANGE = {"broadcast_in_dim", "expand_dims", "reshape", "rev", "slice", "split", "squeeze", "transpose"}
_SCALE = {"convert_element_type", "copy", "copy_p", "div", "mul", "neg", "reduce_precision", "stop_gradient"}


def filters_of_weights(network: Network) -> list[np.ndarray]:
    """Of which filter each weight is.

    A kernel is what a convolution or a matrix product multiplies a map with; the weights of one of its
    filters are those that are summed over. All else in `params` (biases, norms, embeddings) is of no filter.

    Returns:
      Of each leaf of `network.params`, int32 of its shape: filters counted from 0 within the leaf, and
      `NO_FILTER`.

    Raises:
      InputError: a weight is of several filters, or the program does not say of which (kernels that are
        computed from several arrays, or used in a loop).
    """
    layers = tuple(network.fields)
    program = flat_program(
        lambda params, images: applied(network.name, network.apply, params, images, layers),
        network.params,
        image_shape(network.input_size, 1),
    ).jaxpr
    *leaves, images = program.invars
    used = {atom for equation in program.eqns for atom in equation.invars if isinstance(atom, Var)}
    carried: dict[Var, _Weights] = {
        leaf: _Weights((number,), np.arange(leaf.aval.size, dtype=np.int32).reshape(leaf.aval.shape))
        for number, leaf in enumerate(leaves)
        if leaf in used
    }
    paths = [jax.tree_util.keystr(path) for path, _ in jax.tree.flatten_with_path(network.params)[0]]
    filters = [np.full(leaf.aval.shape, NO_FILTER, np.int32) for leaf in leaves]
    maps = {images}
    for equation in program.eqns:
        given = [None if isinstance(atom, Literal) else carried.get(atom) for atom in equation.invars]
        if any(atom in maps for atom in equation.invars if isinstance(atom, Var)):
            maps.update(equation.outvars)
            for operand, weights in enumerate(given):
                if weights is not None:
                    try:
                        _use(equation, operand, weights, filters)
                    except _UnsaidError as why:
                        names = ", ".join(paths[leaf] for leaf in weights.leaves)
                        raise InputError(
                            f"network {network.name}: which weights of {names} make up one filter cannot be "
                            f"said: {why}"
                        ) from None
        elif any(given):
            carried |= zip(equation.outvars, _computed(equation, given), strict=True)
    return filters


@dataclasses.dataclass(frozen=True, eq=False)
class _Weights:
    """An array that depends on weights alone.

    leaves: indices of those it is made from. places: of each number in the flattened leaf, int32; None: it is
    computed from several numbers.
    """

    leaves: tuple[int, ...]
    places: np.ndarray | None = None


class _UnsaidError(Exception):
    """A sentence's end: why it cannot be said."""


def _computed(equation: JaxprEqn, given: Sequence[_Weights | None]) -> list[_Weights]:
    """The outputs of an equation that no map enters."""
    of = [weights for weights in given if weights is not None]
    name, places = equation.primitive.name, of[0].places
    others = [atom for atom, weights in zip(equation.invars, given, strict=True) if weights is None]
    if len(of) == 1 and places is not None and all(atom.aval.size == 1 for atom in others):
        if name in _SCALE:
            return [of[0]]
        if name in _REARRANGE:
            found = equation.primitive.bind(places, **equation.primitive.get_bind_params(equation.params))
            found = found if equation.primitive.multiple_results else [found]
            return [_Weights(of[0].leaves, np.asarray(array)) for array in found]
    leaves = tuple(sorted({leaf for weights in of for leaf in weights.leaves}))
    return [_Weights(leaves)] * len(equation.outvars)


def _use(equation: JaxprEqn, operand: int, weights: _Weights, filters: list[np.ndarray]) -> None:
    """Adds to `filters` what a product of weights with a map says of them."""
    name, params = equation.primitive.name, equation.params
    if name == "conv_general_dilated":
        if operand == 0:
            raise _UnsaidError("they are convolved with a map")
        kept = [params["dimension_numbers"].rhs_spec[0]]
    elif name == "dot_general":
        summed = params["dimension_numbers"][0][operand]
        kept = [axis for axis in range(equation.invars[operand].aval.ndim) if axis not in summed]
    elif any(isinstance(value, (Jaxpr, ClosedJaxpr)) for value in jax.tree.leaves(params)):
        raise _UnsaidError(f"they are used in a `{name}`")
    else:  # added to a map, or the like
        return
    if weights.places is None:
        raise _UnsaidError("the kernel is computed from several of them")
    shape = weights.places.shape
    numbers = np.arange(np.prod([shape[axis] for axis in kept], dtype=int))
    numbers = numbers.reshape([size if axis in kept else 1 for axis, size in enumerate(shape)])
    _add(filters[weights.leaves[0]].reshape(-1), weights.places.ravel(), numbers, shape)


def _add(known: np.ndarray, places: np.ndarray, numbers: np.ndarray, shape: tuple[int, ...]) -> None:
    """Writes the filters of the weights at `places`, new ones or those that are known already."""
    before = known[places]
    found = np.broadcast_to(numbers, shape).ravel() + known.max() + 1
    if (before == NO_FILTER).all():
        known[places] = found
        if (known[places] != found).any():
            raise _UnsaidError("one of them is in several filters")
        return
    together = np.unique(before.astype(np.int64) * (found.max() + 1) + found)
    if (before == NO_FILTER).any() or not (len(together) == len(np.unique(before)) == len(np.unique(found))):
        raise _UnsaidError("they make up other filters in one place than in another")
