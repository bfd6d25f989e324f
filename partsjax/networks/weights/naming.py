"""The names that tensors go by: torchvision's positions, layer names, ours."""

import re
from collections.abc import Mapping

import numpy as np

from partsjax.errors import BadInput
from partsjax.networks.architectures import Architecture
from partsjax.networks.layers import LRN, Conv
from partsjax.networks.protocol import Preprocessing
from partsjax.networks.weights.tensors import Layout, WeightFile

TORCH = Layout(out_first=True, channels_first=True)

_POSITION = re.compile(r"(features|classifier)\.\d+\.\w+")
_KINDS = {"weight": "kernel", "bias": "bias"}


def by_name(label: str, tensors: Mapping[str, np.ndarray]) -> WeightFile:
    """Tensors under torchvision's names, under layer names as torch has them, or under ours.

    `features.0.weight` is torchvision's, `conv1.weight` a torch module's with our layer names
    (both [out, in, height, width], flattened channels first), `conv1/kernel` ours
    ([height, width, in, out]), beside which `preprocessing/mean` and `preprocessing/std` (three
    numbers each, RGB, of pixels in [0, 255]) may stand. The `module.` that torch's data
    parallelism puts into names is taken out.
    """
    tensors = {re.sub(r"(^|\.)module\.", r"\1", name): value for name, value in tensors.items()}
    if any(_POSITION.fullmatch(name) for name in tensors):
        return WeightFile(label, tensors, positions, TORCH)
    if any(name.endswith(".weight") for name in tensors):
        return WeightFile(label, tensors, _torch_layers, TORCH)
    preprocessing, tensors = _take_preprocessing(label, tensors)
    return WeightFile(label, tensors, layer_names, preprocessing=preprocessing)


def layer_names(architecture: Architecture) -> dict[str, str]:
    """Our own names: `conv1/kernel`, `conv1/bias`, ..."""
    layers = (*architecture.convolutions, *architecture.head)
    return {name: name for layer in layers for name in (f"{layer.name}/kernel", f"{layer.name}/bias")}


def positions(architecture: Architecture) -> dict[str, str]:
    """torchvision's names: the place in `features` and `classifier`, ReLU and dropout counted.

    AlexNet has a dropout before each of its first two dense layers, VGG after them.
    """
    names = {}
    place = 0
    for layer in architecture.layers:
        if isinstance(layer, Conv):
            names |= _torch_name(f"features.{place}", layer.name)
            place += 2
        elif not isinstance(layer, LRN):
            place += 1
    first = 0 if architecture.name.startswith("vgg") else 1
    for index, layer in enumerate(architecture.head):
        last = index == len(architecture.head) - 1
        place = first + 3 * index - (1 if last and first else 0)
        names |= _torch_name(f"classifier.{place}", layer.name)
    return names


def _torch_layers(architecture: Architecture) -> dict[str, str]:
    layers = (*architecture.convolutions, *architecture.head)
    return {name: ours for layer in layers for name, ours in _torch_name(layer.name, layer.name).items()}


def _torch_name(prefix: str, layer: str) -> dict[str, str]:
    return {f"{prefix}.{kind}": f"{layer}/{ours}" for kind, ours in _KINDS.items()}


def _take_preprocessing(
    label: str, tensors: Mapping[str, np.ndarray]
) -> tuple[Preprocessing | None, dict[str, np.ndarray]]:
    rest = {name: value for name, value in tensors.items() if not name.startswith("preprocessing/")}
    if len(rest) == len(tensors):
        return None, rest
    values = [tensors.get(f"preprocessing/{kind}") for kind in ("mean", "std")]
    if any(value is None or value.shape != (3,) or value.dtype.kind not in "fiu" for value in values):
        raise BadInput(
            f"{label}: preprocessing/mean and preprocessing/std must both be there, three numbers each "
            "(red, green, blue); mend or leave out both"
        )
    mean, std = (tuple(map(float, value)) for value in values)
    if not np.isfinite([mean, std]).all() or min(std) <= 0:
        raise BadInput(
            f"{label}: preprocessing/mean and preprocessing/std must be finite, and std above 0; "
            "mend or leave out both"
        )
    return Preprocessing(mean, std), rest
