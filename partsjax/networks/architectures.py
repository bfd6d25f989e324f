"""The four networks as layer tables: AlexNet and VGG as in torchvision, and Caffe's AlexNet."""

import dataclasses
from collections.abc import Iterable

from partsjax.errors import InputError, nearest
from partsjax.networks.layers import LRN, Conv, Dense, Layer, MaxPool, output_side
from partsjax.networks.protocol import Preprocessing

IMAGENET = Preprocessing(
    mean=(0.485 * 255, 0.456 * 255, 0.406 * 255), std=(0.229 * 255, 0.224 * 255, 0.225 * 255)
)
"""What torchvision's networks were trained with."""

CAFFE_IMAGENET = Preprocessing(mean=(122.67892, 116.66877, 104.00699), std=(1.0, 1.0, 1.0))
"""The mean color of Caffe's ImageNet mean image, as RGB."""

VGG_IMAGENET = Preprocessing(mean=(123.68, 116.779, 103.939), std=(1.0, 1.0, 1.0))
"""What the VGG authors trained with, as RGB; their weights live on in Caffe, Keras and MatConvNet."""


@dataclasses.dataclass(frozen=True)
class Architecture:
    """A network without its weights.

    Attributes:
      name: as on the command line.
      layers: the convolutional part, in forward order.
      head: the fully connected part; empty where there is none.
      input_size: side of the square input, in pixels.
      preprocessing: normalization of the input.
      default_layers: the layers measured when the user names none (the paper's for AlexNet).
      window: side, in cells, of what the head sees at once; it slides over a larger map. None: the
        whole map at the input size, which makes ordinary fully connected layers.
      pooling: "max" or "mean", how the class maps of a sliding head become one score per class.
    """

    name: str
    layers: tuple[Layer, ...]
    head: tuple[Dense, ...]
    input_size: int
    preprocessing: Preprocessing
    default_layers: tuple[str, ...]
    window: int | None = None
    pooling: str = "max"

    @property
    def head_side(self) -> int:
        """Side, in cells, of the map that the head sees at once."""
        return self.window or output_side(self.layers, self.input_size)

    @property
    def convolutions(self) -> tuple[Conv, ...]:
        """The convolutions, in forward order."""
        return tuple(layer for layer in self.layers if isinstance(layer, Conv))

    def headless(self) -> "Architecture":
        """This network without its fully connected layers."""
        return dataclasses.replace(self, head=())

    def with_classes(self, classes: int) -> "Architecture":
        """This network with `classes` scores instead of ImageNet's 1,000."""
        last = dataclasses.replace(self.head[-1], features=classes)
        return dataclasses.replace(self, head=(*self.head[:-1], last))

    def pooling_first(self) -> "Architecture":
        """This network with each normalization after the pooling that follows it.

        The order of Caffe's own "CaffeNet" and of the R-CNN release; bvlc_alexnet normalizes first.
        """
        layers = list(self.layers)
        for i in range(len(layers) - 1):
            if isinstance(layers[i], LRN) and isinstance(layers[i + 1], MaxPool):
                layers[i], layers[i + 1] = layers[i + 1], layers[i]
        return dataclasses.replace(self, layers=tuple(layers))


_HEAD = (Dense("fc6", 4096), Dense("fc7", 4096), Dense("fc8", 1000, relu=False))


def _alexnet() -> Architecture:
    pool = MaxPool(kernel=3, stride=2)
    layers = (
        Conv("conv1", 64, kernel=11, stride=4, pad=2),
        pool,
        Conv("conv2", 192, kernel=5, pad=2),
        pool,
        Conv("conv3", 384, kernel=3, pad=1),
        Conv("conv4", 256, kernel=3, pad=1),
        Conv("conv5", 256, kernel=3, pad=1),
        pool,
    )
    names = tuple(f"conv{i}" for i in range(1, 6))
    return Architecture("alexnet", layers, _HEAD, 224, IMAGENET, names)


def _caffenet() -> Architecture:
    pool = MaxPool(kernel=3, stride=2, ceil=True)
    layers = (
        Conv("conv1", 96, kernel=11, stride=4),
        LRN(),
        pool,
        Conv("conv2", 256, kernel=5, pad=2, groups=2),
        LRN(),
        pool,
        Conv("conv3", 384, kernel=3, pad=1),
        Conv("conv4", 384, kernel=3, pad=1, groups=2),
        Conv("conv5", 256, kernel=3, pad=1, groups=2),
        pool,
    )
    names = tuple(f"conv{i}" for i in range(1, 6))
    return Architecture("caffenet", layers, _HEAD, 227, CAFFE_IMAGENET, names)


def _vgg(name: str, depths: tuple[int, ...]) -> Architecture:
    layers: list[Layer] = []
    for block, (depth, features) in enumerate(zip(depths, (64, 128, 256, 512, 512), strict=True), 1):
        layers += [Conv(f"conv{block}_{i}", features, kernel=3, pad=1) for i in range(1, depth + 1)]
        layers.append(MaxPool(kernel=2, stride=2))
    defaults = tuple(f"conv{block}_{depths[block - 1]}" for block in (3, 4, 5))
    return Architecture(name, tuple(layers), _HEAD, 224, IMAGENET, defaults)


ARCHITECTURES = {
    "alexnet": _alexnet(),
    "caffenet": _caffenet(),
    "vgg16": _vgg("vgg16", (2, 2, 3, 3, 3)),
    "vgg19": _vgg("vgg19", (2, 2, 4, 4, 4)),
}
"""Name on the command line -> network. `caffenet` is Caffe's bvlc_alexnet, the paper's AlexNet:
normalization before pooling, groups of 2 in conv2, conv4 and conv5."""


def architecture(name: str, others: Iterable[str] = ()) -> Architecture:
    """The network called `name`; raises `InputError` with the nearest name where there is none.

    others: names of networks that are no tables, for the message.
    """
    try:
        return ARCHITECTURES[name]
    except KeyError:
        ours = nearest(name, [*ARCHITECTURES, *others])
        raise InputError(f"--net={name}: no such network; {ours}, or package.module:function") from None
