"""The one place where a network is run: what `apply` and `after` give, checked while it is traced.

Shapes and types are known then, before anything is computed, so that the check costs nothing; what only
numbers show (NaN, infinity) is checked where they arrive (`emergence.stimuli`).
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from partsjax.errors import InputError
from partsjax.foreign import one_line
from partsjax.networks.protocol import Apply, Network, ReceptiveField
from partsjax.ops.precision import in_full_precision


def activations(network: Network, params: Any, pixels: jax.Array, layers: Sequence[str]) -> dict[str, Any]:
    """The activations of some layers of `network.fields`, to be traced.

    Args:
      params: as `network.params`; pixels: float32 [B, S, S, 3], RGB in [0, 255]: the one place where they
        are normalized.

    Returns:
      Layer -> float32 [B, H, H, F]. Products of float32 are computed in float32.

    Raises:
      InputError: `apply` fails, or what it returns is no dictionary, lacks a
        layer, or has a shape that fits neither the batch nor the layer's receptive field.
    """
    images = network.preprocessing.normalise(pixels)
    found = applied(network.name, network.apply, params, images, layers)
    for layer in layers:
        check_geometry(network.name, layer, found[layer].shape, network.fields[layer], pixels.shape[1])
    return found


def scores_after(network: Network, params: Any, layer: str, activation: jax.Array) -> jax.Array:
    """The class scores, float32 [B, C], that follow from a layer's activation [B, H, H, F], to be traced.

    Raises:
      InputError: `after` fails, or its scores are not [B, C].
    """
    what = f"network {network.name}: its `after`, called for layer {layer},"
    scores = called(what, network.after, params, layer, activation)
    shape = getattr(scores, "shape", None)
    if shape is None or len(shape) != 2 or shape[0] != activation.shape[0]:
        was = f"scores of shape {shape}" if shape is not None else f"a {type(scores).__name__}"
        raise InputError(f"{what} returned {was}; it must return an array [batch, classes]")
    if network.classes and shape[1] != len(network.classes):
        raise InputError(
            f"{what} returned {shape[1]} scores per image; `classes` names {len(network.classes)}"
        )
    return scores.astype(jnp.float32)


def shapes(network: Network, layers: Sequence[str], batch: int = 1) -> dict[str, jax.ShapeDtypeStruct]:
    """Shapes of the activations of a batch, [B, H, H, F], checked like themselves; nothing is computed."""
    images = image_shape(network.input_size, batch)
    return jax.eval_shape(lambda p, x: activations(network, p, x, tuple(layers)), network.params, images)


def image_shape(size: int, batch: int) -> jax.ShapeDtypeStruct:
    """Of a network's input."""
    return jax.ShapeDtypeStruct((batch, size, size, 3), np.float32)


def applied(
    name: str, apply: Apply, params: Any, images: jax.Array, layers: Sequence[str]
) -> dict[str, jax.Array]:
    """`activations` of a function that is not yet a `Network`: all but the receptive fields is checked."""
    who = f"network {name}: its `apply`"
    found = called(who, apply, params, images, tuple(layers))
    if not isinstance(found, Mapping):
        raise InputError(
            f"{who} returned a {type(found).__name__}; it must return a dictionary, "
            "{layer: activation [batch, rows, columns, filters]}"
        )
    missing = [layer for layer in layers if layer not in found]
    if missing:
        returned = ", ".join(map(str, found)) or "nothing"
        raise InputError(f"{who} did not return {', '.join(missing)}; it returned {returned}")
    for layer in layers:
        _check_array(f"network {name}: layer {layer}", found[layer], images.shape[0])
    return {layer: jnp.asarray(found[layer]).astype(jnp.float32) for layer in layers}


@in_full_precision
def called(who: str, function: Callable, *arguments) -> Any:
    """What a function of a network returns; what it raises, as one line."""
    try:
        return function(*arguments)
    except InputError:
        raise
    except Exception as error:
        traced = isinstance(error, jax.errors.JAXTypeError)
        fix = "; it is compiled by jax.jit: use jax.numpy on all that depends on params and images"
        raise InputError(f"{who} failed: {one_line(error)}{fix if traced else ''}") from error


def _check_array(who: str, activation: Any, batch: int) -> None:
    shape, dtype = (getattr(activation, name, None) for name in ("shape", "dtype"))
    if shape is None or dtype is None:
        raise InputError(f"{who}: its activation is a {type(activation).__name__}, not an array")
    if not (jnp.issubdtype(dtype, jnp.floating) or jnp.issubdtype(dtype, jnp.integer)):
        raise InputError(f"{who}: its activation is of type {dtype}, not of real numbers")
    if len(shape) != 4 or shape[0] != batch or 0 in shape:
        raise InputError(
            f"{who}: its activation has shape {list(shape)} for a batch of {batch}; it must be "
            "[batch, rows, columns, filters]"
        )
    if shape[1] != shape[2]:
        fix = "channels come last: activation.transpose(0, 2, 3, 1)"
        raise InputError(
            f"{who}: its activation has {shape[1]} rows and {shape[2]} columns of {shape[3]} filters; of a "
            f"square image it must have as many rows as columns{'; ' + fix if shape[2] == shape[3] else ''}"
        )


def check_geometry(name: str, layer: str, shape: Sequence[int], field: ReceptiveField, size: int) -> None:
    """Raises `InputError` where a map [B, H, H, F] does not lie over its image as its receptive field says.

    The cells' centers are to lie as far from the image's far border as from its near one. Padding that
    differs between the borders and windows that are left out at the end move the last center by less than two
    strides; more means that the field, or the map, is another layer's.
    """
    if not (field.stride > 0 and math.isfinite(field.center)):
        raise InputError(f"network {name}: layer {layer}: {field} has no positive stride or no finite center")
    cells = shape[1]
    fitting = (size - 1 - 2 * field.center) / field.stride + 1
    if abs(cells - fitting) < 2:
        return
    raise InputError(
        f"network {name}: layer {layer}: its map of {cells}x{cells} cells does not fit its receptive field; "
        f"at {field.stride:g} pixels from cell to cell, the first center at pixel {field.center:g}, {size} "
        f"pixels hold about {max(int(fitting), 0)} cells a side: correct `fields` or what `apply` returns"
    )
