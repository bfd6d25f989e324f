"""Anyone's own network, made into what the pipeline measures."""

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import numpy as np

from partsjax.errors import BadInput, nearest
from partsjax.networks.architectures import IMAGENET
from partsjax.networks.assembly import weights_digest
from partsjax.networks.protocol import Network, Preprocessing, ReceptiveField
from partsjax.networks.receptive_field import Apply, estimate_receptive_field


def custom_network(
    name: str,
    apply: Apply,
    params: Any,
    *,
    input_size: int,
    layers: Sequence[str] | None = None,
    fields: Mapping[str, ReceptiveField] | None = None,
    preprocessing: Preprocessing = IMAGENET,
    default_layers: Sequence[str] | None = None,
    digest: str | None = None,
) -> Network:
    """A `Network` from a function of your own.

    Args:
      name: shown in tables and part of every cache key.
      apply: `(params, images, layers) -> {layer: activation}`, traceable by `jax.jit` with
        `layers` static; images float32 [B, input_size, input_size, 3], RGB, normalised;
        activations [B, H, W, F].
      params: pytree of weights.
      input_size: side of the square input, in pixels.
      layers: the layers that can be asked for, in forward order. Needed where `fields` does not
        name them all.
      fields: receptive fields already known; those of the other `layers` are measured by gradients
        (`estimate_receptive_field`), which runs the network a few times.
      preprocessing: normalisation of the input; torchvision's by default.
      default_layers: measured when the user names none; all of them by default.
      digest: hash of architecture and weights. By default of the name and every array of
        `params`: then change `name` when you change `apply`, or cached results are taken for its own.

    Raises:
      BadInput: no layer is named, a default layer is not among them, or a receptive field is not
        given and cannot be measured.
    """
    known = dict(fields or {})
    names = tuple(layers) if layers is not None else tuple(known) or tuple(default_layers or ())
    if not names:
        raise BadInput(f"network {name}: no layers; name them in forward order: layers=('conv1', ...)")
    unknown = [layer for layer in (*known, *(default_layers or ())) if layer not in names]
    if unknown:
        raise BadInput(f"network {name}: {unknown[0]!r} is not in layers; {nearest(unknown[0], names)}")
    measured = {
        layer: known[layer] if layer in known else estimate_receptive_field(apply, params, layer, input_size)
        for layer in names
    }
    return Network(
        name=name,
        params=params,
        apply=apply,
        fields=measured,
        input_size=input_size,
        preprocessing=preprocessing,
        default_layers=tuple(default_layers) if default_layers is not None else names,
        digest=digest if digest is not None else _digest(f"{name} {input_size} {preprocessing}", params),
    )


def _digest(description: str, params: Any) -> str:
    leaves, _ = jax.tree.flatten_with_path(params)
    return weights_digest(
        description, {jax.tree_util.keystr(path): np.asarray(leaf) for path, leaf in leaves}
    )
