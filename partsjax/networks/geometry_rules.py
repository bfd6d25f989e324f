"""What each cell of an array sees of the image, followed through the equations of a program."""

import math
from collections.abc import Callable, Sequence

from jax.extend.core import ClosedJaxpr, JaxprEqn, Literal, Var

from partsjax.networks.spans import COLUMNS, ROWS, Seen, Span, StopsError, joined_spans


def spans_of_outputs(program: ClosedJaxpr) -> list[Seen | None]:
    """What the cells of each output of `program` see; None: nothing of the image.

    The program's last argument is the images, [batch, rows, columns, channels].
    """
    jaxpr = program.jaxpr
    seen: dict[Var, Seen] = {jaxpr.invars[-1]: Seen({1: Span(ROWS), 2: Span(COLUMNS)})}

    def of(atom: Var | Literal) -> Seen | None:
        return None if isinstance(atom, Literal) else seen.get(atom)

    for equation in jaxpr.eqns:
        given = [of(atom) for atom in equation.invars]
        if any(given):
            found = _after(equation, given)
            seen.update(dict.fromkeys(equation.outvars, found) if isinstance(found, Seen) else found)
    return [of(atom) for atom in jaxpr.outvars]


def _after(equation: JaxprEqn, given: list[Seen | None]) -> Seen | dict[Var, Seen]:
    depends = [one for one in given if one is not None]
    for one in depends:
        if one.stops:
            return one
    if not any(one.spans for one in depends):  # all of the image already, or what follows from that
        return Seen({}, whole=True)
    name = equation.primitive.name
    if name not in _RULES:
        return Seen({}, stops=f"`{name}`")
    try:
        return _RULES[name](equation, given)
    except StopsError as error:
        return Seen({}, stops=f"`{name}` {error}".strip())


def _shapes(equation: JaxprEqn) -> list[tuple[int, ...]]:
    return [atom.aval.shape for atom in equation.invars]


def _only_first(given: Sequence[Seen | None]) -> Seen:
    """The first operand, where the others, an index or a kernel, do not depend on the image."""
    if given[0] is None or any(given[1:]):
        raise StopsError("by numbers that depend on the image")
    return given[0]


def _require_free(seen: Seen, axes: Sequence[int], what: str) -> None:
    if set(axes) & set(seen.spans):
        raise StopsError(f"{what} the image's rows or columns")


def _elementwise(equation: JaxprEqn, given: list[Seen | None]) -> Seen:
    shape = equation.outvars[0].aval.shape
    arrays = []
    for one, of in zip(given, _shapes(equation), strict=True):  # axes of size 1 are repeated
        kept = {axis: axis for axis in range(len(of)) if of[axis] == shape[axis]}
        arrays.append(one and one.moved(kept))
    return joined_spans(arrays)


def _same(equation: JaxprEqn, given: list[Seen | None]) -> Seen:
    """What runs along one axis and keeps the others."""
    axis = equation.params.get("axis", equation.params.get("dimension"))
    found = joined_spans(given)
    _require_free(found, (axis,), "along")
    return found


def _transpose(equation: JaxprEqn, given: list[Seen | None]) -> Seen:
    return given[0].moved({old: new for new, old in enumerate(equation.params["permutation"])})


def _broadcast(equation: JaxprEqn, given: list[Seen | None]) -> Seen:
    to, shape = equation.params["broadcast_dimensions"], equation.params["shape"]
    sizes = _shapes(equation)[0]
    return _only_first(given).moved({old: new for old, new in enumerate(to) if sizes[old] == shape[new]})


def _reshape(equation: JaxprEqn, given: list[Seen | None]) -> Seen:
    """An axis is kept where as many cells lie before it, and in it, as before."""
    old, new = _shapes(equation)[0], equation.outvars[0].aval.shape
    to = {}
    for axis in given[0].spans:
        if old[axis] > 1:
            place = old[axis], math.prod(old[:axis])
            places = [i for i in range(len(new)) if (new[i], math.prod(new[:i])) == place]
            if not places:
                raise StopsError("of the image's rows or columns")
            to[axis] = places[0]
    return given[0].moved(to)


def _squeeze(equation: JaxprEqn, given: list[Seen | None]) -> Seen:
    kept = [i for i in range(len(_shapes(equation)[0])) if i not in equation.params["dimensions"]]
    return given[0].moved({old: new for new, old in enumerate(kept)})


def _reduce(equation: JaxprEqn, given: list[Seen | None]) -> Seen:
    kept = [i for i in range(len(_shapes(equation)[0])) if i not in equation.params["axes"]]
    return _only_first(given).moved({old: new for new, old in enumerate(kept)})


def _convolve(equation: JaxprEqn, given: list[Seen | None]) -> Seen:
    seen, params = _only_first(given), equation.params
    numbers, taps = params["dimension_numbers"], _shapes(equation)[1]
    _require_free(seen, numbers.lhs_spec[:2], "over")
    windows, to = {}, {}
    for i, axis in enumerate(numbers.lhs_spec[2:]):
        windows[axis] = {
            "taps": taps[numbers.rhs_spec[2 + i]],
            "step": params["window_strides"][i],
            "before": params["padding"][i][0],
            "dilation": params["rhs_dilation"][i],
            "spread": params["lhs_dilation"][i],
        }
        to[axis] = numbers.out_spec[2 + i]
    return seen.through(windows).moved(to)


def _pool(equation: JaxprEqn, given: list[Seen | None]) -> Seen:
    seen, params = _only_first(given), equation.params
    return seen.through({
        axis: {
            "taps": params["window_dimensions"][axis],
            "step": params["window_strides"][axis],
            "before": params["padding"][axis][0],
            "dilation": params["window_dilation"][axis],
            "spread": params["base_dilation"][axis],
        }
        for axis in seen.spans
    })  # fmt: skip


def _pad(equation: JaxprEqn, given: list[Seen | None]) -> Seen:
    config = equation.params["padding_config"]
    return _only_first(given).through({
        axis: {"taps": 1, "before": before, "spread": 1 + between}
        for axis, (before, _, between) in enumerate(config)
    })  # fmt: skip


def _slice(equation: JaxprEqn, given: list[Seen | None]) -> Seen:
    starts, steps = equation.params["start_indices"], equation.params["strides"]
    return given[0].through({
        axis: {"taps": 1, "before": -starts[axis], "step": steps[axis] if steps else 1}
        for axis in given[0].spans
    })  # fmt: skip


def _split(equation: JaxprEqn, given: list[Seen | None]) -> dict[Var, Seen]:
    found, start = {}, 0
    for variable, size in zip(equation.outvars, equation.params["sizes"], strict=True):
        found[variable] = given[0].through({equation.params["axis"]: {"taps": 1, "before": -start}})
        start += size
    return found


def _dot(equation: JaxprEqn, given: list[Seen | None]) -> Seen:
    if all(given):
        raise StopsError("of two maps")
    side = 0 if given[0] else 1
    contracted, batch = equation.params["dimension_numbers"]
    _require_free(given[side], contracted[side], "over")
    free = [
        [axis for axis in range(len(shape)) if axis not in (*contracted[i], *batch[i])]
        for i, shape in enumerate(_shapes(equation))
    ]
    places = [*batch[side], *([None] * len(free[0]) if side else []), *free[side]]
    return given[side].moved({axis: place for place, axis in enumerate(places) if axis is not None})


_NAMES = {
    _elementwise: (
        "abs acos acosh add add_any and asin asinh atan atan2 atanh cbrt ceil clamp convert_element_type "
        "copy copy_p cos cosh digamma div eq erf erf_inv erfc exp exp2 expm1 floor ge gt integer_pow "
        "is_finite le lgamma log log1p logistic lt max min mul name ne neg nextafter not or pow real "
        "reduce_precision rem round rsqrt select_n sharding_constraint sign sin sinh sqrt square "
        "stop_gradient sub tan tanh xor"
    ),
    _same: "concatenate cumsum cumprod cummax cummin cumlogsumexp sort top_k",
    _reduce: "reduce_sum reduce_max reduce_min reduce_prod reduce_and reduce_or",
    _pool: "reduce_window_max reduce_window_min reduce_window_sum reduce_window",
    _broadcast: "broadcast_in_dim",
    _convolve: "conv_general_dilated",
    _dot: "dot_general",
    _pad: "pad",
    _reshape: "reshape",
    _slice: "slice",
    _split: "split",
    _squeeze: "squeeze",
    _transpose: "transpose",
}
_RULES: dict[str, Callable[[JaxprEqn, list[Seen | None]], Seen | dict[Var, Seen]]] = {
    name: rule for rule, names in _NAMES.items() for name in names.split()
}
