"""MatConvNet's .mat of a simple (chain) network, such as imagenet-caffe-alex, or of a DagNN."""

import functools
import pathlib
import re

import numpy as np

from partsjax.errors import InputError
from partsjax.networks.protocol import Preprocessing
from partsjax.networks.weights.naming import in_layer_order
from partsjax.networks.weights.pickles import UNREADABLE, damaged_pickle
from partsjax.networks.weights.tensors import WeightFile


def read_mat(path: pathlib.Path) -> WeightFile:
    """The layers of a MatConvNet network, by name; `net` itself or a file with `net` in it.

    Filters are [height, width, in, out], dense layers convolutions as large as their input, and
    images red, green, blue less `averageImage`; its mean over positions is taken.

    Raises:
      InputError: damaged, saved as v7.3 (HDF5), or not such a network.
    """
    import scipy.io  # takes long

    try:
        content = scipy.io.loadmat(path, simplify_cells=True)
    except NotImplementedError:
        raise InputError(
            f"{path}: saved as v7.3, which is not read; in MATLAB: "
            f"net = load('{path.name}'); save('{path.name}', '-struct', 'net', '-v7')"
        ) from None
    except UNREADABLE as error:
        raise damaged_pickle(str(path), error) from None
    except Exception as error:
        if type(error).__module__.startswith("scipy.io"):
            raise damaged_pickle(str(path), error) from None
        raise
    net = content.get("net", content)
    net = net if isinstance(net, dict) else {}
    layers = _structs(net.get("layers"))
    if not layers:
        raise InputError(
            f"{path}: no `layers` of a MatConvNet network in it; give a simple network or a DagNN"
        )
    values = {str(one.get("name")): one.get("value") for one in _structs(net.get("params"))}
    tensors: dict[str, np.ndarray] = {}
    order = []
    for layer in layers:
        name = str(layer.get("name", "unnamed"))
        arrays = _arrays(layer, values)
        if arrays:
            order.append(name)
        for kind, array in zip(("kernel", "bias", "2"), arrays, strict=False):
            tensors[f"{name}/{kind}"] = (
                _kernel(array, dense=name.startswith("fc")) if kind == "kernel" else np.reshape(array, -1)
            )
    vgg = any(re.match(r"conv\d_\d/", name) for name in tensors)
    preprocessing = _preprocessing(net)
    return WeightFile(
        str(path),
        tensors,
        functools.partial(in_layer_order, tensors, order),
        preprocessing=preprocessing,
        usual="vgg_rgb" if vgg else "caffe",
        says="its averageImage" if preprocessing else "MatConvNet's convention, as it has no averageImage",
        pooling_first=_pooling_first(layers),
    )


def _structs(value) -> list[dict]:
    """A struct, or an array or cell of them, as a list; empty for anything else."""
    found = [value] if isinstance(value, dict) else value
    if not isinstance(found, list | np.ndarray) or not all(isinstance(one, dict) for one in found):
        return []
    return list(found)


def _arrays(layer: dict, values: dict) -> list[np.ndarray]:
    """Filters, biases and whatever else a layer has learned; of a DagNN, by the names of its parameters."""
    if "params" in layer and values:
        names = np.atleast_1d(np.asarray(layer["params"], object)).ravel()
        return [np.asarray(values[str(name)]) for name in names if str(name) in values]
    filters, biases = _filters_and_biases(layer)
    return [] if filters is None else [filters, biases]


def _pooling_first(layers: list[dict]) -> bool | None:
    """Whether the first layer of the two kinds is pooling; of a DagNN, what normalization takes in."""
    kinds = [str(layer.get("type", "")).rpartition(".")[2].lower() for layer in layers]
    pool, norm = ("pool", "pooling"), ("lrn", "normalize")
    if not any(kind in norm for kind in kinds):
        return None
    pairs = list(zip(layers, kinds, strict=True))
    makers = {str(layer["outputs"]): kind for layer, kind in pairs if "outputs" in layer}
    for layer, kind in pairs:
        if kind in norm and "inputs" in layer:
            return makers.get(str(layer["inputs"])) in pool
    return next(kind for kind in kinds if kind in (*pool, *norm)) in pool


def _filters_and_biases(layer: dict) -> tuple[np.ndarray | None, np.ndarray | None]:
    weights = layer.get("weights")
    if weights is not None and len(weights) == 2:
        return np.asarray(weights[0]), np.asarray(weights[1])
    if "filters" in layer and "biases" in layer:
        return np.asarray(layer["filters"]), np.asarray(layer["biases"])
    return None, None


def _kernel(filters: np.ndarray, dense: bool) -> np.ndarray:
    # MATLAB drops axes of one at the end, and SciPy the others: a dense layer on one cell arrives
    # as a matrix, one on a map as four axes in our flatten order.
    return filters.reshape(-1, filters.shape[-1]) if dense and filters.ndim > 1 else filters


def _preprocessing(net: dict) -> Preprocessing | None:
    for holder in (net.get("meta"), net):
        normalization = holder.get("normalization") if isinstance(holder, dict) else None
        average = normalization.get("averageImage") if isinstance(normalization, dict) else None
        if average is not None and np.asarray(average).dtype.kind in "fiu" and np.shape(average)[-1:] == (3,):
            red, green, blue = np.reshape(average, (-1, 3)).mean(axis=0, dtype=np.float64)
            return Preprocessing((float(red), float(green), float(blue)), (1.0, 1.0, 1.0))
    return None
