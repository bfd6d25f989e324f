"""Receptive fields measured by gradients, for networks whose geometry nobody wrote down."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from partsjax.errors import InputError
from partsjax.networks.protocol import Apply, ReceptiveField


def estimate_receptive_field(
    apply: Apply, params: Any, layer: str, input_size: int, *, samples: int = 4, seed: int = 0
) -> ReceptiveField:
    """The receptive field of `layer`, from which input pixels its cells have a gradient for.

    The first pixel that cell i depends on is a + stride * i and the last b + stride * i, save
    where the border of the image cuts them off. So the cells at the far end of the map's diagonal
    give a, those at the near end b, each of them the stride, and size = b - a + 1,
    center = (a + b) / 2. That needs no field to fit into the image as a whole: VGG19's conv5_4
    sees 252 pixels of 224. A maximum passes its gradient to one input alone and a ReLU may pass
    none, so the pixels are united over `samples` random images and over rows and columns, and
    random multiples of all filters are added up. (Our choice; the same measurement checks our
    layer tables.)

    Args:
      apply, params, layer, input_size: as in `Network`; `params` are used as they are.
      samples: number of random images (standard normal pixels).
      seed: of the images.

    Returns:
      The field in pixels of the input; one for rows and columns, which must agree.

    Raises:
      InputError: there is no such layer, its activation is not [B, H, W, F], rows and columns differ,
        or it cannot be measured because cells see the whole image, depend on none of it, or are not finite.
    """
    draws = np.random.default_rng(seed)
    images = jnp.asarray(draws.standard_normal((samples, input_size, input_size, 3), np.float32))
    shape = _activation_shape(apply, params, layer, images)
    cells = shape[1]
    if shape[1] != shape[2] or cells < 2:
        raise InputError(
            f"layer {layer}: its map has {shape[1]}x{shape[2]} cells; a square map of at least 2x2 is "
            f"needed to measure a receptive field, so give it: fields={{{layer!r}: ReceptiveField(...)}}"
        )
    filters = jnp.asarray(draws.standard_normal((samples, shape[3]), np.float32))

    @jax.jit
    def pixels_seen(params, cell):
        def response(images):
            activation = apply(params, images, (layer,))[layer]
            return jnp.sum(activation[:, cell, cell, :] * filters)

        value, gradient = jax.value_and_grad(response)(images)
        finite = jnp.isfinite(value) & jnp.isfinite(gradient).all()
        return finite, jnp.any(gradient != 0, axis=(0, 3))

    def extent(cell: int) -> tuple[int, int]:
        """First and last pixel that the cell on the diagonal depends on."""
        finite, seen = map(np.asarray, pixels_seen(params, cell))
        if not finite:
            raise InputError(
                f"layer {layer}: its activation or gradient is NaN or infinite on random images; check "
                "its weights"
            )
        rows, columns = (np.flatnonzero(seen.any(axis)) for axis in (1, 0))
        if not rows.size:
            raise InputError(
                f"layer {layer}: does not respond to random images, so its receptive field cannot be "
                f"measured; give it: fields={{{layer!r}: ReceptiveField(...)}}"
            )
        if (rows[0], rows[-1]) != (columns[0], columns[-1]):
            raise InputError(
                f"layer {layer}: its receptive field is {rows[-1] - rows[0] + 1} pixels high and "
                f"{columns[-1] - columns[0] + 1} wide; only square ones can be measured, so give the "
                f"larger: fields={{{layer!r}: ReceptiveField(...)}}"
            )
        return int(rows[0]), int(rows[-1])

    # Neighbours further apart give a finer stride, but are sooner cut off by the border.
    for apart in sorted({min(4, cells - 1), 1}, reverse=True):
        near = [extent(cell)[1] for cell in (0, apart)]
        far = [extent(cells - 1 - cell)[0] for cell in (apart, 0)]
        if near[1] < input_size - 1 and far[0] > 0:
            break
    else:
        raise InputError(
            f"layer {layer}: its cells see up to the border of {input_size} pixels, so its receptive "
            f"field cannot be measured; give it: fields={{{layer!r}: ReceptiveField(...)}}"
        )
    strides = (near[1] - near[0]) / apart, (far[1] - far[0]) / apart
    if strides[0] != strides[1] or strides[0] <= 0:
        raise InputError(
            f"layer {layer}: its cells lie {strides[0]:g} pixels apart at one end of the image and "
            f"{strides[1]:g} at the other; give its field: fields={{{layer!r}: ReceptiveField(...)}}"
        )
    stride = strides[0]
    first, last = far[1] - stride * (cells - 1), near[0]
    return ReceptiveField(size=last - first + 1, stride=stride, center=(first + last) / 2)


def _activation_shape(apply: Apply, params: Any, layer: str, images: jax.Array) -> tuple[int, ...]:
    activations = jax.eval_shape(lambda params, images: apply(params, images, (layer,)), params, images)
    if layer not in activations:
        raise InputError(
            f"layer {layer}: the network does not return it; it returns {', '.join(activations)}"
        )
    shape = activations[layer].shape
    if len(shape) != 4 or shape[0] != images.shape[0]:
        raise InputError(
            f"layer {layer}: its activation has shape {shape}; it must be [batch, rows, columns, filters]"
        )
    return shape
