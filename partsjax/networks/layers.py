"""The layer table: a network written down as data, and the sizes of its maps."""

import dataclasses
import math
from collections.abc import Sequence


@dataclasses.dataclass(frozen=True)
class Conv:
    """Convolution with bias, followed by a ReLU; `pad` pixels of zeros on each side."""

    name: str
    features: int
    kernel: int
    stride: int = 1
    pad: int = 0
    groups: int = 1


@dataclasses.dataclass(frozen=True)
class MaxPool:
    """Maximum over `kernel` x `kernel` cells, unpadded.

    `ceil` is Caffe's rounding: a last window that only partly lies on the map still counts.
    """

    kernel: int
    stride: int
    ceil: bool = False


@dataclasses.dataclass(frozen=True)
class LRN:
    """Local response normalization across channels (Krizhevsky et al. 2012, section 3.3).

    y_c = x_c / (k + alpha / size * sum of x_j^2 over the `size` channels centered at c)^beta,
    channels outside the map counting as zero. The division of alpha by `size` is Caffe's.
    """

    size: int = 5
    alpha: float = 1e-4
    beta: float = 0.75
    k: float = 1.0


@dataclasses.dataclass(frozen=True)
class Dense:
    """Fully connected layer with bias; the first one takes the map flattened in NHWC order."""

    name: str
    features: int
    relu: bool = True


Layer = Conv | MaxPool | LRN


def output_side(table: Sequence[Layer], input_side: int) -> int:
    """Side, in cells, of the square map that `table` makes of a square input of `input_side` pixels.

    Zero or less where the input is too small for the table.
    """
    side = input_side
    for layer in table:
        if isinstance(layer, Conv):
            side = (side + 2 * layer.pad - layer.kernel) // layer.stride + 1
        elif isinstance(layer, MaxPool):
            rounding = math.ceil if layer.ceil else math.floor
            side = rounding((side - layer.kernel) / layer.stride) + 1
    return side
