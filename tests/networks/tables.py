"""Receptive fields by the recurrence, from a layer table alone: what the library must find in a program."""

from collections.abc import Sequence

from partsjax.networks.layers import LRN, Conv, Layer
from partsjax.networks.protocol import ReceptiveField


def receptive_fields(table: Sequence[Layer]) -> dict[str, ReceptiveField]:
    """Receptive field of every convolution of `table`, in forward order.

    With j the distance between neighbouring cells in input pixels, a layer of kernel k, stride s
    and padding p makes of (size, centre, j):
      size' = size + (k - 1) j,  centre' = centre + ((k - 1) / 2 - p) j,  j' = s j,
    starting from a pixel: size 1, centre 0, j 1. (AlexNet's come to 11/51/99/131/163, as
    the literature has them.)
    """
    size, center, jump = 1.0, 0.0, 1.0
    fields = {}
    for layer in table:
        if isinstance(layer, LRN):
            continue
        pad = layer.pad if isinstance(layer, Conv) else 0
        size += (layer.kernel - 1) * jump
        center += ((layer.kernel - 1) / 2 - pad) * jump
        jump *= layer.stride
        if isinstance(layer, Conv):
            fields[layer.name] = ReceptiveField(size=size, stride=jump, center=center)
    return fields
