"""EfficientNet-Lite0 as a table: its blocks, its layers, and the shapes and first values of its weights."""

import dataclasses
import math
from collections.abc import Iterator

import numpy as np

STEM, HEAD, SCORES = "stem", "head", "scores"
LINEAR = "_linear"
_STEM_FEATURES, _HEAD_FEATURES = 32, 1280


@dataclasses.dataclass(frozen=True)
class Block:
    """An inverted residual block.

    Attributes:
      name: of its layer of units: the depthwise convolution, after its ReLU6.
      kernel, stride: of the depthwise convolution.
      features: channels that come in; wide: of its units; out: that it gives.
    """

    name: str
    kernel: int
    stride: int
    features: int
    wide: int
    out: int

    @property
    def linear(self) -> str:
        """The layer of what it gives, which has no ReLU."""
        return f"{self.name}{LINEAR}"

    @property
    def widens(self) -> bool:
        return self.wide != self.features

    @property
    def adds(self) -> bool:
        """Whether its input is added to what it gives."""
        return self.stride == 1 and self.features == self.out


def _blocks() -> Iterator[Block]:
    stages = ((1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112))
    number, features = 0, _STEM_FEATURES
    for repeats, kernel, stride, widening, out in (*stages, (4, 5, 2, 6, 192), (1, 3, 1, 6, 320)):
        for repeat in range(repeats):
            number += 1
            yield Block(f"block{number}", kernel, 1 if repeat else stride, features, features * widening, out)
            features = out


BLOCKS = tuple(_blocks())
LAYERS = (STEM, *(layer for block in BLOCKS for layer in (block.name, block.linear)), HEAD)
DEFAULT_LAYERS = ("block2", "block4", "block9", "block16", HEAD)
"""At every size of the map from 56 cells down the last units that nothing bypasses, and the head's (our
choice): class scores follow from each of them alone."""


def shapes_of_weights(classes: int = 1000) -> dict[str, tuple[int, ...]]:
    """Shape of every weight, by name, in forward order; kernels are HWIO, or [in, out].

    classes: how many are scored; 0: none.
    """
    kernels: dict[str, tuple[int, ...]] = {STEM: (3, 3, 3, _STEM_FEATURES)}
    for block in BLOCKS:
        if block.widens:
            kernels[f"{block.name}/expand"] = (1, 1, block.features, block.wide)
        kernels[f"{block.name}/depthwise"] = (block.kernel, block.kernel, 1, block.wide)
        kernels[f"{block.name}/project"] = (1, 1, block.wide, block.out)
    kernels[HEAD] = (1, 1, BLOCKS[-1].out, _HEAD_FEATURES)
    if classes:
        kernels[SCORES] = (_HEAD_FEATURES, classes)
    return {
        f"{name}/{kind}": shape if kind == "kernel" else shape[-1:]
        for name, shape in kernels.items()
        for kind in ("kernel", "bias")
    }


def random_weights(seed: int) -> dict[str, np.ndarray]:
    """Random weights without class scores, float32, biases zero, that keep the variance of activations.

    Kernels are normal, of variance 2 / fan-in after a ReLU (He et al. 2015, equation 10), and after a map
    without one of 1 / (fan-in x the map's variance): 1, and one more for every block that was added. So batch
    normalization, folded in, would have it on average. (Our choice.) One stream a layer, as in
    `he_weights`.
    """
    power = {STEM: 0.25}  # mean square of what a convolution gets: of photographs, normalized, about this
    incoming = 0.5
    for block in BLOCKS:
        power[f"{block.name}/expand"] = incoming
        power[f"{block.name}/depthwise"] = 0.5 if block.widens else incoming
        power[f"{block.name}/project"] = 0.5
        incoming = incoming + 1 if block.adds else 1.0
    power[HEAD] = incoming
    weights = {}
    for index, (name, shape) in enumerate(shapes_of_weights(0).items()):
        if name.endswith("bias"):
            weights[name] = np.zeros(shape, np.float32)
            continue
        draws = np.random.default_rng((seed, index)).standard_normal(shape, np.float32)
        fan_in = math.prod(shape[:-1])
        weights[name] = draws / np.float32(math.sqrt(fan_in * power[name.removesuffix("/kernel")]))
    return weights
