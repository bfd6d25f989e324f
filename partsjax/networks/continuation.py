"""The rest of a network: a deeper layer's activation from that of an earlier one."""

from collections.abc import Sequence

import jax
from jax.extend.core import Jaxpr, JaxprEqn, Literal, Var

from partsjax.errors import InputError
from partsjax.networks.activations import applied, image_shape
from partsjax.networks.program import flat_program, run_equations, value_of
from partsjax.networks.protocol import Network


def continuation(network: Network, layer: str, deeper: str, activation: jax.Array) -> jax.Array:
    """What `deeper` is, [B, H, H, F], where `layer` is `activation`; to be traced.

    The program that gives both is cut at the earlier one.

    Raises:
      InputError: the deeper layer rests on the image also past the earlier one, as within a residual block.
    """

    def both(params, images):
        found = applied(network.name, network.apply, params, images, (layer, deeper))
        return found[layer], found[deeper]

    images = image_shape(network.input_size, activation.shape[0])
    program = flat_program(both, network.params, images)
    *params, image = program.jaxpr.invars
    start, end = program.jaxpr.outvars
    for equation in program.jaxpr.eqns:  # what goes on is the activation as the network computes it
        if start in equation.outvars and equation.primitive.name == "convert_element_type":
            start = equation.invars[0]
    equations, needed = _between(program.jaxpr, start, end)
    if image in needed:
        raise InputError(
            f"network {network.name}: layer {deeper} does not follow from {layer} alone; ask for a layer "
            "that nothing bypasses"
        )
    values = dict(zip(program.jaxpr.constvars, program.consts, strict=True))
    values |= zip(params, jax.tree.leaves(network.params), strict=True)
    values[start] = activation.astype(start.aval.dtype)
    run_equations(equations, values)
    return value_of(end, values)


def _between(program: Jaxpr, start: Var, end: Var) -> tuple[Sequence[JaxprEqn], set[Var]]:
    """The equations that `end` follows from, given `start`, and all variables that they read."""
    kept, needed = [], {end}
    for equation in reversed(program.eqns):
        if any(variable in needed and variable is not start for variable in equation.outvars):
            kept.append(equation)
            needed |= {v for v in equation.invars if not isinstance(v, Literal)}
    return kept[::-1], needed
