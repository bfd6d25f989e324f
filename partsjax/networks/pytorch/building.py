"""A PyTorch module, checked and made into a `Network`."""

import dataclasses
from collections.abc import Mapping

import torch

from partsjax.errors import InputError
from partsjax.networks.make import make_network
from partsjax.networks.protocol import Network, Preprocessing, ReceptiveField
from partsjax.networks.pytorch.checking import frozen, require_independence
from partsjax.networks.pytorch.layouts import probes
from partsjax.networks.pytorch.permuting import permuted_module
from partsjax.networks.pytorch.reading import notes_on, scoring_layers, tap
from partsjax.networks.pytorch.reinitialized import reinitialized
from partsjax.networks.pytorch.routes import route_of
from partsjax.networks.pytorch.tapping import Tapped


@dataclasses.dataclass(frozen=True)
class Wanted:
    """What is said of a module, as `from_torch` takes it."""

    name: str
    layers: tuple[str, ...]
    input_size: int
    preprocessing: Preprocessing
    classes: tuple[str, ...]
    layout: Mapping[str, str]
    fields: Mapping[str, ReceptiveField]
    route: str


def built(module: torch.nn.Module, wanted: Wanted) -> Network:
    """The network; see `from_torch`."""
    who = f"network {wanted.name}"
    module = frozen(who, module)
    tapped = tap(who, module, wanted.input_size, wanted.layers, wanted.layout)
    images = probes(wanted.input_size, seed=1)[:2].to(tapped.entrance.device)
    require_independence(who, tapped, images)
    return _network(tapped, wanted, wanted.fields)


def _network(tapped: Tapped, wanted: Wanted, fields: Mapping[str, ReceptiveField]) -> Network:
    who, layers = f"network {wanted.name}", tuple(tapped.layouts)
    images = probes(wanted.input_size, seed=1)[:2].to(tapped.entrance.device)
    route = route_of(tapped, images, wanted.route)
    following = scoring_layers(tapped, images)
    scores = layers[-1] in following

    def after(params, layer, activation):
        if layer not in following:
            raise InputError(f"{who}: class scores do not follow from the map of layer {layer} alone")
        return route.after(params, layer, activation)

    network = make_network(
        wanted.name,
        route.apply,
        route.params,
        input_size=wanted.input_size,
        layers=layers,
        fields=fields,
        preprocessing=wanted.preprocessing,
        after=after if scores else None,
        classes=wanted.classes if scores else (),
    )

    def untrained(seed: int) -> Network:
        module, notes = reinitialized(wanted.name, tapped.module, seed)
        other = dataclasses.replace(tapped, module=module)
        found = _network(other, dataclasses.replace(wanted, classes=()), network.fields)
        return dataclasses.replace(found, notes=(*found.notes, *notes))

    def permuted(seed: int) -> Network:
        module = permuted_module(wanted.name, tapped.module, seed)
        name = f"{wanted.name} with permuted weights"
        other = dataclasses.replace(wanted, name=name, classes=(), route="torch")
        found = _network(dataclasses.replace(tapped, module=module, scored=None), other, network.fields)
        return dataclasses.replace(found, untrained=None, permuted=None)

    notes = [f"{who}: {route.why}", *notes_on(who, tapped, images), *network.notes]
    if tapped.scored is not None and not scores:
        notes.append(
            f"{who}: class scores do not follow from the map of its last layer {layers[-1]} alone; left out"
        )
    return dataclasses.replace(
        network,
        untrained=untrained,
        permuted=None if route.shows_weights else permuted,
        notes=tuple(notes),
    )
