"""Units that are no filters of the network, as one more layer: a dictionary's latents, a learned basis."""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import jax

from partsjax.errors import InputError, nearest
from partsjax.networks.activations import applied, called, check_geometry, image_shape
from partsjax.networks.geometry import receptive_fields
from partsjax.networks.geometry_rules import spans_of_outputs
from partsjax.networks.make import network_digest
from partsjax.networks.permuted import permuted_network
from partsjax.networks.program import flat_program
from partsjax.networks.protocol import Network, ReceptiveField
from partsjax.networks.spans import COLUMNS, ROWS, Seen, Span

Encode = Callable[[Any, jax.Array], jax.Array]
_BATCH = 2
_CELL_BY_CELL = Seen({1: Span(ROWS), 2: Span(COLUMNS)})


def with_units(network: Network, layer: str, encode: Encode, name: str, params: Any = None) -> Network:
    """The network with one more layer, whose units are a function of a layer's activation.

    Such units are the latents of a sparse autoencoder, a learned basis, directions in a layer. They are
    measured as filters are: a stimulus is a local maximum above 0. Where `encode` works cell by cell, as a
    matrix over the filters does, their receptive field is that of `layer`; else it is found as
    `make_network` finds it.

    The untrained and the permuted network have the same `encode`, with the same `params`, over their own
    `layer` (our choice: these nulls take away what the network has learned, and nothing else).
    Class scores follow from the other layers as before. From the units none do: the network does not go on
    from them, so that there is nothing to set to 0.

    Args:
      network: any, one with units too.
      layer: the layer whose activation is encoded.
      encode: `(params, activation) -> units`, traceable by `jax.jit`: float32 [B, H, H, F], as the network
        gives it, to [B, H', H', U].
      name: of the new layer, which follows `layer` in forward order and is measured by default.
      params: pytree of weights of `encode`. Arrays that `encode` closes over are compiled in: give large ones
        here.

    Returns:
      A network with the params {"network": those of `network`, "units": `params`}; its digest covers `encode`
      and `params`.

    Raises:
      InputError: there is no such layer, or there is one of that name, `encode` fails, or what it returns is
        no [batch, rows, columns, units] that lies over the image.
    """
    if layer not in network.fields:
        raise InputError(f"network {network.name}: no layer {layer!r}; {nearest(layer, network.fields)}")
    if name in network.fields or name in ("", "all") or "," in name:
        why = "is a layer already" if name in network.fields else "cannot name a layer"
        raise InputError(f"network {network.name}: name {name!r} {why}; give another")
    units = _Units(layer, encode, name, params)
    made = _encoded(network, units)
    field, notes = _field(network, made, units)
    before = list(network.fields).index(layer) + 1
    known = list(network.fields.items())
    made = dataclasses.replace(
        made, fields=dict([*known[:before], (name, field), *known[before:]]), notes=(*network.notes, *notes)
    )
    return dataclasses.replace(made, digest=network_digest(made))


@dataclasses.dataclass(frozen=True, eq=False)
class _Units:
    """As in `with_units`."""

    layer: str
    encode: Encode
    name: str
    params: Any

    def of(self, who: str, params: Any, activation: jax.Array) -> jax.Array:
        return called(f"network {who}: layer {self.name}: its `encode`", self.encode, params, activation)


def _encoded(network: Network, units: _Units) -> Network:
    """The network that gives the units too; as yet without their field and a digest."""
    name, layer = units.name, units.layer

    def apply(both, images, layers):
        asked = {layer if one == name else one for one in layers}
        below = tuple(one for one in network.fields if one in asked)
        found = applied(network.name, network.apply, both["network"], images, below)
        if name in layers:
            found[name] = units.of(network.name, both["units"], found[layer])
        return {one: found[one] for one in layers}

    def after(both, of, activation):
        if of == name:
            raise InputError(
                f"network {network.name}: class scores do not follow from layer {name}: its units are read "
                f"from {layer}, and the network does not go on from them; ask for {layer}"
            )
        return network.after(both["network"], of, activation)

    def over(twin: Network) -> Network:
        return with_units(twin, layer, units.encode, name, units.params)

    return Network(
        name=network.name,
        params={"network": network.params, "units": units.params},
        apply=apply,
        fields=network.fields,
        input_size=network.input_size,
        preprocessing=network.preprocessing,
        default_layers=(*network.default_layers, name),
        digest="",
        classes=network.classes,
        after=network.after and after,
        untrained=network.untrained and (lambda seed: over(network.untrained(seed))),
        permuted=lambda seed: over(permuted_network(network, seed)),
    )


def _field(network: Network, made: Network, units: _Units) -> tuple[ReceptiveField, tuple[str, ...]]:
    """Of the units, and what was assumed about it."""
    name, size = units.name, network.input_size
    images = image_shape(size, _BATCH)
    maps = jax.eval_shape(
        lambda p, x: applied(made.name, made.apply, p, x, (units.layer, name)), made.params, images
    )
    encode = flat_program(functools.partial(units.of, made.name), units.params, maps[units.layer])
    if spans_of_outputs(encode) == [_CELL_BY_CELL]:
        field, notes = network.fields[units.layer], ()
    else:
        fields, notes = receptive_fields(made.name, made.apply, made.params, (name,), size)
        field = fields[name]
    check_geometry(made.name, name, maps[name].shape, field, size)
    return field, notes
