"""Ablation: class scores with each filter's map set to zero, for every filter of a layer, from one pass.

What follows a layer is taken from the network's program (`Network.after`, as a jaxpr), so that this is exact
for any network. First comes what works map by map (`map_by_map`): maximum pooling, batch normalization,
and so on. It is run twice, on the layer's maps and on zeros. Then comes a linear equation (`shares`), a
convolution or a matrix product. It is a sum over filters, so that without filter f it gives

    a_f = a - (x_f - z_f) * W_f,

x_f being what became of f's map, z_f what becomes of zeros, and W_f its slice of the kernel: the shares of
all filters together cost what the layer itself costs. Only what comes after is run for every (crop, filter),
many at a time: for the last convolution before AlexNet's 4096-4096 fully connected layers, one layer and the
scores. A filter of a grouped convolution has a share in its own group alone. Where maps meet in another way
(local response normalization, the addition of a residual branch), z_f takes the place of x_f there, and the
program goes on from there.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence, Set
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import ClosedJaxpr, Jaxpr, JaxprEqn, Literal, Var

from partsjax.discriminativeness.map_by_map import Filters, filters_of_results
from partsjax.discriminativeness.scores import of_class, on_every_device, require_scores
from partsjax.discriminativeness.shares import Shares, shares
from partsjax.networks.activations import activations, scores_after
from partsjax.networks.program import flat_program, run_equations, value_of
from partsjax.networks.protocol import Network

MEMORY = 1 << 28  # bytes: the ablated maps of as many (crop, filter) pairs are worked on at once, per device


class Drops(NamedTuple):
    """What crops lose without each filter; float32.

    scores: [B, C], intact, before the softmax.
    before, after: [B, F], the score, and the probability, of each crop's class minus the same
      with filter f's map set to zero.
    """

    scores: jax.Array
    before: jax.Array
    after: jax.Array


def ablator(
    network: Network,
    layer: str,
    *,
    probability: Callable[[jax.Array], jax.Array] = jax.nn.softmax,
    memory: int = MEMORY,
) -> Callable[[np.ndarray, np.ndarray], Drops]:
    """The compiled step from crops to drops, every device working on its share of the crops.

    Args:
      layer: a convolution of `network.fields`.
      probability: scores [..., C] -> probabilities; `jax.nn.sigmoid` where classes do not exclude each other.
      memory: see `MEMORY`.

    Returns:
      `(pixels, labels) -> Drops` of device arrays, for float32 [B, S, S, 3] pixels in [0, 255] and int32 [B]
      classes, B a multiple of the number of devices.

    Raises:
      InputError: the network has no class scores.
    """
    ablate = ablated_scores(network, layer, memory)

    def step(pixels, labels, params):
        activation = activations(network, params, pixels, (layer,))[layer]
        intact, ablated = ablate(params, activation)
        return intact, [
            (of_class(intact, labels)[:, None], of_class(ablated, labels)),
            (of_class(probability(intact), labels)[:, None], of_class(probability(ablated), labels)),
        ]

    run = on_every_device(network, step)

    def drops(pixels, labels) -> Drops:
        intact, pairs = run(pixels, np.asarray(labels, np.int32))
        # Not in the same program, where a multiplication in the scores could be fused with the subtraction:
        # equal scores differ by 0.
        return Drops(intact, *(one - other for one, other in pairs))

    return drops


def ablated_scores(network: Network, layer: str, memory: int = MEMORY) -> Callable:
    """`(params, activation) -> (scores, ablated)`, to be traced.

    activation: float32 [B, H, W, F], what `network.apply` gives for `layer`. scores: float32 [B, C], before
    the softmax. ablated: float32 [B, F, C], the same with filter f's map set to zero; equal to the
    scores to the bit where the map is zero already.
    """
    require_scores(network)

    def ablate(params, activation):
        pair = activation[0].size * activation.dtype.itemsize
        at_once = max(1, memory // (pair * len(activation)))
        program = flat_program(lambda p, a: scores_after(network, p, layer, a), params, activation)
        scores, without, pieces = _taken_apart(program, jax.tree.leaves(params), activation)
        ablated = jax.lax.map(without, pieces, batch_size=at_once)  # [F, B, C]
        alive = (activation != 0).any(axis=(1, 2))
        ablated = jnp.where(alive[..., None], ablated.swapaxes(0, 1), scores[:, None])
        return scores.astype(jnp.float32), ablated.astype(jnp.float32)

    return ablate


@dataclasses.dataclass(frozen=True)
class _Parts:
    """The equations of a program, by what they depend on.

    known: not on the activation. maps: on it, map by map; filters: of their results, and of the activation.
    linear: the first linear equations after those, with how their shares are taken. rest: all others.
    zeroed: results of `maps`, or the activation, that `rest` or the scores depend on directly.
    """

    filters: Mapping[Var, Filters]
    known: Sequence[JaxprEqn]
    maps: Sequence[JaxprEqn]
    linear: Sequence[tuple[JaxprEqn, Callable[..., Shares]]]
    rest: Sequence[JaxprEqn]
    zeroed: Set[Var]


def _parts(program: Jaxpr) -> _Parts:
    """activation: the program's last argument, [B, H, W, F]."""
    activation = program.invars[-1]
    filters = {activation: Filters(3, tuple(range(activation.aval.shape[3])))}
    known, maps, linear, rest = [], [], [], []
    mixed: set[Var] = set()
    for equation in program.eqns:
        arguments = [None if isinstance(atom, Literal) else atom for atom in equation.invars]
        given = [filters.get(variable) for variable in arguments]
        alone = mixed.isdisjoint(arguments)
        if alone and not any(given):
            known.append(equation)
        elif alone and (found := filters_of_results(equation, given)):
            maps.append(equation)
            filters.update(zip(equation.outvars, found, strict=True))
        else:
            take = shares(equation, given) if alone else None
            if take:
                linear.append((equation, take))
            else:
                rest.append(equation)
            mixed.update(equation.outvars)
    used = [*program.outvars, *(atom for equation in rest for atom in equation.invars)]
    zeroed = {atom for atom in used if not isinstance(atom, Literal)} & filters.keys()
    return _Parts(filters, known, maps, linear, rest, zeroed)


def _taken_apart(program: ClosedJaxpr, params: list, activation: jax.Array):
    """(scores, from a filter's piece to the scores without it, the pieces of all filters)."""
    jaxpr, filters = program.jaxpr, activation.shape[-1]
    parts, of = _parts(jaxpr), jnp.arange(filters)
    known = dict(zip([*jaxpr.constvars, *jaxpr.invars], [*program.consts, *params, None], strict=True))
    run_equations(parts.known, known)
    maps, at_zero = ({**known, jaxpr.invars[-1]: a} for a in (activation, jnp.zeros_like(activation)))
    run_equations(parts.maps, maps)
    run_equations(parts.maps, at_zero)

    def lost(atom):
        return maps[atom] - at_zero[atom] if atom in parts.filters else value_of(atom, maps)

    sums, pieces = {}, []
    for equation, take in parts.linear:
        whole = _in_float32(equation, [value_of(atom, maps) for atom in equation.invars])
        found = take(filters, *(lost(atom) for atom in equation.invars))
        sums[equation.outvars[0]] = whole, found.share
        pieces.append(found.pieces)
    zeroed = {v: _filter_of(parts.filters[v], v.aval.shape) for v in parts.zeroed}

    def scores(values):
        values = {**known, **values}
        run_equations(parts.rest, values)
        return value_of(jaxpr.outvars[0], values)

    def without(piece):
        f, shares = piece
        values = {v: jnp.where(of_filter == f, at_zero[v], maps[v]) for v, of_filter in zeroed.items()}
        for (variable, (whole, share)), its in zip(sums.items(), shares, strict=True):
            values[variable] = (whole - share(its)).astype(variable.aval.dtype)
        return scores(values)

    intact = {v: maps[v] for v in zeroed} | {v: w.astype(v.aval.dtype) for v, (w, _) in sums.items()}
    return scores(intact), without, (of, pieces)


def _in_float32(equation: JaxprEqn, arguments: list) -> jax.Array:
    params = {**equation.params, "preferred_element_type": jnp.dtype("float32")}
    return equation.primitive.bind(*(a.astype(jnp.float32) for a in arguments), **params)


def _filter_of(filters: Filters, shape: tuple[int, ...]) -> np.ndarray:
    """The filter of each element, to be broadcast against an array of this shape."""
    of = np.array(filters.of)[np.arange(shape[filters.axis]) // filters.inner % len(filters.of)]
    return of.reshape([-1 if axis == filters.axis else 1 for axis in range(len(shape))])
