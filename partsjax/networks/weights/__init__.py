"""Weights: the files they come in, and their conversion to ours."""

import pathlib

from partsjax.errors import InputError, nearest
from partsjax.networks.architectures import Architecture
from partsjax.networks.weights.imagenet import read_imagenet
from partsjax.networks.weights.kinds import FILE_KINDS, read_file
from partsjax.networks.weights.normalisation import NAMED_WEIGHTS
from partsjax.networks.weights.tensors import WeightFile


def read_weights(weights: str, architecture: Architecture) -> WeightFile:
    """The tensors of `weights`: "imagenet", the installed ones, or the path of a file of any kind.

    Raises:
      InputError: there is no such file, it is of no kind that is read, or its reader cannot read it.
    """
    if weights == "imagenet":
        return read_imagenet(architecture)
    path = pathlib.Path(weights).expanduser()
    if path.is_file():
        return read_file(path)
    if pathlib.Path(f"{path}.index").is_file():
        raise InputError(
            f"--weights={weights}: a TensorFlow checkpoint; save the weights from Keras: "
            'model.save_weights("x.weights.h5")'
        )
    kinds = (*NAMED_WEIGHTS, "a folder of checkpoints", f"a file of {FILE_KINDS}")
    raise InputError(f"--weights={weights}: no such file; {nearest(weights, kinds)}")


__all__ = ["WeightFile", "read_file", "read_weights"]
