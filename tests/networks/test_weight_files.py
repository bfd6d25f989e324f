"""Files of every other kind, written here as their frameworks write them, read back exactly."""

import h5py
import numpy as np
import pytest
import safetensors.numpy
import scipy.io

from partsjax.networks.architectures import CAFFE_IMAGENET, VGG_IMAGENET
from partsjax.networks.protocol import Preprocessing
from partsjax.networks.weights.arrays import read_npz, read_safetensors, write_npz
from partsjax.networks.weights.caffe_files import net_parameter, read_caffemodel
from partsjax.networks.weights.convert import convert
from partsjax.networks.weights.keras_files import read_h5
from partsjax.networks.weights.matconvnet_files import read_mat


def _equal(weights, expected):
    assert weights.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_array_equal(weights[name], value, err_msg=name)
        assert weights[name].dtype == np.float32


def _converted(file, table):
    found = convert(file, table)
    return found.architecture, found.weights


def _out_first(name: str, value: np.ndarray, cells: int, *, bgr: bool = False) -> np.ndarray:
    """Our weight as torch and Caffe have it: output channel first, map flattened channels first."""
    if value.ndim == 4:
        value = value[:, :, ::-1] if bgr and name.startswith(("conv1/", "conv1_1/")) else value
        return value.transpose(3, 2, 0, 1)
    if name == "fc6/kernel":
        value = value.reshape(cells, cells, -1, value.shape[1]).transpose(2, 0, 1, 3)
        value = value.reshape(-1, value.shape[3])
    return value.T if value.ndim == 2 else value


def test_npz_of_ours_goes_around(tmp_path, small, weights_for):
    table = small("caffenet")
    weights = weights_for(table)
    preprocessing = Preprocessing((1.5, 2.5, 3.5), (4.0, 5.0, 6.0))
    write_npz(tmp_path / "w.npz", weights, preprocessing)
    assert [path.name for path in tmp_path.iterdir()] == ["w.npz"]
    read, back = _converted(read_npz(tmp_path / "w.npz"), table)
    _equal(back, weights)
    assert read.preprocessing == preprocessing
    assert read.head == table.head


@pytest.mark.parametrize("name", ["alexnet", "vgg19"])
def test_safetensors_under_our_names_and_under_layer_names_of_torch(tmp_path, small, weights_for, name):
    table = small(name)
    weights = weights_for(table)
    path = tmp_path / "w.safetensors"
    safetensors.numpy.save_file(weights, path)
    _equal(convert(read_safetensors(path), table).weights, weights)
    cells = 2 if name == "vgg19" else 6
    torch_like = {
        key.replace("/kernel", ".weight").replace("/bias", ".bias"): np.ascontiguousarray(
            _out_first(key, value, cells)
        )
        for key, value in weights.items()
    }
    safetensors.numpy.save_file(torch_like, path)
    _equal(convert(read_safetensors(path), table).weights, weights)


def _keras_name(layer: str) -> str:
    return {"fc6": "fc1", "fc7": "fc2", "fc8": "predictions"}.get(layer) or f"block{layer[4]}_conv{layer[6]}"


KERAS_STYLES = {
    "2015": lambda layer, kind: f"{layer}/{layer}_{'W' if kind == 'kernel' else 'b'}_1:0",
    "2017": lambda layer, kind: f"{layer}/{layer}/{kind}:0",
    "model": lambda layer, kind: f"model_weights/{layer}/{layer}/{kind}:0",
}


@pytest.mark.parametrize("top", [True, False], ids=["full", "notop"])
@pytest.mark.parametrize("style", KERAS_STYLES)
@pytest.mark.parametrize("name", ["vgg16", "vgg19"])
def test_keras(tmp_path, small, weights_for, name, style, top):
    table = small(name) if top else small(name).headless()
    weights = weights_for(table)
    with h5py.File(tmp_path / "w.h5", "w") as file:
        for key, value in weights.items():
            layer, kind = key.split("/")
            value = value[:, :, ::-1] if key == "conv1_1/kernel" else value
            file[KERAS_STYLES[style](_keras_name(layer), kind)] = value
        file.create_group("block1_pool")
        file["optimizer_weights/adam/block1_conv1/kernel:0"] = np.zeros(3)
    read, back = _converted(read_h5(tmp_path / "w.h5"), small(name))
    _equal(back, weights)
    assert read.preprocessing == VGG_IMAGENET
    assert bool(read.head) == top


def _caffemodel(path, weights, cells, version, order=("LRN", "Pooling")):
    net = net_parameter()()
    v1_types = {"Convolution": 4, "InnerProduct": 14, "LRN": 15, "Pooling": 17, "Data": 5}
    v0_types = {"Convolution": "conv", "InnerProduct": "innerproduct", "LRN": "lrn", "Pooling": "pool"}

    def add(name, kind, blobs=()):
        if version == 2:
            layer = net.layer.add(name=name, type=kind)
        elif version == 1:
            layer = net.layers.add(name=name, type=v1_types[kind])
        else:
            layer = net.layers.add().layer
            layer.name, layer.type = name, v0_types.get(kind, "data")
        for value in blobs:
            blob = layer.blobs.add()
            if version == 2:
                blob.shape.dim.extend(value.shape)
            else:
                sides = (1,) * (4 - value.ndim) + value.shape
                blob.num, blob.channels, blob.height, blob.width = sides
            blob.data.append(np.ascontiguousarray(value, "<f4").tobytes())

    add("data", "Data")
    for layer in dict.fromkeys(key.split("/")[0] for key in weights):
        kernel, bias = (
            _out_first(f"{layer}/{k}", weights[f"{layer}/{k}"], cells, bgr=True) for k in ("kernel", "bias")
        )
        add(
            layer if layer != "fc8" else "fc8_voc",
            "Convolution" if kernel.ndim == 4 else "InnerProduct",
            (kernel, bias),
        )
        if layer in ("conv1", "conv2"):
            for kind in order:
                add(f"{kind}_{layer}", kind)
    path.write_bytes(net.SerializeToString())


@pytest.mark.parametrize("version", [0, 1, 2])
@pytest.mark.parametrize("name", ["caffenet", "vgg16"])
def test_caffe(tmp_path, small, weights_for, name, version):
    table = small(name)
    weights = weights_for(table)
    path = tmp_path / "w.caffemodel"
    _caffemodel(path, weights, 2 if name == "vgg16" else 6, version)
    read, back = _converted(read_caffemodel(path), table)
    _equal(back, weights)
    assert read.preprocessing == (VGG_IMAGENET if name == "vgg16" else CAFFE_IMAGENET)
    assert read.layers == table.layers


@pytest.mark.parametrize("version", [0, 1, 2])
def test_caffes_order_of_pooling_and_normalisation_is_the_files(tmp_path, small, weights_for, version):
    table = small("caffenet")
    _caffemodel(tmp_path / "w.caffemodel", weights_for(table), 6, version, order=("Pooling", "LRN"))
    read, _ = _converted(read_caffemodel(tmp_path / "w.caffemodel"), table)
    assert read.layers == table.pooling_first().layers


def test_packed_floats_are_what_protobuf_itself_writes(tmp_path):
    """The trick of declaring packed floats as bytes reads what a float field writes."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    file = descriptor_pb2.FileDescriptorProto(name="floats.proto", package="floats")
    blob = file.message_type.add(name="Blob")
    field = blob.field.add(name="data", number=5, label=3, type=2)
    field.options.packed = True
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    values = [0.1, -2.5, 3e8]
    written = message_factory.GetMessageClass(pool.FindMessageTypeByName("floats.Blob"))(data=values)
    net = net_parameter()()
    net.layer.add(name="conv1").blobs.add().MergeFromString(written.SerializeToString())
    (data,) = net.layer[0].blobs[0].data
    np.testing.assert_array_equal(np.frombuffer(data, "<f4"), np.float32(values))


def _matconvnet(weights, cells, style, order=("lrn", "pool")):
    layers = []
    for layer in dict.fromkeys(key.split("/")[0] for key in weights):
        kernel, bias = weights[f"{layer}/kernel"], weights[f"{layer}/bias"]
        if layer == "fc6":
            kernel = kernel.reshape(cells, cells, -1, kernel.shape[1])
        elif kernel.ndim == 2:
            kernel = kernel[None, None]
        entry = {"name": layer, "type": "conv", "stride": 1.0, "pad": 0.0}
        if style == "weights":
            pair = np.empty((1, 2), object)
            pair[0, 0], pair[0, 1] = kernel, bias[None]
            entry["weights"] = pair
        else:
            entry |= {"filters": kernel, "biases": bias[None]}
        layers.append(entry)
        layers.append({"name": f"relu_{layer}", "type": "relu"})
        if layer in ("conv1", "conv2"):
            layers += [{"name": f"{kind}_{layer}", "type": kind} for kind in order]
    cell = np.empty((1, len(layers)), object)
    cell[0, :] = layers
    return cell


@pytest.mark.parametrize("style", ["weights", "filters"])
@pytest.mark.parametrize("name", ["caffenet", "vgg19"])
def test_matconvnet(tmp_path, small, weights_for, name, style):
    table = small(name)
    weights = weights_for(table)
    cell = _matconvnet(weights, 6 if name == "caffenet" else 2, style)
    mean = np.float32([123.0, 117.0, 104.0])
    average = np.broadcast_to(mean, (9, 9, 3)) if style == "filters" else mean[None, None]
    normalization = {"averageImage": average, "imageSize": [227.0, 227.0, 3.0]}
    if style == "weights":
        content = {"layers": cell, "meta": {"normalization": normalization}}
    else:
        content = {"net": {"layers": cell, "normalization": normalization}}
    scipy.io.savemat(tmp_path / "w.mat", content, do_compression=True)
    read, back = _converted(read_mat(tmp_path / "w.mat"), table)
    _equal(back, weights)
    assert read.preprocessing == Preprocessing((123.0, 117.0, 104.0), (1.0, 1.0, 1.0))
    assert read.layers == table.layers


def test_matconvnets_order_of_pooling_and_normalisation_is_the_files(tmp_path, small, weights_for):
    table = small("caffenet")
    cell = _matconvnet(weights_for(table), 6, "weights", order=("pool", "lrn"))
    scipy.io.savemat(tmp_path / "w.mat", {"layers": cell})
    read, _ = _converted(read_mat(tmp_path / "w.mat"), table)
    assert read.layers == table.pooling_first().layers
    assert read.preprocessing == table.preprocessing
