"""Weights: the files they come in, and their conversion to ours."""

import pathlib

from partsjax.errors import BadInput
from partsjax.networks.architectures import Architecture
from partsjax.networks.weights.arrays import read_npz, read_safetensors
from partsjax.networks.weights.caffe_files import read_caffemodel
from partsjax.networks.weights.imagenet import read_imagenet
from partsjax.networks.weights.keras_files import read_h5
from partsjax.networks.weights.matconvnet_files import read_mat
from partsjax.networks.weights.tensors import WeightFile
from partsjax.networks.weights.torch_files import read_pth

READERS = {
    ".pth": read_pth,
    ".safetensors": read_safetensors,
    ".npz": read_npz,
    ".h5": read_h5,
    ".caffemodel": read_caffemodel,
    ".mat": read_mat,
}
"""Suffix of a weight file -> its reader."""


def read_weights(weights: str, architecture: Architecture) -> WeightFile:
    """The tensors of `weights`: "imagenet", or the path of a file of one of the kinds in `READERS`.

    Raises:
      BadInput: there is no such file, its suffix is not one of these, or its reader cannot read it.
    """
    if weights == "imagenet":
        return read_imagenet(architecture)
    path = pathlib.Path(weights).expanduser()
    suffix = path.suffix.lower()
    if suffix not in READERS:
        raise BadInput(
            f"--weights={weights}: not a kind of weights; choose from: imagenet, random, a folder of "
            f"checkpoints, or a file ending in {', '.join(READERS)}"
        )
    if not path.is_file():
        raise BadInput(f"--weights={weights}: no such file; give its path, imagenet or random")
    return READERS[suffix](path)


__all__ = ["READERS", "WeightFile", "read_weights"]
