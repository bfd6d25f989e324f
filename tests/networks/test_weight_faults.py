"""Files that do not fit or cannot be read: one line each, with everything that is wrong."""

import pickle

import h5py
import numpy as np
import pytest
import safetensors.numpy
import scipy.io

from partsjax.errors import InputError
from partsjax.networks.architectures import ARCHITECTURES
from partsjax.networks.initial import initial_weights
from partsjax.networks.weights import read_file, read_weights
from partsjax.networks.weights.convert import convert
from partsjax.networks.weights.imagenet import read_imagenet
from partsjax.networks.weights.naming import by_name
from partsjax.networks.weights.pickles import load_pickle


def _fault(tensors, table) -> str:
    with pytest.raises(InputError) as caught:
        convert(by_name("weights.npz", tensors), table)
    message = str(caught.value)
    assert message.startswith("weights.npz: ") and "\n" not in message
    return message


def test_every_fault_is_told_at_once(small, weights_for):
    table = small("alexnet")
    tensors = dict(weights_for(table))
    del tensors["conv2/bias"], tensors["fc7/kernel"]
    tensors["conv3_2/kernel"] = np.zeros((3, 3, 4, 4), np.float32)
    tensors["conv3/kernel"] = tensors["conv3/kernel"].transpose(3, 2, 0, 1)
    tensors["conv4/bias"] = tensors["conv4/bias"].copy()
    tensors["conv4/bias"][1] = np.nan
    tensors["fc6/bias"] = np.full(24, np.inf, np.float32)
    tensors["conv5/bias"] = np.array(["a"] * 16)
    message = _fault(tensors, table)
    for part in (
        "2 missing: conv2/bias, fc7/kernel;",
        "1 extra: conv3_2/kernel;",
        "1 misshapen: conv3/kernel 24x12x3x3 instead of 3x3x12x24;",
        "2 with NaN or infinite values: conv4/bias, fc6/bias;",
        "1 not of numbers: conv5/bias (<U1);",
        "give weights of alexnet",
    ):
        assert part in message


def test_long_lists_are_cut_and_counted(small, weights_for):
    table = small("vgg16")
    message = _fault({"conv1_1/bias": weights_for(table)["conv1_1/bias"]}, table)
    assert "25 missing: conv1_1/kernel, conv1_2/kernel, " in message
    assert "and 13 more; give" in message
    assert len(message) < 600


def test_nothing_in_common(small):
    message = _fault({"encoder.weight": np.zeros(3)}, small("alexnet"))
    assert "10 missing: conv1.weight," in message and "1 extra: encoder.weight" in message


@pytest.mark.parametrize(
    ("given", "asked"), [("alexnet", "vgg16"), ("vgg16", "vgg19"), ("caffenet", "alexnet")]
)
def test_the_weights_of_another_network_are_recognised(given, asked):
    weights = initial_weights(ARCHITECTURES[given].headless(), 0)
    message = _fault(weights, ARCHITECTURES[asked])
    assert f"the weights of {given}, not of {asked}: " in message
    assert message.endswith(f"use --net={given}")


def test_torchvision_names_are_kept_in_the_message(small, weights_for):
    table = small("alexnet")
    names = {"conv1/kernel": "features.0.weight", "conv1/bias": "features.0.bias"}
    weights = weights_for(table)
    tensors = {theirs: weights[ours] for ours, theirs in names.items()}
    message = _fault(tensors, table)
    assert "features.0.weight 11x11x3x4 instead of 4x3x11x11" in message
    assert "8 missing: features.3.weight, features.3.bias," in message


def test_heads_are_whole_or_absent_and_their_classes_are_free(small, weights_for):
    table = small("alexnet")
    weights = weights_for(table)
    without = {name: value for name, value in weights.items() if not name.startswith("fc")}
    assert convert(by_name("f", without), table).architecture.head == ()
    fewer = {**weights, "fc8/kernel": np.ones((24, 3), np.float32), "fc8/bias": np.ones(3, np.float32)}
    assert convert(by_name("f", fewer), table).architecture.head[-1].features == 3
    partly = convert(by_name("f", {**without, "fc6/bias": weights["fc6/bias"]}), table)
    assert partly.architecture.head == ()
    assert any("(5 missing: fc6/kernel, fc7/kernel, fc7/bias, fc8/kernel, " in n for n in partly.notes)


@pytest.mark.parametrize("values", [
    {"preprocessing/mean": np.zeros(3)},
    {"preprocessing/mean": np.zeros(3), "preprocessing/std": np.zeros(3)},
    {"preprocessing/mean": np.zeros(4), "preprocessing/std": np.ones(3)},
    {"preprocessing/mean": np.full(3, np.nan), "preprocessing/std": np.ones(3)},
])  # fmt: skip
def test_preprocessing_must_make_sense(values):
    with pytest.raises(InputError, match=r"^f: preprocessing/mean and preprocessing/std must"):
        by_name("f", {"conv1/kernel": np.zeros(1), **values})


class _Code:
    ran = False

    def __reduce__(self):
        return _run, ()


def _run():
    _Code.ran = True


def test_pickled_code_is_refused_and_never_run(tmp_path):
    with pytest.raises(InputError, match=r"^a\.ckpt: carries code \(.*\._run\) and was not run; save"):
        load_pickle(pickle.dumps({"w": np.ones(2), "x": _Code()}), "a.ckpt")
    assert not _Code.ran
    pickle.loads(pickle.dumps(_Code()))
    assert _Code.ran  # the trap does work
    path = tmp_path / "objects.npz"
    np.savez(path, a=np.array([_Code()], object))
    _Code.ran = False
    with pytest.raises(InputError, match="could carry code"):
        read_file(path)
    assert not _Code.ran


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_pickled_arrays_of_any_order_and_type_come_back(protocol):
    tree = {
        "a": np.arange(6, dtype=np.float32).reshape(2, 3),
        "b": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "c": np.float64(2.5),
        "d": [1, "x", None, (np.int8([3]),)],
        "e": np.zeros((0, 4)),
    }
    back = load_pickle(pickle.dumps(tree, protocol), "f")
    for key in "abce":
        np.testing.assert_array_equal(back[key], tree[key])
        assert back[key].dtype == tree[key].dtype
    assert back["d"][:3] == tree["d"][:3]


@pytest.mark.parametrize("name", ["eval", "getattr", "__import__"])
def test_builtins_are_not_admitted(name):
    with pytest.raises(InputError, match=rf"carries code \(builtins\.{name}\)"):
        load_pickle(f"cbuiltins\n{name}\n(S'1'\ntR.".encode(), "f")


def test_text_is_encoded_as_latin1_or_not_at_all():
    with pytest.raises(InputError, match="damaged"):
        load_pickle(b"c_codecs\nencode\n(S'1'\nS'idna'\ntR.", "f")


def _write_whole(path, small, weights_for):
    """A small but whole file of each kind."""
    weights = weights_for(small("vgg16").headless())
    suffix = path.suffix
    if suffix == ".npz":
        np.savez(path, **weights)
    elif suffix == ".safetensors":
        safetensors.numpy.save_file(weights, path)
    elif suffix == ".h5":
        with h5py.File(path, "w") as file:
            for name, value in weights.items():
                file[f"block{name[4]}_conv{name[6]}/{name.split('/')[1]}:0"] = value
    elif suffix == ".mat":
        layers = np.empty((1, 1), object)
        layers[0, 0] = {"name": "conv1_1", "filters": weights["conv1_1/kernel"], "biases": np.ones((1, 4))}
        scipy.io.savemat(path, {"layers": layers}, do_compression=True)
    else:
        from partsjax.networks.weights.caffe_files import net_parameter

        net = net_parameter()()
        blob = net.layer.add(name="conv1_1", type="Convolution").blobs.add()
        blob.shape.dim.extend((4, 3, 3, 3))
        blob.data.append(np.zeros(108, "<f4").tobytes())
        path.write_bytes(net.SerializeToString())


@pytest.mark.parametrize("suffix", [".npz", ".safetensors", ".h5", ".mat", ".caffemodel"])
def test_truncated_and_foreign_files_are_one_line(tmp_path, suffix, small, weights_for):
    path = tmp_path / f"weights{suffix}"
    _write_whole(path, small, weights_for)
    whole = path.read_bytes()
    read_file(path)
    cuts = [whole[: int(len(whole) * share)] for share in (0, 0.001, 0.01, 0.1, 0.5, 0.9, 0.99)]
    for content in (*cuts, b"hello, this is not a weight file at all" * 20):
        path.write_bytes(content)
        with pytest.raises(InputError) as caught:
            convert(read_file(path), small("vgg16"))
        message = str(caught.value)
        assert message.startswith(f"{path}: ") and "\n" not in message and len(message) < 900


def test_matlab_73_is_named_with_its_fix(tmp_path):
    path = tmp_path / "net.mat"
    header = (
        b"MATLAB 7.3 MAT-file, Platform: GLNXA64, Created on: Mon Jan  1 00:00:00 2018 HDF5 schema 1.00 ."
    )
    with h5py.File(path, "w", userblock_size=512) as file:
        file["layers"] = np.zeros(3)
    content = bytearray(path.read_bytes())
    content[:128] = header.ljust(116) + bytes(8) + b"\x00\x02IM"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"net\.mat: saved as v7\.3, .*save\('net\.mat', .*'-v7'\)"):
        read_file(path)


def test_a_mat_file_of_something_else(tmp_path):
    path = tmp_path / "anno.mat"
    scipy.io.savemat(path, {"anno": {"imname": "2008_000008"}})
    with pytest.raises(InputError, match="no `layers` of a MatConvNet network"):
        read_file(path)


def test_names_that_are_no_weights(tmp_path):
    table = ARCHITECTURES["alexnet"]
    with pytest.raises(
        InputError, match=r"=imagent: no such file; did you mean 'imagenet'\? .*random, .*\.pth, "
    ):
        read_weights("imagent", table)
    with pytest.raises(InputError, match=r"w\.pth: no such file"):
        read_weights(str(tmp_path / "w.pth"), table)
    for name in ("caffenet", "vgg19"):
        with pytest.raises(
            InputError, match=f"not available for {name}, only for alexnet and vgg16; give a file"
        ):
            read_imagenet(ARCHITECTURES[name])
