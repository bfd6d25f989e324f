"""The names that tensors go by: torchvision's positions, layer names, ours."""

import functools
from collections.abc import Mapping, Sequence

import numpy as np

from partsjax.errors import InputError
from partsjax.networks.architectures import Architecture
from partsjax.networks.layers import LRN, Conv
from partsjax.networks.protocol import Preprocessing
from partsjax.networks.weights.prefixes import Scheme, components, find_prefix
from partsjax.networks.weights.tensors import Naming, TensorLayout, WeightFile

TORCH = TensorLayout(out_first=True, channels_first=True, bgr=None)

_KINDS = {"weight": "kernel", "bias": "bias"}


def by_name(label: str, tensors: Mapping[str, np.ndarray]) -> WeightFile:
    """Tensors under torchvision's names, under layer names as torch has them, or under ours.

    `features.0.weight` is torchvision's, `conv1.weight` or `conv1.0.weight` a torch module's with our
    layer names (both [out, in, height, width], flattened channels first), `conv1/kernel` ours
    ([height, width, in, out]), with which `preprocessing/mean` and `preprocessing/std` (three
    numbers each, RGB, of pixels in [0, 255]) may stand. They may stand under a prefix; see `find`.
    """
    if any(components(name)[-1] == "weight" for name in tensors):
        parts = [components(name) for name in tensors]
        positional = any(path[-3:-2] == ("features",) and path[-2].isdigit() for path in parts)
        says = "torchvision's names" if positional else "torch's names of tensors"
        naming = functools.partial(
            find_prefix, label, tensors, _TORCH_SCHEMES if positional else _LAYER_SCHEMES
        )
        return WeightFile(label, tensors, naming, TORCH, usual="torchvision", says=says)
    preprocessing, tensors = _take_preprocessing(label, tensors)
    naming = functools.partial(find_prefix, label, tensors, (Scheme(_ours, "/"),))
    says = "the file" if preprocessing else "our names of tensors"
    return WeightFile(label, tensors, naming, preprocessing=preprocessing, says=says)


def layer_names(architecture: Architecture) -> Naming:
    """Our own names: `conv1/kernel`, `conv1/bias`, ..."""
    layers = (*architecture.convolutions, *architecture.head)
    return Naming({name: name for layer in layers for name in (f"{layer.name}/kernel", f"{layer.name}/bias")})


def in_layer_order(
    tensors: Mapping[str, np.ndarray], order: Sequence[str], architecture: Architecture
) -> Naming:
    """Our own names, where the file lists its layers in `order`: extra ones between ours are in the way."""
    names = layer_names(architecture).names
    last = architecture.convolutions[-1].name
    before = set(order[: order.index(last)]) if last in order else set()
    return Naming(names, tuple(n for n in tensors if n not in names and n.rpartition("/")[0] in before))


def _ours(architecture: Architecture) -> dict[tuple[str, ...], str]:
    return {components(name): ours for name, ours in layer_names(architecture).names.items()}


def _positions(architecture: Architecture, *, root: tuple[str, ...] = ("features",), lrn: bool = False):
    """torchvision's names: the place in `features` and `classifier`, ReLU and dropout counted.

    AlexNet has a dropout before each of its first two dense layers, VGG after them. lrn: local response
    normalization is a module, and counts too.
    """
    names = {}
    place = 0
    for layer in architecture.layers:
        if isinstance(layer, Conv):
            names |= _torch_name((*root, str(place)), layer.name)
            place += 2
        elif lrn or not isinstance(layer, LRN):
            place += 1
    first = 0 if architecture.name.startswith("vgg") else 1
    for index, layer in enumerate(architecture.head if root else ()):
        last = index == len(architecture.head) - 1
        place = first + 3 * index - (1 if last and first else 0)
        names |= _torch_name(("classifier", str(place)), layer.name)
    return names


def _torch_layers(architecture: Architecture, *, within: tuple[str, ...] = ()):
    layers = (*architecture.convolutions, *architecture.head)
    return {
        name: ours
        for layer in layers
        for name, ours in _torch_name((layer.name, *within), layer.name).items()
    }


def _torch_name(path: tuple[str, ...], layer: str) -> dict[tuple[str, ...], str]:
    return {(*path, kind): f"{layer}/{ours}" for kind, ours in _KINDS.items()}


_TORCH_SCHEMES = tuple(
    Scheme(names)
    for names in (
        _positions,
        functools.partial(_positions, lrn=True),
        _torch_layers,
        functools.partial(_torch_layers, within=("0",)),
        functools.partial(_positions, root=()),
        functools.partial(_positions, root=(), lrn=True),
    )
)
"""How torch's tensors are called, in order of preference; the last two are of `features` alone."""
_LAYER_SCHEMES = (*_TORCH_SCHEMES[2:], *_TORCH_SCHEMES[:2])


def _take_preprocessing(
    label: str, tensors: Mapping[str, np.ndarray]
) -> tuple[Preprocessing | None, dict[str, np.ndarray]]:
    rest = {name: value for name, value in tensors.items() if not name.startswith("preprocessing/")}
    if len(rest) == len(tensors):
        return None, rest
    values = [tensors.get(f"preprocessing/{kind}") for kind in ("mean", "std")]
    if any(value is None or value.shape != (3,) or value.dtype.kind not in "fiu" for value in values):
        raise InputError(
            f"{label}: preprocessing/mean and preprocessing/std must both be there, three numbers each "
            "(red, green, blue); fix or leave out both"
        )
    mean, std = (tuple(map(float, value)) for value in values)
    if not np.isfinite([mean, std]).all() or min(std) <= 0:
        raise InputError(
            f"{label}: preprocessing/mean and preprocessing/std must be finite, and std above 0; "
            "fix or leave out both"
        )
    return Preprocessing(mean, std), rest
