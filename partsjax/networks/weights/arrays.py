"""Weights as named arrays: NumPy's .npz, read and written, and .safetensors."""

import os
import pathlib
import tempfile
from collections.abc import Mapping

import numpy as np

from partsjax.errors import InputError
from partsjax.networks.protocol import Preprocessing
from partsjax.networks.weights.naming import by_name
from partsjax.networks.weights.pickles import UNREADABLE, damaged_pickle, load_pickle
from partsjax.networks.weights.tensors import WeightFile
from partsjax.networks.weights.trees import leaves


def read_npz(path: pathlib.Path) -> WeightFile:
    """The arrays of a `.npz`; names as `naming.by_name` has them.

    Raises:
      InputError: damaged, or it holds objects, which could carry code.
    """
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            tensors = {name: archive[name] for name in archive.files}
    except UNREADABLE as error:
        if "allow_pickle" in str(error):
            raise InputError(
                f"{path}: holds pickled objects, which could carry code; save arrays of numbers alone"
            ) from None
        raise damaged_pickle(str(path), error) from None
    return by_name(str(path), tensors)


def read_pickle(path: pathlib.Path) -> WeightFile:
    """The arrays in a pickle, by the keys on the way to each; names as `naming.by_name` has them.

    Nothing in it is run. Python 2's pickles are read too.

    Raises:
      InputError: damaged, or there are no arrays in it.
    """
    with path.open("rb") as stream:
        content = load_pickle(stream, str(path), placeholders=True)
    tensors = leaves(content, lambda value: isinstance(value, np.ndarray) and not value.dtype.hasobject)
    if not tensors:
        raise InputError(
            f"{path}: a pickle without arrays; save the weights by name, as numpy.savez or torch.save do"
        )
    return by_name(str(path), tensors)


def read_safetensors(path: pathlib.Path) -> WeightFile:
    """The tensors of a `.safetensors`; names as `naming.by_name` has them.

    Raises:
      InputError: damaged, or a type of number that NumPy does not have.
    """
    import safetensors
    import safetensors.numpy

    try:
        tensors = safetensors.numpy.load_file(path)
    except (safetensors.SafetensorError, *UNREADABLE) as error:
        raise damaged_pickle(str(path), error) from None
    return by_name(str(path), tensors)


def write_npz(path: pathlib.Path, weights: Mapping[str, np.ndarray], preprocessing: Preprocessing) -> None:
    """Write weights so that `read_npz` reads them back: ours by name, and their preprocessing.

    Written next to its place and moved there, so that a half-written file is never found under
    `path`. Weights are as `as_network` takes them.
    """
    extra = {"preprocessing/mean": preprocessing.mean, "preprocessing/std": preprocessing.std}
    entries = {**weights, **{name: np.asarray(value, np.float64) for name, value in extra.items()}}
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".npz", delete=False) as stream:
        try:
            np.savez(stream, **entries)
            stream.close()
            os.replace(stream.name, path)
        except BaseException:
            os.unlink(stream.name)
            raise
