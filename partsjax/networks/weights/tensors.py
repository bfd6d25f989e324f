"""What a reader makes of a weight file: its tensors under their own names, and how to read them."""

import dataclasses
from collections.abc import Callable, Mapping

import numpy as np

from partsjax.networks.architectures import Architecture
from partsjax.networks.protocol import Preprocessing


@dataclasses.dataclass(frozen=True)
class TensorLayout:
    """How a framework stores a weight; ours is the default.

    Attributes:
      out_first: convolutions are [out, in, height, width] and dense kernels [out, in]; else
        [height, width, in, out] and [in, out].
      channels_first: the map is flattened in (channel, row, column) order before the first dense
        layer; else (row, column, channel).
      bgr: the first convolution takes blue, green, red; None: where the normalization says so.
    """

    out_first: bool = False
    channels_first: bool = False
    bgr: bool | None = False


@dataclasses.dataclass(frozen=True)
class Naming:
    """Which tensors of a file are which weights of an architecture.

    Attributes:
      names: name in the file, of a tensor that is there or should be -> our name, `conv1/kernel`.
      in_the_way: tensors of layers that the architecture has not and that act between its own, such as
        a batch normalization: without them the file makes another function.
      in_the_heads_way: the same among its fully connected layers.
      notes: choices made among the tensors, a line each.
    """

    names: Mapping[str, str]
    in_the_way: tuple[str, ...] = ()
    in_the_heads_way: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class WeightFile:
    """The contents of a weight file.

    Attributes:
      label: what messages call it.
      tensors: name in the file -> array.
      naming: architecture -> which tensors are its weights; the others are extra.
      layout: how the arrays are laid out.
      preprocessing: what the weights were trained with, where the file says it in numbers.
      usual: the normalization that files of this format want where they do not say, a name of
        NORMALISATIONS; "own": the architecture's; None: there is no convention to go by.
      says: what `preprocessing` or `usual` is known from, for a note; "" where nothing is assumed.
      pooling_first: whether the file says that its normalization layers come after the pooling; None:
        it does not say.
    """

    label: str
    tensors: Mapping[str, np.ndarray]
    naming: Callable[[Architecture], Naming]
    layout: TensorLayout = TensorLayout()
    preprocessing: Preprocessing | None = None
    usual: str | None = "own"
    says: str = ""
    pooling_first: bool | None = None
