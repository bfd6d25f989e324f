"""Caffe's .caffemodel: protocol buffers, in the three ways Caffe has written them since 2013."""

import functools
import math
import pathlib
import re
from collections.abc import Mapping

import h5py
import numpy as np
from google.protobuf import descriptor_pb2, descriptor_pool, message, message_factory

from partsjax.errors import InputError
from partsjax.networks.architectures import Architecture
from partsjax.networks.weights.pickles import UNREADABLE, damaged_pickle
from partsjax.networks.weights.prefixes import between
from partsjax.networks.weights.tensors import Naming, TensorLayout, WeightFile

_CONVOLUTION, _DENSE, _LRN, _POOLING = "Convolution", "InnerProduct", "LRN", "Pooling"
_V1_TYPES = {4: _CONVOLUTION, 14: _DENSE, 15: _LRN, 17: _POOLING}
_V0_TYPES = {"conv": _CONVOLUTION, "innerproduct": _DENSE, "lrn": _LRN, "pool": _POOLING}

_KINDS = ("kernel", "bias", "2", "3")
"""What a layer's blobs are called here; normalizations have three."""

_Field = descriptor_pb2.FieldDescriptorProto
_MESSAGES = {
    "BlobShape": {"dim": (1, "int64*")},
    "BlobProto": {
        "num": (1, "int64"),
        "channels": (2, "int64"),
        "height": (3, "int64"),
        "width": (4, "int64"),
        # Packed floats, declared as the bytes they are on the wire: 138 million of them become an
        # array at once instead of one by one.
        "data": (5, "bytes*"),
        "shape": (7, "BlobShape"),
        "double_data": (8, "bytes*"),
    },
    "V0LayerParameter": {"name": (1, "string"), "type": (2, "string"), "blobs": (50, "BlobProto*")},
    "V1LayerParameter": {
        "layer": (1, "V0LayerParameter"),
        "name": (4, "string"),
        "type": (5, "int32"),
        "blobs": (6, "BlobProto*"),
    },
    "LayerParameter": {"name": (1, "string"), "type": (2, "string"), "blobs": (7, "BlobProto*")},
    "NetParameter": {
        "name": (1, "string"),
        "layers": (2, "V1LayerParameter*"),
        "layer": (100, "LayerParameter*"),
    },
}
"""The fields of caffe.proto that hold weights: name -> (number, type, * for repeated)."""


@functools.cache
def net_parameter() -> type[message.Message]:
    """The message class of Caffe's `NetParameter`, with the fields that hold weights."""
    file = descriptor_pb2.FileDescriptorProto(
        name="partsjax/caffe.proto", package="partsjax", syntax="proto2"
    )
    for message_name, fields in _MESSAGES.items():
        entry = file.message_type.add(name=message_name)
        for name, (number, kind) in fields.items():
            field = entry.field.add(name=name, number=number)
            field.label = _Field.LABEL_REPEATED if kind.endswith("*") else _Field.LABEL_OPTIONAL
            kind = kind.removesuffix("*")
            if kind in _MESSAGES:
                field.type, field.type_name = _Field.TYPE_MESSAGE, f".partsjax.{kind}"
            else:
                field.type = getattr(_Field, f"TYPE_{kind.upper()}")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("partsjax.NetParameter"))


def read_caffemodel(path: pathlib.Path) -> WeightFile:
    """The convolutions and inner products of a `.caffemodel`, by their layers' names.

    Kernels are [out, in, height, width] and the map is flattened channels first; images are blue,
    green, red less a mean color. A last layer renamed for fine-tuning (`fc8_voc`) counts as fc8.

    Raises:
      InputError: damaged, or no layer in it has weights.
    """
    net = net_parameter()()
    try:
        net.ParseFromString(path.read_bytes())
        layers = [_plain(layer) for layer in (*net.layers, *net.layer)]
        tensors = {
            f"{name}/{kind}": _array(blob, kind, layer_type)
            for name, layer_type, blobs in layers
            for kind, blob in zip(_KINDS, blobs, strict=False)
        }
    except (message.DecodeError, *UNREADABLE) as error:
        raise damaged_pickle(str(path), error) from None
    if not any(layer_type == _CONVOLUTION and blobs for _, layer_type, blobs in layers):
        raise InputError(f"{path}: no convolution in it has weights; give a trained .caffemodel")
    order = [name for name, _, blobs in layers if blobs]
    types = [layer_type for _, layer_type, _ in layers if layer_type in (_LRN, _POOLING)]
    pooling_first = types[0] == _POOLING if _LRN in types else None
    return _weight_file(path, tensors, order, pooling_first)


def read_caffe_h5(path: pathlib.Path) -> WeightFile:
    """The same of a `.caffemodel.h5`, which does not keep the order of the layers.

    Raises:
      InputError: damaged, or no layer in it has weights.
    """
    tensors: dict[str, np.ndarray] = {}

    def visit(name: str, entry) -> None:
        layer, _, number = name.rpartition("/")
        if isinstance(entry, h5py.Dataset) and number.isdigit():
            kind = _KINDS[int(number)] if int(number) < len(_KINDS) else number
            value = entry[()]
            if kind == "kernel" and value.ndim == 4 and value.shape[:2] == (1, 1) and layer.startswith("fc"):
                value = value[0, 0]
            tensors[f"{layer}/{kind}"] = value.reshape(-1) if kind == "bias" else value

    try:
        with h5py.File(path, "r") as file:
            file["data"].visititems(visit)
    except UNREADABLE as error:
        raise damaged_pickle(str(path), error) from None
    if not tensors:
        raise InputError(f"{path}: no layer in it has weights; give a trained .caffemodel.h5")
    return _weight_file(path, tensors, [], None)


def _weight_file(path: pathlib.Path, tensors, order: list[str], pooling_first: bool | None) -> WeightFile:
    vgg = any(re.match(r"conv\d_\d/", name) for name in tensors)
    return WeightFile(
        str(path),
        tensors,
        functools.partial(_naming, tensors, order),
        TensorLayout(out_first=True, channels_first=True, bgr=True),
        usual="vgg" if vgg else "caffe",
        says="Caffe's format",
        pooling_first=pooling_first,
    )


def _plain(layer) -> tuple[str, str | None, list]:
    """Name, type and blobs of a layer, whichever way it was written."""
    if layer.DESCRIPTOR.name == "LayerParameter":
        return layer.name, layer.type, list(layer.blobs)
    if layer.HasField("layer"):
        inner = layer.layer
        return inner.name, _V0_TYPES.get(inner.type), list(inner.blobs)
    return layer.name, _V1_TYPES.get(layer.type), list(layer.blobs)


def _array(blob, kind: str, layer_type: str) -> np.ndarray:
    if blob.double_data:
        numbers = np.frombuffer(b"".join(blob.double_data), "<f8")
    else:
        numbers = np.frombuffer(b"".join(blob.data), "<f4")
    if kind == "bias":
        return numbers
    if blob.HasField("shape"):
        sides = tuple(blob.shape.dim)
    else:
        sides = (blob.num, blob.channels, blob.height, blob.width)
    # Before blobs had shapes, an inner product's was padded with axes of one in front.
    if layer_type == _DENSE and len(sides) == 4 and sides[:2] == (1, 1):
        sides = sides[2:]
    if math.prod(sides) != numbers.size or min(sides, default=0) < 0:
        raise ValueError(f"{numbers.size} numbers in a blob of shape {sides}")
    return numbers.reshape(sides)


def _naming(tensors: Mapping[str, np.ndarray], order: list[str], architecture: Architecture) -> Naming:
    """A last layer renamed for fine-tuning counts as fc8. order: of the layers, where it is known."""
    present = {name.rpartition("/")[0] for name in tensors}
    names = {}
    for layer in (*architecture.convolutions, *architecture.head):
        theirs = layer.name
        if theirs not in present:
            renamed = [name for name in present if name.startswith(f"{theirs}_")]
            theirs = renamed[0] if len(renamed) == 1 and theirs == "fc8" else theirs
        names |= {f"{theirs}/{kind}": f"{layer.name}/{kind}" for kind in _KINDS[:2]}
    extra = [name for name in tensors if name not in names]
    last = architecture.convolutions[-1].name
    if last in order:
        before = set(order[: order.index(last)])
        return Naming(names, tuple(name for name in extra if name.rpartition("/")[0] in before))
    return Naming(names, tuple(between(tensors, extra, architecture)))
