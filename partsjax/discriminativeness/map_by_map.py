"""Which equations of a program work map by map, so that no filter of a layer meets another there.

From a layer's activation on, a value is followed for as long as each of its elements depends on one filter's
map alone, and it is known which (`Filters`). What the program computes from weights and numbers alone may
enter anywhere. Such are pooling, functions of single numbers, biases, batch normalization in inference,
depthwise convolution, and changes of shape.
"""

import dataclasses
import math
from collections.abc import Sequence

from jax.extend.core import JaxprEqn

_NAMES = """
abs acos acosh add add_any and asin asinh atan atan2 atanh cbrt ceil clamp convert_element_type copy copy_p
cos cosh div eq erf erf_inv erfc exp exp2 expm1 floor ge gt integer_pow is_finite le log log1p logistic lt max
min mul ne neg nextafter not or pow reduce_precision rem round rsqrt select_n sign sin sinh sqrt square
stop_gradient sub tan tanh xor
"""
_OF_NUMBERS = frozenset(_NAMES.split())
_REDUCTIONS = frozenset(("reduce_max", "reduce_min", "reduce_sum", "reduce_prod"))
_POOLING = frozenset(("reduce_window_max", "reduce_window_min", "reduce_window_sum"))


@dataclasses.dataclass(frozen=True)
class Filters:
    """Which filter's map the elements of an array depend on.

    Element i along `axis` depends on filter `of[i // inner % len(of)]`; no filter is named twice in `of`.
    """

    axis: int
    of: tuple[int, ...]
    inner: int = 1

    def fill(self, shape: Sequence[int]) -> bool:
        """Whether the axis holds each filter once, as that of an activation does."""
        return self.inner == 1 and shape[self.axis] == len(self.of)


def filters_of_results(equation: JaxprEqn, given: Sequence[Filters | None]) -> list[Filters] | None:
    """The filters of an equation's results; None where it does not work map by map.

    given: of its arguments, None for one that does not depend on the activation; one at least does.
    """
    name, shape = equation.primitive.name, equation.outvars[0].aval.shape
    known = [filters for filters in given if filters is not None]
    if name in _OF_NUMBERS or name == "concatenate":
        along = equation.params["dimension"] if name == "concatenate" else None
        return [known[0]] if len(set(known)) == 1 and known[0].axis != along else None
    if given[0] is None or len(known) > 1:
        return None
    mine, params = given[0], equation.params
    axis, before = mine.axis, equation.invars[0].aval.shape

    def kept(at: int | None = axis) -> list[Filters] | None:
        return None if at is None else [dataclasses.replace(mine, axis=at)]

    if name in ("reshape", "squeeze"):
        return (
            _reshaped(mine, before, shape) if params.get("dimensions") is None or name == "squeeze" else None
        )
    if name == "transpose":
        return kept(params["permutation"].index(axis))
    if name == "broadcast_in_dim":
        at = params["broadcast_dimensions"][axis]
        return kept(at) if shape[at] == before[axis] else None
    if name in _REDUCTIONS:
        return None if axis in params["axes"] else kept(axis - sum(a < axis for a in params["axes"]))
    if name in _POOLING:
        alone = params["window_dimensions"][axis] == 1 and shape[axis] == before[axis]
        return kept() if alone else None
    if name == "pad":
        return kept() if tuple(params["padding_config"][axis]) == (0, 0, 0) else None
    if name == "rev":
        return None if axis in params["dimensions"] else kept()
    if name in ("slice", "split"):
        return _sliced(name, params, mine, before)
    if name == "conv_general_dilated":
        return _depthwise(params, mine, before, shape)
    return None


def _reshaped(mine: Filters, before: Sequence[int], after: Sequence[int]) -> list[Filters] | None:
    """In memory, row by row, filters change every `run` elements and come back every `run * len(of)`."""
    run = mine.inner * math.prod(before[mine.axis + 1 :])
    for axis, side in enumerate(after):
        below = math.prod(after[axis + 1 :])
        if run % below == 0 and below * side % (run * len(mine.of)) == 0:
            return [Filters(axis, mine.of, run // below)]
    return None


def _sliced(name: str, params, mine: Filters, shape: Sequence[int]) -> list[Filters] | None:
    axis = mine.axis
    if name == "split":
        sizes = [int(size) for size in params["sizes"]]
        if params["axis"] != axis:
            return [mine] * len(sizes)
        ends = [sum(sizes[: i + 1]) for i in range(len(sizes))]
        taken = [slice(end - size, end) for end, size in zip(ends, sizes, strict=True)]
    else:
        strides = params["strides"] or (1,) * len(shape)
        taken = [slice(params["start_indices"][axis], params["limit_indices"][axis], strides[axis])]
        if taken[0] == slice(0, shape[axis], 1):
            return [mine]
    return [Filters(axis, mine.of[of]) for of in taken] if mine.fill(shape) else None


def _depthwise(params, mine: Filters, before: Sequence[int], after: Sequence[int]) -> list[Filters] | None:
    channels = params["dimension_numbers"].out_spec[1]
    one_to_one = params["feature_group_count"] == len(mine.of) == after[channels] and mine.fill(before)
    return [Filters(channels, mine.of)] if one_to_one and params["batch_group_count"] == 1 else None
