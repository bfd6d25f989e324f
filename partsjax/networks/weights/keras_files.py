"""Keras's .h5 of VGG16 and VGG19, as keras.applications writes them, with or without the top."""

import pathlib
import re

import h5py
import numpy as np

from partsjax.networks.architectures import VGG_IMAGENET, Architecture
from partsjax.networks.weights.pickles import damaged
from partsjax.networks.weights.tensors import Layout, WeightFile

_HEAD = {"fc1": "fc6", "fc2": "fc7", "predictions": "fc8"}


def read_h5(path: pathlib.Path) -> WeightFile:
    """The weights of a Keras VGG: layers `block1_conv1`, ..., `fc1`, `fc2`, `predictions`.

    Kernels are [height, width, in, out] and dense layers flattened row by row, as ours; images
    are blue, green, red less the VGG authors' mean colour. What Keras calls the arrays within a
    layer has changed over the years: a layer's array with one axis is its bias, the other its
    kernel.

    Raises:
      BadInput: damaged, or not HDF5.
    """
    tensors: dict[str, np.ndarray] = {}

    def visit(name: str, entry) -> None:
        if name.startswith("optimizer_weights") or not isinstance(entry, h5py.Dataset):
            return
        kind = "bias" if entry.ndim == 1 else "kernel"
        # `block1_conv1/block1_conv1/kernel:0`, `model_weights/block1_conv1/...`: the layer's name
        # is the first group that is one; what is no layer of a VGG keeps its path.
        layers = [part for part in name.split("/") if _paper_name(part)]
        tensors[f"{layers[0]}/{kind}" if layers else name] = entry[()]

    try:
        with h5py.File(path, "r") as file:
            file.visititems(visit)
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        raise damaged(str(path), error) from None
    return WeightFile(str(path), tensors, _rename, Layout(bgr=True), preprocessing=VGG_IMAGENET)


def _paper_name(layer: str) -> str | None:
    match = re.fullmatch(r"block(\d)_conv(\d)", layer)
    return f"conv{match[1]}_{match[2]}" if match else _HEAD.get(layer)


def _rename(architecture: Architecture) -> dict[str, str]:
    keras = {ours: theirs for theirs, ours in _HEAD.items()}
    for layer in architecture.convolutions:
        keras[layer.name] = re.sub(r"conv(\d)_(\d)", r"block\1_conv\2", layer.name)
    return {
        f"{theirs}/{kind}": f"{ours}/{kind}" for ours, theirs in keras.items() for kind in ("kernel", "bias")
    }
