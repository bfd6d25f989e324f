"""MatConvNet's .mat of a simple (chain) network, such as imagenet-caffe-alex and -vgg-verydeep-16."""

import pathlib
import zlib

import numpy as np
import scipy.io

from partsjax.errors import BadInput
from partsjax.networks.protocol import Preprocessing
from partsjax.networks.weights.naming import layer_names
from partsjax.networks.weights.pickles import damaged
from partsjax.networks.weights.tensors import WeightFile


def read_mat(path: pathlib.Path) -> WeightFile:
    """The layers of a MatConvNet network, by name; `net` itself or a file with `net` in it.

    Filters are [height, width, in, out], dense layers convolutions as large as their input, and
    images red, green, blue less `averageImage`; its mean over positions is taken.

    Raises:
      BadInput: damaged, saved as v7.3 (HDF5), or not such a network.
    """
    try:
        content = scipy.io.loadmat(path, simplify_cells=True)
    except NotImplementedError:
        raise BadInput(
            f"{path}: saved as v7.3, which is not read; in MATLAB: "
            f"net = load('{path.name}'); save('{path.name}', '-struct', 'net', '-v7')"
        ) from None
    except (OSError, ValueError, TypeError, KeyError, IndexError, EOFError, zlib.error, MemoryError) as error:
        raise damaged(str(path), error) from None
    except Exception as error:
        if type(error).__module__.startswith("scipy.io"):
            raise damaged(str(path), error) from None
        raise
    net = content.get("net", content)
    layers = net.get("layers") if isinstance(net, dict) else None
    if isinstance(layers, dict):
        layers = [layers]
    if not isinstance(layers, list | np.ndarray) or not all(isinstance(layer, dict) for layer in layers):
        fix = "give a simple network, or turn a DagNN into one" if "params" in content else "give one"
        raise BadInput(f"{path}: no `layers` of a MatConvNet network in it; {fix}")
    tensors = {}
    for layer in layers:
        filters, biases = _filters_and_biases(layer)
        if filters is not None:
            name = str(layer.get("name", "unnamed"))
            tensors[f"{name}/kernel"] = _kernel(filters, dense=name.startswith("fc"))
            tensors[f"{name}/bias"] = np.reshape(biases, -1)
    types = [layer.get("type") for layer in layers if layer.get("type") in ("lrn", "normalize", "pool")]
    return WeightFile(
        str(path),
        tensors,
        layer_names,
        preprocessing=_preprocessing(net),
        pooling_first=types[:1] == ["pool"] and len(set(types)) > 1,
    )


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
