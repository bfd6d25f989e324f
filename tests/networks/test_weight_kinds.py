"""A weight file is known by its content; what is none says what it is, in one line with its fix."""

import io
import json
import re
import tarfile
import zipfile

import h5py
import numpy as np
import pytest
import safetensors.numpy
import scipy.io

from partsjax.errors import InputError
from partsjax.networks import load_network
from partsjax.networks.architectures import ARCHITECTURES, IMAGENET, VGG_IMAGENET
from partsjax.networks.weights import read_file, read_weights
from partsjax.networks.weights.caffe_files import net_parameter
from partsjax.networks.weights.convert import convert
from partsjax.networks.weights.normalisation import WeightOptions
from tests.networks.pickling import pickled, torch_file

TOLD = WeightOptions("vgg")


@pytest.fixture(scope="module")
def table(small):
    return small("vgg16").headless()


@pytest.fixture(scope="module")
def weights(table, weights_for):
    return weights_for(table)


def _out_first(weights, *, flip=False):
    """By torch's names of tensors; with the first convolution's channels turned."""
    found = {}
    for name, value in weights.items():
        value = value[:, :, ::-1] if flip and name == "conv1_1/kernel" else value
        value = np.ascontiguousarray(value.transpose(3, 2, 0, 1) if value.ndim == 4 else value)
        found[name.replace("/kernel", ".weight").replace("/bias", ".bias")] = value
    return found


def _bytes(write) -> bytes:
    stream = io.BytesIO()
    write(stream)
    return stream.getvalue()


def _hdf5(entries, attributes=()) -> bytes:
    def write(stream):
        with h5py.File(stream, "w") as file:
            for name, value in entries.items():
                file[name] = value
            for name, (key, value) in dict(attributes).items():
                file[name].attrs[key] = value

    return _bytes(write)


def _bgr(weights):
    return {**weights, "conv1_1/kernel": weights["conv1_1/kernel"][:, :, ::-1]}


def _keras3(weights, *, named: bool, within="") -> bytes:
    """As Keras 3 writes them: layers by their classes, in order, their names beside."""
    entries, names = {}, {}
    for index, layer in enumerate(dict.fromkeys(name.split("/")[0] for name in weights)):
        group = f"{within}layers/conv2d{f'_{index}' if index else ''}/vars"
        entries[f"{group}/0"] = _bgr(weights)[f"{layer}/kernel"]
        entries[f"{group}/1"] = weights[f"{layer}/bias"]
        names[group] = ("name", f"block{layer[4]}_conv{layer[6]}" if named else group.split("/")[-2])
    entries["optimizer/vars/0"] = np.int64(3)
    return _hdf5(entries, names)


def _keras_archive(weights, layers=()) -> bytes:
    def write(stream):
        with zipfile.ZipFile(stream, "w") as archive:
            archive.writestr("metadata.json", "{}")
            config = {"class_name": "Functional", "config": {"layers": [{"class_name": n} for n in layers]}}
            archive.writestr("config.json", json.dumps(config))
            archive.writestr("model.weights.h5", _keras3(weights, named=True))

    return _bytes(write)


def _old_keras(weights) -> bytes:
    names = dict.fromkeys(name.split("/")[0] for name in weights)
    theirs = {layer: f"conv2d_{index + 7}" for index, layer in enumerate(names)}
    return _hdf5(
        {
            f"model_weights/{theirs[layer]}/{theirs[layer]}/{kind}:0": value
            for name, value in _bgr(weights).items()
            for layer, kind in [name.split("/")]
        }
    )


def _caffemodel(weights) -> bytes:
    net = net_parameter()(name="VGG")
    for layer in dict.fromkeys(name.split("/")[0] for name in weights):
        entry = net.layer.add(name=layer, type="Convolution")
        for kind in ("weight", "bias"):
            value = _out_first(weights, flip=True)[f"{layer}.{kind}"]
            blob = entry.blobs.add()
            blob.shape.dim.extend(value.shape)
            blob.data.append(value.tobytes())
    return net.SerializeToString()


def _caffemodel_h5(weights) -> bytes:
    kinds = {"weight": 0, "bias": 1}
    values = _out_first(weights, flip=True)
    return _hdf5({f"data/{n.split('.')[0]}/{kinds[n.split('.')[1]]}": value for n, value in values.items()})


def _dagnn(weights) -> bytes:
    def cell(values):
        found = np.empty((1, len(values)), object)
        found[0, :] = values
        return found

    names = list(dict.fromkeys(name.split("/")[0] for name in weights))
    params = [
        {"name": f"{name}{suffix}", "value": weights[f"{name}/{kind}"]}
        for name in names
        for suffix, kind in (("f", "kernel"), ("b", "bias"))
    ]
    layers = [
        {"name": name, "type": "dagnn.Conv", "params": cell([f"{name}f", f"{name}b"]), "outputs": f"{name}x"}
        for name in names
    ]
    return _bytes(lambda stream: scipy.io.savemat(stream, {"params": cell(params), "layers": cell(layers)}))


KINDS = {
    "torch.save": lambda weights: torch_file(_out_first(weights, flip=True)),
    "torch.save of old": lambda weights: torch_file(_out_first(weights, flip=True), zipped=False),
    "safetensors": lambda weights: safetensors.numpy.save(_out_first(weights, flip=True)),
    "npz": lambda weights: _bytes(lambda stream: np.savez(stream, **weights)),
    "caffemodel": _caffemodel,
    "caffemodel.h5": _caffemodel_h5,
    "weights.h5": lambda weights: _keras3(weights, named=True),
    "weights.h5 of unnamed layers": lambda weights: _keras3(weights, named=False),
    "weights.h5, nested": lambda weights: _keras3(weights, named=False, within="layers/functional/"),
    "keras": _keras_archive,
    "h5 of unnamed layers": _old_keras,
    "DagNN": _dagnn,
}


@pytest.mark.parametrize("write", KINDS.values(), ids=KINDS)
def test_every_kind_is_known_by_its_content(write, tmp_path, table, weights):
    path = tmp_path / "weights"
    path.write_bytes(write(weights))
    found = convert(read_file(path), table, TOLD)
    for name, value in weights.items():
        np.testing.assert_array_equal(found.weights[name], value, err_msg=name)


@pytest.mark.parametrize(
    ("write", "preprocessing", "says"),
    [
        (KINDS["caffemodel"], VGG_IMAGENET, "BGR .* as vgg .known from Caffe's format"),
        (KINDS["caffemodel.h5"], VGG_IMAGENET, "BGR .* as vgg .known from Caffe's format"),
        (KINDS["keras"], VGG_IMAGENET, "BGR .* as vgg .known from the layer names of Keras's VGG"),
        (KINDS["weights.h5"], VGG_IMAGENET, "BGR .* as vgg .known from the layer names of Keras's VGG"),
        (KINDS["DagNN"], VGG_IMAGENET, "RGB .* as vgg_rgb .known from MatConvNet's convention"),
        (KINDS["npz"], IMAGENET, "RGB .* as torchvision .known from our names of tensors"),
        (KINDS["weights.h5 of unnamed layers"], None, ""),
        (KINDS["h5 of unnamed layers"], None, ""),
        (lambda weights: _keras_archive(weights, ["Rescaling", "Conv2D"]), None, ""),
    ],
)
def test_the_kind_says_the_input_or_it_is_asked_for(write, preprocessing, says, tmp_path, table, weights):
    path = tmp_path / "weights"
    path.write_bytes(write(weights))
    if preprocessing is None:
        with pytest.raises(InputError, match=r"does not say what input it wants: --normalisation="):
            convert(read_file(path), table)
    else:
        found = convert(read_file(path), table)
        assert found.architecture.preprocessing == preprocessing
        assert re.search(says, found.notes[0])


@pytest.mark.parametrize("name", ["w.pt", "w.pth.tar", "w.bin", "w.ckpt", "w", "w.h5", "w.mat"])
def test_the_ending_does_not_matter(name, tmp_path, table, weights):
    (tmp_path / name).write_bytes(torch_file(_out_first(weights)))
    assert read_weights(str(tmp_path / name), table).says == "torch's names of tensors"


def _tar(*names) -> bytes:
    def write(stream):
        with tarfile.open(fileobj=stream, mode="w") as archive:
            for name in names:
                archive.addfile(tarfile.TarInfo(name))

    return _bytes(write)


def _zip(**entries) -> bytes:
    def write(stream):
        with zipfile.ZipFile(stream, "w") as archive:
            for name, value in entries.items():
                archive.writestr(name, value)

    return _bytes(write)


FOREIGN = {
    "nothing": (b"", "empty; fetch"),
    "git-lfs": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 1\n",
        "git-lfs pointer.*pull",
    ),
    "web page": (b"\n<!DOCTYPE html><html><body>Sign in</body></html>", "a web page.*fetch it again"),
    "error of a store": (b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', "a web page"),
    "text": (b"hello, no weights here\n", "text, not weights; give"),
    "prototxt": (b'name: "VGG"\nlayer {\n name: "conv1_1"\n}\n', "a prototxt.*give the .caffemodel"),
    "index of shards": (
        json.dumps({"metadata": {}, "weight_map": {"a": "b"}}).encode(),
        "index .* max_shard_size",
    ),
    "json": (b'{"architectures": []}', "JSON, not weights"),
    "gzip": (b"\x1f\x8b\x08\0\0\0\0\0\0\x03", "gzip.*unpack"),
    "tar of torch": (
        _tar("sys_info", "pickle", "tensors", "storages"),
        r"torch before 0\.1\.10.*torch\.save",
    ),
    "tar": (_tar("model/weights.pth"), r"a tar archive \(model/weights\.pth\); unpack"),
    "zip": (_zip(readme="hello"), r"a zip archive.*\(readme\); unpack"),
    "onnx": (b"\x08\x07\x12\x07pytorch\x1a\x052.1.0", r"an ONNX model; .*torch\.save"),
    "saved model": (b"\x08\x01\x12\xb4\x05", "SavedModel.*save_weights"),
    "frozen graph": (b"\n\x1f\n\x05input\x12\x0bPlaceholder", "TensorFlow graph.*save_weights"),
    "tflite": (b"\x1c\0\0\0TFL3" + bytes(64), "Lite.*save_weights"),
    "tensorflow checkpoint": (
        bytes(range(1, 60)) + b"\x57\xfb\x80\x8b\x24\x75\x47\xdb",
        "checkpoint.*save_weights",
    ),
    "npy": (_bytes(lambda s: np.save(s, np.ones(3))), r"\.npy.*numpy\.savez"),
    "plain pickle": (pickled({"epoch": 3}), "a pickle without arrays; save the weights by name"),
    "hdf5 of something": (_hdf5({"images": np.ones(3)}), "no layers with weights.*save_weights"),
    "noise": (bytes(range(200, 256)) * 9, "not a known kind of weights; give torch.save's"),
}


@pytest.mark.parametrize(("content", "line"), FOREIGN.values(), ids=FOREIGN)
def test_what_is_no_weight_file_says_what_it_is(content, line, tmp_path):
    path = tmp_path / "weights.pth"
    path.write_bytes(content)
    with pytest.raises(InputError, match=rf"^{path}: .*{line}") as caught:
        read_file(path)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 400


@pytest.mark.parametrize("write", KINDS.values(), ids=KINDS)
def test_damage_anywhere_is_one_line_or_the_weights(write, tmp_path, small, weights):
    """Bytes overwritten and files cut short: never a traceback."""
    whole = write(weights)
    path, draws = tmp_path / "weights", np.random.default_rng(0)
    for trial in range(40):
        content = bytearray(whole)
        if trial % 2:
            content = content[: draws.integers(len(whole))]
        else:
            for at in draws.integers(0, min(len(whole), (400, len(whole))[trial % 4 > 0]), 3):
                content[at] = draws.integers(256)
        path.write_bytes(content)
        try:
            convert(read_file(path), small("vgg16"), TOLD)
        except InputError as error:
            assert str(path) in str(error) and "\n" not in str(error)


def test_batch_normalisation_of_keras_and_caffe_is_in_the_way(tmp_path, table, weights):
    path = tmp_path / "w"
    with h5py.File(path, "w") as file:
        for name, value in weights.items():
            layer, kind = name.split("/")
            file[f"block{layer[4]}_conv{layer[6]}/{kind}:0"] = value
        file["batch_normalization/gamma:0"] = np.ones(4)
    with pytest.raises(InputError, match="1 extra: batch_normalization/bias"):
        convert(read_file(path), table)
    net = net_parameter().FromString(_caffemodel(weights))
    scale = net.layer.add(name="scale9", type="Scale")  # by its number, after the convolutions
    scale.blobs.add(data=[np.ones(4, "<f4").tobytes()]).shape.dim.append(4)
    last = net.layer.pop(-2)
    path.write_bytes(net.SerializeToString())
    with pytest.raises(InputError, match=f"2 missing: {last.name}/kernel"):
        convert(read_file(path), table)
    net.layer.append(last)
    path.write_bytes(net.SerializeToString())
    with pytest.raises(InputError, match="1 extra: scale9/kernel"):
        convert(read_file(path), table)


@pytest.mark.parametrize("weights", ["imagenet", "random"])
def test_a_local_folder_or_file_called_like_weights_of_ours_is_not_taken(weights, tmp_path, monkeypatch):
    expected = load_network("alexnet", weights)
    assert expected.notes == ()
    monkeypatch.chdir(tmp_path)
    (tmp_path / weights).mkdir()
    found = load_network("alexnet", weights)
    assert found.digest == expected.digest
    assert found.notes == (f"--weights={weights}: the weights of that name, not the local ./{weights}",)
    (tmp_path / weights).rmdir()
    (tmp_path / weights).write_bytes(b"")
    assert load_network("alexnet", weights).digest == expected.digest
    with pytest.raises(InputError, match="empty; fetch"):
        load_network("alexnet", f"./{weights}")


def test_folders_of_others_say_what_they_are(tmp_path):
    (tmp_path / "saved_model.pb").touch()
    with pytest.raises(InputError, match="a TensorFlow SavedModel"):
        load_network("alexnet", str(tmp_path))
    (tmp_path / "saved_model.pb").rename(tmp_path / "model.safetensors")
    with pytest.raises(InputError, match=r"a folder; give the weight file in it, .*model\.safetensors"):
        load_network("alexnet", str(tmp_path))
    (tmp_path / "model.ckpt.index").touch()
    with pytest.raises(InputError, match="a TensorFlow checkpoint"):
        read_weights(str(tmp_path / "model.ckpt"), ARCHITECTURES["alexnet"])
