"""A layer in another basis, as one more layer: under a random rotation, or with both signs."""

import re
from collections.abc import Iterable

import jax
import jax.numpy as jnp
import numpy as np

from partsjax.errors import InputError, nearest, require_whole
from partsjax.networks.activations import shapes
from partsjax.networks.protocol import Network
from partsjax.networks.units import with_units

_ROTATED = re.compile(r"(.+)_rotated(0|[1-9]\d*)")
_BOTH = "_both"


def rotated(network: Network, layer: str, seed: int = 0) -> Network:
    """The network with one more layer: the activation of `layer` under a random rotation of its filters.

    The units are A R at every cell, A the activation [B, H, H, F] and R [F, F] an orthogonal matrix, drawn
    from `seed` so that all are equally likely (Haar measure). They hold all that the filters hold, along
    other axes: where filters detect more parts than units, the axes of the network are special (Bau et al.
    2017, "Network Dissection", on axis-aligned interpretability). A is taken after the ReLU and no other
    follows, so that units have values below 0 too; a stimulus is a local maximum above 0 (our choice).

    Args:
      network: any, one with units too.
      layer: the layer whose filters are rotated.
      seed: of the rotation.

    Returns:
      As `with_units`. The new layer is called `conv5_rotated0`, by layer and seed; where `measure` or
      `--layers` ask for a layer of such a name, they make it.

    Raises:
      InputError: there is no such layer, or that rotation of it is there already.
    """
    from scipy.stats import ortho_group  # takes long to import

    require_whole(0, seed=seed)
    _require_layer(network, layer)
    filters = shapes(network, (layer,))[layer].shape[3]
    rotation = ortho_group.rvs(filters, random_state=np.random.default_rng(seed)).astype(np.float32)
    return with_units(network, layer, _rotate, f"{layer}_rotated{seed}", rotation)


def both_signs(network: Network, layer: str) -> Network:
    """The network with one more layer, `conv5_both`: the F filters of `layer`, then their negatives.

    Unit F + f is the negative of filter f: where filters are not behind a ReLU, what is far below 0 may
    detect a part as well.
    """
    _require_layer(network, layer)
    return with_units(network, layer, _with_negative, f"{layer}{_BOTH}")


def with_rotations(network: Network, layers: Iterable[str]) -> Network:
    """The network with those of `layers` that it lacks, and whose names say that they are rotated ones."""
    for name in reversed(tuple(layers)):  # each comes right after its layer
        found = _ROTATED.fullmatch(name)
        if found and name not in network.fields and found[1] in network.fields:
            network = rotated(network, found[1], int(found[2]))
    return network


def unrotated(name: str) -> str:
    """The layer whose rotation a name says: `conv5_rotated0` is of `conv5`; of any other name the name."""
    found = _ROTATED.fullmatch(name)
    return found[1] if found else name


def made_of(name: str) -> str:
    """What a layer made here is made of, by its name: conv5 of "conv5_both"; of any other name the name."""
    return unrotated(name.removesuffix(_BOTH))


def _require_layer(network: Network, layer: str) -> None:
    if layer not in network.fields:
        raise InputError(f"network {network.name}: no layer {layer!r}; {nearest(layer, network.fields)}")


def _rotate(rotation: jax.Array, activation: jax.Array) -> jax.Array:
    return jnp.matmul(activation, rotation, precision="highest")


def _with_negative(_, activation: jax.Array) -> jax.Array:
    return jnp.concatenate([activation, -activation], axis=-1)
