"""Keras's files: .h5 of weights and of whole models, .weights.h5 and .keras of Keras 3."""

import functools
import io
import json
import pathlib
import re
import zipfile
from collections.abc import Mapping

import h5py
import numpy as np

from partsjax.errors import InputError
from partsjax.networks.architectures import Architecture
from partsjax.networks.weights.naming import layer_names
from partsjax.networks.weights.pickles import UNREADABLE, damaged_pickle
from partsjax.networks.weights.tensors import Naming, TensorLayout, WeightFile

_HEAD = {"fc1": "fc6", "fc2": "fc7", "predictions": "fc8"}
_INPUT_LAYERS = ("Rescaling", "Normalization")


def read_h5(path: pathlib.Path) -> WeightFile:
    """The weights of a Keras network, by the names or else the order of its layers.

    `block1_conv1`, ..., `fc1`, `fc2`, `predictions` are those of keras.applications' VGGs, whose images
    are blue, green, red less the VGG authors' mean color; layers may also have our names. Others (conv2d,
    conv2d_1, ...) are taken in order. Kernels are [height, width, in, out] and dense layers flattened
    row by row, as ours; what Keras calls the arrays within a layer has changed over the years: a layer's
    array with one axis is its bias, the other its kernel.

    Raises:
      InputError: damaged, or there are no layers with weights in it.
    """
    return _read(path, path, {})


def read_keras(path: pathlib.Path) -> WeightFile:
    """The same of a `.keras`, which is a zip archive of the weights and the model's description.

    Raises:
      InputError: damaged, or there are no layers with weights in it.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            weights = io.BytesIO(archive.read("model.weights.h5"))
            config = json.loads(archive.read("config.json")) if "config.json" in archive.namelist() else {}
    except UNREADABLE as error:
        raise damaged_pickle(str(path), error) from None
    return _read(path, weights, config)


def _read(path: pathlib.Path, source, config: Mapping) -> WeightFile:
    layers: dict[str, dict[str, np.ndarray]] = {}
    try:
        with h5py.File(source, "r") as file:
            file.visititems(functools.partial(_visit, layers))
            config = config or json.loads(file.attrs.get("model_config", "{}"))
    except UNREADABLE as error:
        raise damaged_pickle(str(path), error) from None
    if not layers:
        raise InputError(
            f"{path}: no layers with weights in it, as Keras and Caffe write them; from Keras: "
            'model.save_weights("x.weights.h5")'
        )
    tensors = {f"{layer}/{kind}": value for layer, kinds in layers.items() for kind, value in kinds.items()}
    vgg = any(_paper_name(layer) for layer in layers if layer.startswith("block"))
    scaled = sorted(_classes(config) & set(_INPUT_LAYERS))
    return WeightFile(
        str(path),
        tensors,
        functools.partial(_naming, tensors),
        TensorLayout(bgr=None),
        usual="vgg" if vgg and not scaled else None,
        says="the layer names of Keras's VGG" if vgg and not scaled else "Keras",
    )


def _visit(layers: dict[str, dict[str, np.ndarray]], name: str, entry) -> None:
    """Adds an array to its layer: `block1_conv1/block1_conv1/kernel:0`, `layers/conv2d_1/vars/0`, ..."""
    parts = name.split("/")
    if parts[0].startswith("optimizer") or not isinstance(entry, h5py.Dataset) or len(parts) < 2:
        return
    known = [part for part in parts if _paper_name(part)]
    if parts[-2] == "vars":  # Keras 3, whose groups are named by class; the layer's name is an attribute
        named = entry.parent.attrs.get("name", "")
        layer = named if _paper_name(named) else "/".join(parts[:-2]) or "model"
    else:
        layer = known[0] if known else "/".join(parts[:-1])
    value = entry[()]
    kinds = layers.setdefault(layer, {})
    kind = "bias" if np.ndim(value) == 1 else "kernel"
    # Layers of several arrays of one axis, or of several of more, are none of ours.
    kinds[kind if kind not in kinds else parts[-1]] = value


def _naming(tensors: Mapping[str, np.ndarray], architecture: Architecture) -> Naming:
    present = {name.rpartition("/")[0] for name in tensors}
    ours = {layer.name for layer in (*architecture.convolutions, *architecture.head)}
    if any(_paper_name(layer) for layer in present):
        theirs = {name: _keras_name(name) for name in ours}
    elif len({layer.split("/")[-1] for layer in present} & ours) > 1:
        theirs = {layer.split("/")[-1]: layer for layer in sorted(present)}
        theirs = {name: theirs.get(name, name) for name in ours}
    else:
        theirs = _in_order(tensors, architecture)
    names = {
        f"{theirs[name.split('/')[0]]}/{name.split('/')[1]}": name for name in layer_names(architecture).names
    }
    # A layer that only scales (a batch normalization, a PReLU) may stand anywhere.
    arrays = {layer: [] for layer in present}
    for name, value in tensors.items():
        arrays[name.rpartition("/")[0]].append(np.ndim(value))
    scaling = {layer for layer, axes in arrays.items() if not {2, 4} & set(axes)}
    return Naming(names, tuple(n for n in tensors if n not in names and n.rpartition("/")[0] in scaling))


def _natural(name: str) -> list:
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]


def _in_order(tensors: Mapping[str, np.ndarray], architecture: Architecture) -> dict[str, str]:
    """Our layer -> the one at its place among the file's convolutions, or among its dense layers."""
    kernels = sorted((name for name in tensors if name.endswith("/kernel")), key=_natural)
    found = {}
    for layers, axes in ((architecture.convolutions, 4), (architecture.head, 2)):
        there = [name.rpartition("/")[0] for name in kernels if np.ndim(tensors[name]) == axes]
        for index, layer in enumerate(layers):
            found[layer.name] = there[index] if index < len(there) else layer.name
    return found


def _paper_name(layer: str) -> str | None:
    match = re.fullmatch(r"block(\d)_conv(\d)", layer)
    return f"conv{match[1]}_{match[2]}" if match else _HEAD.get(layer)


def _keras_name(ours: str) -> str:
    heads = {ours: theirs for theirs, ours in _HEAD.items()}
    return heads.get(ours) or re.sub(r"conv(\d)_(\d)", r"block\1_conv\2", ours)


def _classes(config) -> set[str]:
    """The classes of all layers in a model's description, at any depth."""
    if isinstance(config, Mapping):
        named = {config["class_name"]} if isinstance(config.get("class_name"), str) else set()
        return named.union(*map(_classes, config.values()))
    return set().union(*map(_classes, config)) if isinstance(config, list) else set()
