"""What every network is to the rest of the library, ours or the user's own."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np


@dataclasses.dataclass(frozen=True)
class ReceptiveField:
    """Geometry of one layer's cells in the pixels of the network's input.

    Cell i (row or column) looks at a square of `size` pixels whose center lies at continuous
    coordinate `center + 0.5 + stride * i`.

    Attributes:
      size: side of the square; it may be larger than the image.
      stride: from cell to cell.
      center: pixel index of the center for cell 0 (c0); it may be fractional for an even `size`.
      nominal: not what a cell sees, which is all of the image or unknown, but a patch that stands in for it.
    """

    size: float
    stride: float
    center: float
    nominal: bool = False


@dataclasses.dataclass(frozen=True)
class Preprocessing:
    """Input normalization, per RGB channel: (pixel - mean) / std with pixels in [0, 255].

    Attributes:
      mean: of R, G and B.
      std: the same.
    """

    mean: tuple[float, float, float]
    std: tuple[float, float, float]

    def normalise(self, pixels):
        """Pixels [..., 3], RGB in [0, 255], as the network takes them; float32, NumPy or JAX as they came.

        `activations` does this for every question; the mean color becomes 0.
        """
        mean, std = (np.array(values, np.float32) for values in (self.mean, self.std))
        return (pixels - mean) / std


Apply = Callable[[Any, Any, tuple[str, ...]], dict[str, Any]]
After = Callable[[Any, str, Any], Any]
Untrained = Callable[[int], "Network"]


@dataclasses.dataclass(frozen=True, repr=False)
class Network:
    """A network as the pipeline sees it.

    Attributes:
      name: shown in tables and part of every cache key.
      params: pytree of weights, first argument of `apply` (so that they are never baked into
        compiled code).
      apply: `(params, images, layers) -> {layer: activation}`; images float32
        [B, input_size, input_size, 3], RGB, normalized by `preprocessing`; activations
        [B, H, H, F] after the ReLU. It must be traceable by `jax.jit` with `layers` (a tuple of
        names) static, and compute no further than the deepest layer asked for. Call it through
        `activations`, which checks what it gives.
      fields: receptive field of every layer that can be asked for, in forward order.
      input_size: side of the square input, in pixels.
      preprocessing: normalization of the input.
      default_layers: the layers measured when the user names none.
      digest: hexadecimal hash of what it computes, weights included; part of every cache key.
      classes: names of its class scores, in order; empty where it has none, or they have no names.
      after: `(params, layer, activation) -> scores`: the class scores [B, C] before the softmax from an
        activation [B, H, W, F] that `apply` gave for `layer`; None where there are none.
      untrained: `seed -> network`: the same network with random weights drawn from `seed`; None where there
        is none. If you replace `apply`, replace this too. Call it through `untrained_network`, which checks
        what it gives.
      permuted: `seed -> network`: the same network with the weights of every filter permuted; None: what
        makes up a filter is read off `apply`. If you replace `params`, replace this too. Call it through
        `permuted_network`.
      notes: what was assumed about the weights or left out of them, a line each; runs repeat them.
    """

    name: str
    params: Any
    apply: Apply
    fields: Mapping[str, ReceptiveField]
    input_size: int
    preprocessing: Preprocessing
    default_layers: tuple[str, ...]
    digest: str
    classes: tuple[str, ...] = ()
    after: After | None = None
    untrained: Untrained | None = None
    permuted: Untrained | None = None
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        layers = f"{len(self.fields)} layer{'s' * (len(self.fields) != 1)}"
        return f"<Network {self.name}: {layers}, {self.input_size} px>"
