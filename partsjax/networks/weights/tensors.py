"""What a reader makes of a weight file: its tensors under their own names, and how to read them."""

import dataclasses
from collections.abc import Callable, Mapping

import numpy as np

from partsjax.networks.architectures import Architecture
from partsjax.networks.protocol import Preprocessing


@dataclasses.dataclass(frozen=True)
class Layout:
    """How a framework stores a weight; ours is the default.

    Attributes:
      out_first: convolutions are [out, in, height, width] and dense kernels [out, in]; else
        [height, width, in, out] and [in, out].
      channels_first: the map is flattened in (channel, row, column) order before the first dense
        layer; else (row, column, channel).
      bgr: the first convolution takes blue, green, red.
    """

    out_first: bool = False
    channels_first: bool = False
    bgr: bool = False


@dataclasses.dataclass(frozen=True)
class WeightFile:
    """The contents of a weight file.

    Attributes:
      label: what messages call it.
      tensors: name in the file -> array.
      rename: architecture -> {name in the file: our name, such as `conv1/kernel`}; names it
        leaves out are extra.
      layout: how the arrays are laid out.
      preprocessing: what the weights were trained with, where the file or its format says;
        `None`: what the architecture says.
      pooling_first: the file says that its normalisation layers come after the pooling.
    """

    label: str
    tensors: Mapping[str, np.ndarray]
    rename: Callable[[Architecture], Mapping[str, str]]
    layout: Layout = Layout()
    preprocessing: Preprocessing | None = None
    pooling_first: bool = False
