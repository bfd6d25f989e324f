"""The program of a function, equation by equation: what can be followed, taken apart and run in pieces."""

from collections.abc import Callable, Iterable
from typing import Any

import jax
from jax.extend.core import ClosedJaxpr, JaxprEqn, Literal, Var

_CALLS = (
    "jit",
    "pjit",
    "closed_call",
    "core_call",
    "custom_jvp_call",
    "custom_vjp_call",
    "remat2",
    "checkpoint",
)
_CALLED = ("jaxpr", "call_jaxpr", "fun_jaxpr")


def flat_program(function: Callable, *arguments: Any) -> ClosedJaxpr:
    """The jaxpr of `function` with every call in it inlined: `jit`, `checkpoint`, rules for derivatives.

    Loops and branches stay single equations. arguments: pytrees of arrays, or of their shapes.
    """
    program = jax.make_jaxpr(function)(*arguments)
    flat = jax.make_jaxpr(lambda *values: _inlined(program.jaxpr, program.consts, values))
    return flat(*jax.tree.leaves(arguments))


def run_equations(equations: Iterable[JaxprEqn], values: dict[Var, Any]) -> None:
    """Runs equations, in order; what they need is read from `values`, what they give is added there."""
    for equation in equations:
        primitive = equation.primitive
        found = primitive.bind(
            *(value_of(atom, values) for atom in equation.invars),
            **primitive.get_bind_params(equation.params),
        )
        values.update(zip(equation.outvars, found if primitive.multiple_results else [found], strict=True))


def value_of(atom: Var | Literal, values: dict[Var, Any]) -> Any:
    """The value of a variable, or of a number that stands in the program."""
    return atom.val if isinstance(atom, Literal) else values[atom]


def _inlined(program, constants, arguments) -> list:
    values = dict(zip([*program.constvars, *program.invars], [*constants, *arguments], strict=True))
    for equation in program.eqns:
        inner = next((equation.params[name] for name in _CALLED if name in equation.params), None)
        if equation.primitive.name not in _CALLS or inner is None:
            run_equations([equation], values)
            continue
        called, constants = (inner.jaxpr, inner.consts) if isinstance(inner, ClosedJaxpr) else (inner, [])
        given = [value_of(atom, values) for atom in equation.invars]
        values.update(zip(equation.outvars, _inlined(called, constants, given), strict=True))
    return [value_of(atom, values) for atom in program.outvars]
