"""Receptive fields measured by gradients, where a network's program cannot be followed."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from partsjax.errors import InputError
from partsjax.networks.activations import image_shape
from partsjax.networks.devices import processors
from partsjax.networks.program import flat_program
from partsjax.networks.protocol import Apply, ReceptiveField

_LONGER = 192  # pixels that larger images grow by: a multiple of most strides, so that padding falls alike
_FILLED = 0.75  # of a field that holds what every cell sees: what a cell has to see of it (our choice)
_MOST = 1 << 32  # bytes of all intermediate values on larger images


class UnmeasurableError(InputError):
    """Cells see all of the image, however large, or what they see does not lie on a grid."""


def estimate_receptive_field(
    apply: Apply, params: Any, layer: str, input_size: int, *, samples: int = 4, seed: int = 0
) -> ReceptiveField:
    """The receptive field of `layer`, from which input pixels its cells have a gradient for.

    The first pixel that cell i depends on is a + stride * i and the last b + stride * i, save
    where the border of the image cuts them off. So the cells at the far end of the map's diagonal
    give a, those at the near end b, each of them the stride, and size = b - a + 1,
    center = (a + b) / 2. That needs no field to fit into the image as a whole: VGG19's conv5_4
    sees 252 pixels of 224. Where cells see up to the far border all the same, larger images are
    tried (608 pixels for 224), if the network takes them.

    Where a cell in the middle sees less than three quarters of that field, there is no one field: in windows
    (shifted or not, as in Swin) what a cell sees goes by its place in the window.

    A maximum passes its gradient to one input alone and a ReLU may pass none, so the pixels are
    united over `samples` random images and over rows and columns, and random multiples of all
    filters are added up. (Our choice.)

    Args:
      apply, params, layer, input_size: as in `Network`; `params` are used as they are.
      samples: number of random images (standard normal pixels).
      seed: of the images.

    Returns:
      The field in pixels of the input; one for rows and columns, which must agree.

    Raises:
      UnmeasurableError: cells see up to the border of larger images too, or other rows than columns, or
        what they see does not lie on a grid.
      InputError: there is no such layer, its activation is not [B, H, W, F] with H = W, it depends on
        nothing of the image, or is not finite.
    """
    # Accelerators choose convolutions by Fourier transforms, whose rounding reaches every pixel.
    with jax.default_device(processors()[0]):
        params = jax.device_put(params, processors()[0])
        for side, cells in _canvases(apply, params, layer, input_size, samples):
            found = _at(_extents(apply, params, layer, side, samples, seed), layer, side, cells)
            if found is not None:
                return found
    raise UnmeasurableError("its cells see up to the border of the image, larger ones included")


def _at(extent: Callable[[int], tuple[int, int]], layer: str, side: int, cells: int) -> ReceptiveField | None:
    """The field from images of `side` pixels; None where cells see up to the border."""
    corners = extent(0), extent(cells - 1)
    if corners[0] == corners[1]:  # as with attention to the whole image: no other cell need be asked
        return None
    # Neighbors further apart give a finer stride, but are sooner cut off by the border.
    for apart in sorted({min(4, cells - 1), 1}, reverse=True):
        near = [corners[0][1], extent(apart)[1]]
        far = [extent(cells - 1 - apart)[0], corners[1][0]]
        if near[1] < side - 1 and far[0] > 0:
            break
    else:
        return None
    stride = (near[1] - near[0]) / apart
    first, last = far[1] - stride * (cells - 1), near[0]
    middle = cells // 2
    seen = extent(middle)
    field = first + stride * middle, last + stride * middle
    within = field[0] - 1 < seen[0] and seen[1] < field[1] + 1
    on_the_image = min(field[1], side - 1) - max(field[0], 0) + 1
    on_a_grid = within and seen[1] - seen[0] + 1 >= _FILLED * on_the_image
    if stride == 0 or stride != (far[1] - far[0]) / apart or not on_a_grid:
        raise UnmeasurableError("what its cells see does not lie on a grid")
    if stride < 0:
        raise InputError(
            f"layer {layer}: its map runs the other way than the image: flip it, or give its field: "
            f"fields={{{layer!r}: ReceptiveField(...)}}"
        )
    return ReceptiveField(size=last - first + 1, stride=stride, center=(first + last) / 2)


def _canvases(
    apply: Apply, params: Any, layer: str, input_size: int, samples: int
) -> Iterator[tuple[int, int]]:
    """Sides of images to measure on, and of the map there: its own, and larger ones that it takes."""
    cells = _cells(apply, params, layer, input_size)
    if cells < 2:
        raise UnmeasurableError("it has a single cell")
    yield input_size, cells
    larger = input_size + math.ceil(input_size / _LONGER) * _LONGER
    try:
        of_larger = _cells(apply, params, layer, larger)
    except Exception:  # whatever someone's code raises on images of another size
        return
    if samples * _bytes(apply, params, layer, larger) <= _MOST:
        yield larger, of_larger


def _extents(
    apply: Apply, params: Any, layer: str, side: int, samples: int, seed: int
) -> Callable[[int], tuple[int, int]]:
    """`cell -> (first, last)`: the pixels that a cell on the diagonal depends on, along rows and columns."""
    draws = np.random.default_rng(seed)
    images = jnp.asarray(draws.standard_normal((samples, side, side, 3), np.float32))
    filters = _shape(apply, params, layer, side)[3]
    multiples = jnp.asarray(draws.standard_normal((samples, filters), np.float32))

    @jax.jit
    def pixels_seen(params, cell):
        def response(images):
            activation = apply(params, images, (layer,))[layer]
            return jnp.sum(activation[:, cell, cell, :] * multiples)

        value, gradient = jax.value_and_grad(response)(images)
        finite = jnp.isfinite(value) & jnp.isfinite(gradient).all()
        return finite, jnp.any(gradient != 0, axis=(0, 3))

    def extent(cell: int) -> tuple[int, int]:
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
            raise UnmeasurableError("its cells see other rows than columns of random images")
        return int(rows[0]), int(rows[-1])

    return extent


def _cells(apply: Apply, params: Any, layer: str, side: int) -> int:
    shape = _shape(apply, params, layer, side)
    if shape[1] != shape[2]:
        raise InputError(f"layer {layer}: its map has {shape[1]}x{shape[2]} cells; it must be square")
    return shape[1]


def _shape(apply: Apply, params: Any, layer: str, side: int) -> tuple[int, ...]:
    images = image_shape(side, 1)
    activations = jax.eval_shape(lambda params, images: apply(params, images, (layer,)), params, images)
    if layer not in activations:
        raise InputError(
            f"layer {layer}: the network does not return it; it returns {', '.join(activations)}"
        )
    shape = activations[layer].shape
    if len(shape) != 4 or shape[0] != 1:
        raise InputError(
            f"layer {layer}: its activation has shape {shape}; it must be [batch, rows, columns, filters]"
        )
    return shape


def _bytes(apply: Apply, params: Any, layer: str, side: int) -> int:
    """Of all values on the way to a layer: what a gradient keeps, at most."""
    program = flat_program(lambda p, x: apply(p, x, (layer,))[layer], params, image_shape(side, 1))
    values = [variable.aval for equation in program.jaxpr.eqns for variable in equation.outvars]
    return sum(value.size * value.dtype.itemsize for value in values)
