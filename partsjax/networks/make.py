"""Any network, made into what the pipeline measures."""

import dataclasses
import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax

from partsjax.errors import InputError, nearest
from partsjax.networks.activations import applied, check_geometry, image_shape, scores_after
from partsjax.networks.architectures import IMAGENET
from partsjax.networks.geometry import receptive_fields
from partsjax.networks.identity import content_digest
from partsjax.networks.protocol import After, Apply, Network, Preprocessing, ReceptiveField


def make_network(  # noqa: PLR0913 (options of a public call, by keyword)
    name: str,
    apply: Apply,
    params: Any,
    *,
    input_size: int,
    layers: Sequence[str] | None = None,
    fields: Mapping[str, ReceptiveField] | None = None,
    preprocessing: Preprocessing = IMAGENET,
    default_layers: Sequence[str] | None = None,
    after: After | None = None,
    classes: Sequence[str] = (),
    init: Callable[[int], Any] | None = None,
    digest: str | None = None,
) -> Network:
    """A `Network` from a function of your own.

    Args:
      name: shown in tables and part of every cache key.
      apply: `(params, images, layers) -> {layer: activation}`, traceable by `jax.jit` with
        `layers` static; images float32 [B, input_size, input_size, 3], RGB, normalized;
        activations [B, H, H, F]. Its products of float32 are computed in float32, on every device.
      params: pytree of weights.
      input_size: side of the square input, in pixels.
      layers: the layers that can be asked for, in forward order. Needed where `fields` does not
        name them all.
      fields: receptive fields already known; those of the other `layers` are found: from the program of
        `apply`, by gradients where that stops, or as nominal patches where cells see all of the image.
      preprocessing: normalization of the input; torchvision's by default.
      default_layers: measured when the user names none; all of them by default.
      after: `(params, layer, activation) -> scores`, the class scores [B, C] before the softmax from an
        activation that `apply` gave for `layer`. Needed to ask which filters and parts class scores rest on.
      classes: names of the C scores, in order.
      init: `seed -> params`, random ones of the same shapes: what the null of random weights is made with.
      digest: in place of the hash of what `apply` and `after` compute, of every array they use, and of all
        the above. (What they do outside of JAX is not seen: change `name` when you change that.)

    Raises:
      InputError: no layer is named, a default layer is not among them, `apply` fails, what it returns is no
        dictionary of activations or does not fit the receptive fields, a receptive field is not given and
        cannot be found, or `after` does not give scores from the last layer, as many as `classes`.
    """
    known = dict(fields or {})
    names = tuple(layers) if layers is not None else tuple(known) or tuple(default_layers or ())
    if not names:
        raise InputError(f"network {name}: no layers; name them in forward order: layers=('conv1', ...)")
    unknown = [layer for layer in (*known, *(default_layers or ())) if layer not in names]
    if unknown:
        raise InputError(f"network {name}: {unknown[0]!r} is not in layers; {nearest(unknown[0], names)}")
    images = image_shape(input_size, batch=1)
    maps = jax.eval_shape(lambda p, x: applied(name, apply, p, x, names), params, images)
    unknown = [layer for layer in names if layer not in known]
    found, notes = receptive_fields(name, apply, params, unknown, input_size)
    network = Network(
        name=name,
        params=params,
        apply=apply,
        fields={layer: (known | found)[layer] for layer in names},
        input_size=input_size,
        preprocessing=preprocessing,
        default_layers=tuple(default_layers) if default_layers is not None else names,
        digest=digest or "",
        classes=tuple(classes),
        after=after,
        notes=notes,
    )
    for layer, field in network.fields.items():
        check_geometry(name, layer, maps[layer].shape, field, input_size)
    if after is not None:
        jax.eval_shape(lambda p, a: scores_after(network, p, names[-1], a), params, maps[names[-1]])
    elif classes:
        raise InputError(f"network {name}: `classes` without class scores; give `after` as well, or neither")
    if init is not None:
        network = dataclasses.replace(network, untrained=lambda seed: _of(network, init(seed)))
    return network if digest is not None else dataclasses.replace(network, digest=network_digest(network))


def _of(network: Network, params: Any) -> Network:
    """The same network with other params."""
    found = dataclasses.replace(network, params=params)
    return dataclasses.replace(found, digest=network_digest(found))


def network_digest(network: Network) -> str:
    """Hexadecimal hash of what a network computes and of its other attributes."""
    shown = network.name, network.input_size, network.preprocessing, dict(network.fields), network.classes
    return hashlib.sha256(f"{shown} {content_digest(network)}".encode()).hexdigest()
