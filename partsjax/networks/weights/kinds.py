"""What kind of weight file this is, by its content: names and extensions say little."""

import pathlib
import tarfile
import zipfile
from collections.abc import Callable

from partsjax.errors import InputError, needing
from partsjax.networks.weights.arrays import read_npz, read_pickle, read_safetensors
from partsjax.networks.weights.matconvnet_files import read_mat
from partsjax.networks.weights.pickles import UNREADABLE, damaged_pickle
from partsjax.networks.weights.tensors import WeightFile
from partsjax.networks.weights.torch_files import read_pth

FILE_KINDS = (
    "torch.save's (.pth, .pt, .bin, .ckpt), .safetensors, .npz, Keras's .h5 and .keras, Caffe's .caffemodel, "
    "MatConvNet's .mat"
)

_SAVE_TORCH = "save the weights with torch.save(model.state_dict(), path)"
_SAVE_KERAS = 'save the weights from Keras: model.save_weights("x.weights.h5")'
_UNPACK = "unpack it and give the weight file in it"
_FOREIGN_STARTS = (
    (b"version https://git-lfs", "a git-lfs pointer, not the file itself", "fetch it with `git lfs pull`"),
    (b"\x1f\x8b", "compressed (gzip)", _UNPACK),
    (b"BZh", "compressed (bzip2)", _UNPACK),
    (b"\xfd7zXZ", "compressed (xz)", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "compressed (zstd)", _UNPACK),
    (b"7z\xbc\xaf", "a 7z archive", _UNPACK),
    (b"Rar!", "a RAR archive", _UNPACK),
    (b"GGUF", "a GGUF model", "save its weights as .safetensors"),
    (b"\x93NUMPY", "a single array (.npy)", "save arrays by name, with numpy.savez"),
    (b"\x12\x01\0\0\0\0\0\0", "MXNet parameters", "save arrays by name with numpy.savez"),
    (b"\x08\x01\x12", "a TensorFlow SavedModel", _SAVE_KERAS),
)
_OLD_PICKLES = (b"(dp", b"(lp", b"}q", b"ccopy_reg", b"ccollections", b"c__builtin__", b"cnumpy")
"""How Python 2's first two kinds of pickle begin."""
_LEVELDB_END = b"\x57\xfb\x80\x8b\x24\x75\x47\xdb"


def read_file(path: pathlib.Path) -> WeightFile:
    """The tensors of a weight file, of whichever kind.

    Raises:
      InputError: it cannot be read or is damaged, or is not a weight file: the line says what it is and how
        to save weights instead.
    """
    try:
        with path.open("rb") as stream:
            start = stream.read(4096)
            stream.seek(-min(path.stat().st_size, 8), 2)
            end = stream.read()
        return _reader(path, start, end)(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error}); give another file") from None


def _reader(path: pathlib.Path, start: bytes, end: bytes) -> Callable[[pathlib.Path], WeightFile]:
    if not start:
        raise InputError(f"{path}: empty; fetch or save it again")
    for signature, what, fix in _FOREIGN_STARTS:
        if start.startswith(signature):
            raise InputError(f"{path}: {what}; {fix}")
    if start.startswith(b"PK\x03\x04"):
        return _zip_reader(path)
    if start[:1] == b"\x80" and start[1:2] <= b"\x05":
        return read_pth if b"\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19" in start[:32] else read_pickle
    if start.startswith((b"MATLAB 5.0", b"MATLAB 7.3")):
        return read_mat
    if any(start[at:].startswith(b"\x89HDF") for at in (0, 512, 1024, 2048)):
        return _hdf5_reader(path)
    if start[8:9] == b"{" and int.from_bytes(start[:8], "little") < 1 << 32:
        return read_safetensors
    if start[257:262] == b"ustar" or tarfile.is_tarfile(path):
        _refuse_tar(path)
    if end == _LEVELDB_END:
        raise InputError(f"{path}: a TensorFlow checkpoint; {_SAVE_KERAS}")
    if start[4:8] == b"TFL3":
        raise InputError(f"{path}: a TensorFlow Lite model; {_SAVE_KERAS}")
    _refuse_text(path, start)
    if start.startswith(_OLD_PICKLES):
        return read_pickle
    if start[:1] == b"\x08":
        raise InputError(f"{path}: an ONNX model; {_SAVE_TORCH}")
    # Caffe's begins with the network's name, TensorFlow's graph with a message in a message.
    if start[:1] == b"\n" and b"\n" in (start[2:3], start[3:4] if start[1:2] >= b"\x80" else b""):
        raise InputError(f"{path}: a TensorFlow graph (.pb); {_SAVE_KERAS}")
    if start.startswith((b"\n", b"\x12", b"\x1a", b"\xa2\x06")):
        with needing(f"{path}: a Caffe file", "weights"):
            from partsjax.networks.weights.caffe_files import read_caffemodel
        return read_caffemodel
    raise InputError(f"{path}: not a known kind of weights; give {FILE_KINDS}")


def _hdf5_reader(path: pathlib.Path) -> Callable[[pathlib.Path], WeightFile]:
    with needing(f"{path}: an HDF5 file", "weights"):
        import h5py

        from partsjax.networks.weights.caffe_files import read_caffe_h5
        from partsjax.networks.weights.keras_files import read_h5
    try:
        with h5py.File(path, "r") as file:
            return read_caffe_h5 if isinstance(file.get("data"), h5py.Group) else read_h5
    except UNREADABLE as error:
        raise damaged_pickle(str(path), error) from None


def _zip_reader(path: pathlib.Path) -> Callable[[pathlib.Path], WeightFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except UNREADABLE as error:
        raise damaged_pickle(str(path), error) from None
    if any(name.rpartition("/")[2] == "data.pkl" for name in names):
        return read_pth
    if "model.weights.h5" in names:
        with needing(f"{path}: a Keras file", "weights"):
            from partsjax.networks.weights.keras_files import read_keras
        return read_keras
    if names and all(name.endswith(".npy") for name in names):
        return read_npz
    if any(name.endswith("saved_model.pb") for name in names):
        raise InputError(f"{path}: a TensorFlow SavedModel; {_SAVE_KERAS}")
    listed = ", ".join(names[:3])
    raise InputError(f"{path}: a zip archive, but not of one network's weights ({listed}); {_UNPACK}")


def _refuse_tar(path: pathlib.Path) -> None:
    try:
        with tarfile.open(path) as archive:
            names = archive.getnames()
    except (tarfile.TarError, OSError, EOFError) as error:
        raise damaged_pickle(str(path), error) from None
    if "pickle" in names and "storages" in names:
        raise InputError(f"{path}: written by torch before 0.1.10 (tar); load it there and {_SAVE_TORCH}")
    raise InputError(f"{path}: a tar archive ({', '.join(names[:3])}); {_UNPACK}")


def _refuse_text(path: pathlib.Path, start: bytes) -> None:
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype", b"<html", b"<?xml", b"<head", b"<error")):
        raise InputError(f"{path}: a web page, not a weight file: the download went wrong; fetch it again")
    if text.startswith(b"{"):
        if b'"weight_map"' in start or b"weight_map" in path.read_bytes():
            raise InputError(
                f"{path}: the index of weights in several files; save them in one: "
                "model.save_pretrained(folder, max_shard_size='10GB')"
            )
        raise InputError(f"{path}: JSON, not weights; give the weight file next to it")
    if all(byte in b"\t\n\r\f" or 32 <= byte < 127 for byte in start):
        if start.startswith(_OLD_PICKLES):
            return
        prototxt = b"layer" in text or text.startswith(b"name:")
        what = "a prototxt: the layers without their weights" if prototxt else "text, not weights"
        fix = "give the .caffemodel" if prototxt else f"give {FILE_KINDS}"
        raise InputError(f"{path}: {what}; {fix}")


def refuse_folder(path: pathlib.Path) -> None:
    """Says what a folder is, where it is a known kind and no checkpoint of ours."""
    inside = {entry.name for entry in path.iterdir()}
    if "saved_model.pb" in inside:
        raise InputError(f"{path}: a TensorFlow SavedModel; {_SAVE_KERAS}")
    if any(name.endswith(".distcp") for name in inside):
        raise InputError(f"{path}: a distributed checkpoint of torch; {_SAVE_TORCH}")
    files = sorted(name for name in inside if name.endswith((".safetensors", ".bin", ".pth", ".pt", ".h5")))
    if files and "checkpoint" not in inside:
        raise InputError(f"{path}: a folder; give the weight file in it, {path / files[0]}")
