"""torch's files: both formats, wrapped or not, views and halves; damage and code."""

import collections
import io
import os
import pickle
import zipfile

import numpy as np
import pytest

from partsjax.errors import InputError
from partsjax.networks.model import CLASS_SCORES
from partsjax.networks.weights.convert import convert
from partsjax.networks.weights.torch_files import read_pth

torch = pytest.importorskip("torch")
both_formats = pytest.mark.parametrize("zipped", [True, False], ids=["zip", "stream"])


def _save(content, path, zipped):
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    return path


@both_formats
@pytest.mark.parametrize("name", ["alexnet", "vgg16"])
def test_a_state_dict_gives_torchs_scores(tmp_path, zipped, name, small, torch_network, images_for, forward):
    table = small(name)
    widths = {"alexnet": (4, 12, 24, 16, 16), "vgg16": (4, 8, 16, 32, 32)}[name]
    flat = widths[-1] * (36 if name == "alexnet" else 4)
    module = torch_network(name, widths, flat, hidden=24, classes=10)
    path = _save(module.state_dict(), tmp_path / "weights.pth", zipped)
    found = convert(read_pth(path), table)
    table, weights = found.architecture, found.weights
    images = images_for(table)
    with torch.no_grad():
        expected = module(torch.tensor(images).permute(0, 3, 1, 2)).numpy()
    scores = forward(table, weights, images, (CLASS_SCORES,))[CLASS_SCORES]
    np.testing.assert_allclose(scores, expected, atol=1e-4 * np.abs(expected).max())


@both_formats
def test_checkpoints_and_data_parallel_prefixes_are_unwrapped(tmp_path, zipped, small, torch_network):
    module = torch_network("alexnet", (4, 12, 24, 16, 16), 576, hidden=24, classes=10)
    state = module.state_dict()
    plain = convert(read_pth(_save(state, tmp_path / "plain.pth", zipped)), small("alexnet")).weights
    for prefix in (
        lambda name: f"module.{name}",
        lambda name: name.replace("features.", "features.module."),
    ):
        wrapped = {
            "epoch": 90,
            "best_acc1": np.float64(56.5),
            "state_dict": collections.OrderedDict((prefix(name), value) for name, value in state.items()),
            "optimizer": {"state": {0: {"momentum_buffer": torch.ones(3)}}, "param_groups": [{"lr": 0.1}]},
        }
        path = _save(wrapped, tmp_path / "wrapped.pth", zipped)
        weights = convert(read_pth(path), small("alexnet")).weights
        assert weights.keys() == plain.keys()
        assert all(np.array_equal(weights[key], plain[key]) for key in plain)


@both_formats
def test_parameters_views_and_other_number_types_are_read_as_torch_has_them(tmp_path, zipped):
    base = torch.arange(24, dtype=torch.float32).reshape(4, 6)
    state = {
        "parameter.weight": torch.nn.Parameter(base.clone()),
        "transposed.weight": base.t(),
        "sliced.weight": base[1:, 2:5],
        "half.weight": base.half(),
        "double.weight": base.double(),
        "bfloat16.weight": base.bfloat16(),
        "long.weight": base.long(),
        "scalar.weight": torch.tensor(3.5),
        "empty.weight": torch.zeros(0, 4),
    }
    tensors = read_pth(_save(state, tmp_path / "odd.pth", zipped)).tensors
    assert tensors.keys() == state.keys()
    for name, expected in state.items():
        np.testing.assert_array_equal(
            tensors[name].astype(np.float64), expected.detach().double().numpy(), err_msg=name
        )


class _Code:
    """A pickle of this makes a folder when it is loaded by anything that runs it."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path,)


@both_formats
def test_code_is_never_run_and_the_tensors_beside_it_are_read(tmp_path, zipped):
    trap = tmp_path / "it_ran"
    state = {"features.0.weight": torch.ones(2), "trap": _Code(trap)}
    path = _save(state, tmp_path / "trap.pth", zipped)
    np.testing.assert_array_equal(read_pth(path).tensors["features.0.weight"], np.ones(2))
    assert not trap.exists()
    torch.load(path, weights_only=False)
    assert trap.exists()  # the trap does work


@both_formats
def test_a_whole_pickled_module_gives_its_tensors(tmp_path, zipped, small, torch_network):
    module = torch_network("alexnet", (4, 12, 24, 16, 16), 576, hidden=24, classes=10)
    path = _save({"epoch": 3, "net": module.features}, tmp_path / "module.pth", zipped)
    found = convert(read_pth(path), small("alexnet"))
    expected = module.features[0].weight.detach().numpy().transpose(2, 3, 1, 0)
    np.testing.assert_array_equal(found.weights["conv1/kernel"], expected)


def test_torchscript_gives_its_tensors(tmp_path, small, torch_network):
    module = torch_network("alexnet", (4, 12, 24, 16, 16), 576, hidden=24, classes=10)
    torch.jit.save(torch.jit.script(module.features), tmp_path / "script.pt")
    found = convert(read_pth(tmp_path / "script.pt"), small("alexnet"))
    expected = module.features[10].bias.detach().numpy()
    np.testing.assert_array_equal(found.weights["conv5/bias"], expected)


@both_formats
def test_every_truncation_is_one_line(tmp_path, zipped):
    whole = _save({"features.0.weight": torch.ones(50)}, tmp_path / "whole.pth", zipped).read_bytes()
    path = tmp_path / "cut.pth"
    for length in range(0, len(whole) - 1, 7):
        path.write_bytes(whole[:length])
        with pytest.raises(InputError) as caught:
            read_pth(path)
        assert str(caught.value).startswith(str(path))
        assert "\n" not in str(caught.value)


def test_other_files_by_that_name(tmp_path):
    path = tmp_path / "other.pth"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(InputError, match="not torch's"):
        read_pth(path)
    path.write_bytes(pickle.dumps({"conv1": 3}))
    with pytest.raises(InputError, match=r"not a file of torch\.save"):
        read_pth(path)
    torch.save({"epoch": 3}, path)
    with pytest.raises(InputError, match="holds no state dict"):
        read_pth(path)
    torch.save([torch.ones(2)], path)
    with pytest.raises(InputError, match="holds no state dict"):
        read_pth(path)


@pytest.mark.parametrize(
    ("written", "claimed"),
    [
        (b"K\x04K\x04\x86", b"K\x04K\xc8\x86"),  # shape (4, 4) becomes (4, 200)
        (b"K\x04K\x01\x86", b"K\xc8K\x01\x86"),  # strides (4, 1) become (200, 1)
    ],
    ids=["shape", "strides"],
)
def test_a_tensor_may_not_reach_outside_its_storage(tmp_path, written, claimed):
    """A file that claims more numbers than it has is damaged, whatever its shape says."""
    buffer = io.BytesIO()
    torch.save({"features.0.weight": torch.ones(4, 4)}, buffer)
    path = tmp_path / "claims.pth"
    with zipfile.ZipFile(buffer) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            if name.endswith("data.pkl"):
                assert data.count(written) == 1
                data = data.replace(written, claimed)
            target.writestr(name, data)
    with pytest.raises(InputError, match="outside its storage"):
        read_pth(path)
