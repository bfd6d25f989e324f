"""Networks within checkpoints: under any keys and prefixes, beside any objects, with any head."""

import pickle

import numpy as np
import pytest

from partsjax.errors import InputError
from partsjax.networks.weights import read_file
from partsjax.networks.weights.convert import convert
from tests.networks.pickling import Made, Named, Text2, array2, pickled, torch_file

PLACES = dict(zip(("conv1", "conv2", "conv3", "conv4", "conv5"), (0, 3, 6, 8, 10), strict=True))


@pytest.fixture(scope="module")
def table(small):
    return small("alexnet")


@pytest.fixture(scope="module")
def weights(table, weights_for):
    return weights_for(table)


@pytest.fixture(scope="module")
def state(table, weights):
    """A state dict of the convolutional part, under torchvision's names."""
    return {
        f"features.{PLACES[layer.name]}.{theirs}": weights[f"{layer.name}/{ours}"].transpose(axes)
        for layer in table.convolutions
        for theirs, ours, axes in (("weight", "kernel", (3, 2, 0, 1)), ("bias", "bias", (0,)))
    }


@pytest.fixture
def load(tmp_path, table):
    """`load(content)`: what becomes of a file of torch.save, or of bytes."""

    def make(content, zipped=True):
        path = tmp_path / "weights"
        path.write_bytes(content if isinstance(content, bytes) else torch_file(content, zipped=zipped))
        return convert(read_file(path), table)

    return make


def _assert_convolutions(found, weights):
    for name, value in weights.items():
        if name.startswith("conv"):
            np.testing.assert_array_equal(found.weights[name], value, err_msg=name)


def _under(prefix):
    return lambda state: {prefix + name: value for name, value in state.items()}


def _layers(state):
    place = {str(at): layer for layer, at in PLACES.items()}
    return {f"{place[name.split('.')[1]]}.{name.split('.')[2]}": value for name, value in state.items()}


WRAPPED = {
    "plain": _under(""),
    "ddp": _under("module."),
    "compiled ddp": _under("_orig_mod.module."),
    "inner ddp": lambda state: {k.replace("features.", "features.module."): v for k, v in state.items()},
    "lightning": lambda state: {
        "state_dict": _under("model.")(state),
        "epoch": 3,
        "hyper_parameters": {"lr": 1},
    },
    "openmmlab": lambda state: {"meta": {"epoch": 1}, "state_dict": _under("backbone.")(state)},
    "several": lambda state: {"state_dict": _under("module.model.backbone.")(state)},
    "unheard-of": lambda state: {"my_results": [{"the_net": _under("left.eye.")(state)}]},
    "features alone": lambda state: {k.replace("features.", "encoder."): v for k, v in state.items()},
    "nested": lambda state: {"model": {"state_dict": state}},
    "a list": lambda state: [state],
    "a name": lambda state: {"state_dict": state, "model": "alexnet"},
    "layer names": _layers,
    "layer blocks": lambda state: {k.replace(".", ".0."): v for k, v in _layers(state).items()},
    "a projection head": lambda state: {
        "state_dict": {**_under("encoder_q.")(state), "projector.1.running_mean": np.ones(4, np.float32)}
    },
    "an optimizer": lambda state: {
        "net": state,
        "optimizer": {"state": {0: {"exp_avg": np.ones(3, np.float32)}}, "param_groups": [{"params": [0]}]},
    },
    **{
        key: lambda state, key=key: {key: state, "acc": 93.1}
        for key in (
            "net",
            "model_ema",
            "state_dict_ema",
            "network",
            "params",
            "weights",
            "model_state",
            "ema",
        )
    },
}


@pytest.mark.parametrize("wrapped", WRAPPED.values(), ids=WRAPPED)
def test_a_network_is_found_under_any_keys_and_prefixes(wrapped, load, state, weights):
    _assert_convolutions(load(wrapped(state)), weights)


def test_the_older_format_is_searched_alike(load, state, weights):
    _assert_convolutions(load({"model": {"state_dict": _under("net.")(state)}}, zipped=False), weights)


@pytest.mark.parametrize(
    ("plain", "average"),
    [("model", "model_ema"), ("encoder_q", "encoder_k"), ("student", "teacher"), ("net", "avg_net")],
)
def test_of_a_network_and_its_running_average_the_network_is_taken_aloud(
    plain, average, load, state, weights
):
    other = {name: value + 1 for name, value in state.items()}
    for content in ({plain: state, average: other}, {average: other, plain: state}):
        found = load(content)
        _assert_convolutions(found, weights)
        assert any(f"the network under {plain} was taken, not that under {average}" in n for n in found.notes)


def test_two_networks_that_differ_are_not_chosen_between(load, state, weights):
    other = {name: value + 1 for name, value in state.items()}
    with pytest.raises(
        InputError, match=r"holds 2 networks that fit \(left, right\); save the state dict of one"
    ):
        load({"left": state, "right": other})
    _assert_convolutions(load({"left": state, "right": dict(state)}), weights)


def test_tensors_that_are_no_part_of_the_network_are_named_in_a_note(load, state):
    found = load({"model": state, "queue": np.ones((2, 2), np.float32)})
    assert [n for n in found.notes if "1 other tensors in it were not used: queue" in n]


def _head(*shapes):
    return lambda state: {
        **state,
        **{f"classifier.{at}.weight": np.ones(sides, np.float32) for at, sides in shapes},
        **{f"classifier.{at}.bias": np.ones(sides[0], np.float32) for at, sides in shapes},
    }


HEADS = {
    "hidden units": _head((1, (7, 576)), (4, (7, 7)), (6, (10, 7))),
    "one linear layer": lambda state: {**state, "fc.weight": np.ones((10, 576), np.float32)},
    "a linear layer at a place of ours": _head((1, (10, 576))),
    "half of ours": _head((1, (24, 576)), (4, (24, 24))),
    "convolutions": _head((1, (10, 16, 1, 1))),
    "a normalisation in it": lambda state: {
        **_head((1, (24, 576)), (4, (24, 24)), (6, (10, 24)))(state),
        "classifier.2.running_mean": np.ones(24, np.float32),
    },
}


@pytest.mark.parametrize("headed", HEADS.values(), ids=HEADS)
def test_an_odd_head_leaves_the_convolutional_part_with_a_note(headed, load, state, weights):
    found = load(headed(state))
    _assert_convolutions(found, weights)
    assert found.architecture.head == () and set(found.weights) == {
        n for n in weights if n.startswith("conv")
    }
    assert any("fully connected layers" in n or "not used" in n for n in found.notes)


@pytest.mark.parametrize("features", ["features.", "features.module."])
def test_a_head_that_fits_stays(features, load, state):
    whole = _head((1, (24, 576)), (4, (24, 24)), (6, (5, 24)))(state)
    found = load({name.replace("features.", features): value for name, value in whole.items()})
    assert found.architecture.head[-1].features == 5 and "fc8/kernel" in found.weights


ONE = np.ones(4, np.float32)
BETWEEN = {
    "batch normalisation": lambda state: {**_layers(state), "bn1.weight": ONE, "bn1.running_mean": ONE},
    "unnumbered normalisation": lambda state: {**_layers(state), "norm.weight": ONE},
    "a list of normalisations": lambda state: {**state, "bns.0.weight": ONE},
    "normalisation in blocks": lambda state: {
        **{k.replace(".", ".0."): v for k, v in _layers(state).items()},
        "conv2.1.running_var": ONE,
    },
    "PReLU": lambda state: {**state, "features.1.weight": ONE},
    "another convolution": lambda state: {
        **_layers(state),
        "conv3_2.weight": np.ones((2, 2, 3, 3), np.float32),
    },
}


@pytest.mark.parametrize("more", BETWEEN.values(), ids=BETWEEN)
def test_layers_between_the_convolutions_are_no_head(more, load, state):
    with pytest.raises(InputError, match=r"not the weights of alexnet: \d extra: .*give weights of alexnet"):
        load(more(state))


def test_nan_is_damage_and_says_so_in_one_line(load, state):
    broken = {name: value * np.float32(np.nan) for name, value in state.items()}
    with pytest.raises(InputError, match=r"alexnet, but damaged: 10 with NaN or infinite values: model\.f"):
        load({"model": broken})


def _object(module, name, **options):
    return Made(Named(module, name), **options)


OBJECTS = {
    "argparse": _object("argparse", "Namespace", state={"lr": 0.1}),
    "pathlib": _object("pathlib", "PosixPath", arguments=("a", "b")),
    "torch.device": _object("torch", "device", arguments=("cpu",)),
    "torch.dtype": Named("torch", "float32"),
    "defaultdict": _object(
        "collections", "defaultdict", arguments=(Named("builtins", "list"),), items={"a": 1}
    ),
    "set": _object("__builtin__", "set", arguments=([1, 2],)),
    "numpy generator": _object(
        "numpy.random._pickle", "__generator_ctor", arguments=("PCG64",), state={"a": 1}
    ),
    "AttributeDict": _object("lightning.utilities", "AttributeDict", items={"lr": 0.1}, new=True),
    "slots": _object("mmengine.logging", "HistoryBuffer", state=(None, {"a": 1}), new=True),
    "enum": _object("package.enums", "Mode", arguments=("fast",)),
    "complex": _object("builtins", "complex", arguments=(1.0, 2.0)),
    "quantised": _object("torch._utils", "_rebuild_qtensor", arguments=(1, 2)),
}


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "stream"])
@pytest.mark.parametrize("other", OBJECTS.values(), ids=OBJECTS)
def test_objects_beside_the_tensors_do_not_matter(other, zipped, load, state, weights):
    _assert_convolutions(load({"args": other, "model": state, "more": {"deep": [other]}}, zipped), weights)


def test_a_whole_module_is_its_tree_of_tensors(load, state, weights):
    """As torch.save(model) writes it: objects of classes, their modules and parameters in their state."""
    sequence = {}
    for name, value in state.items():
        _, at, kind = name.split(".")
        parameters = sequence.setdefault(
            at, _object("torch.nn", "Conv2d", state={"_parameters": {}}, new=True)
        )
        parameter = Named("torch._utils", "_rebuild_parameter"), (value, True, {})
        parameters.state["_parameters"][kind] = Made(*parameter)
    features = _object("torch.nn", "Sequential", state={"_modules": sequence, "_parameters": {}}, new=True)
    module = _object("mine", "Net", state={"training": True, "_modules": {"features": features}}, new=True)
    for content in (module, {"epoch": 3, "model": module}):
        _assert_convolutions(load(content), weights)


def test_parameters_with_attributes_of_their_own_are_tensors(load, state, weights):
    def parameter(value):
        make = Named("torch._utils", "_rebuild_parameter_with_state"), Named("torch.nn", "Parameter")
        arguments = (*make, (value, True, {}, {"tag": 1}), {"decay": False})
        return Made(Named("torch._tensor", "_rebuild_from_type_v2"), arguments)

    _assert_convolutions(load({name: parameter(value) for name, value in state.items()}), weights)


CALLS = {
    "os.system": (("os", "system"), lambda trap: (f"touch {trap}",)),
    "posix.system": (("posix", "system"), lambda trap: (f"touch {trap}",)),
    "eval": (("builtins", "eval"), lambda trap: (f"__import__('os').mkdir({str(trap)!r})",)),
    "exec": (("__builtin__", "exec"), lambda trap: (f"__import__('os').mkdir({str(trap)!r})",)),
    "os.mkdir": (("os", "mkdir"), lambda trap: (str(trap),)),
    "subprocess": (("subprocess", "check_call"), lambda trap: (["touch", str(trap)],)),
    "partial": (("functools", "partial"), lambda trap: (Named("os", "mkdir"), str(trap))),
}


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "stream"])
@pytest.mark.parametrize(("named", "arguments"), CALLS.values(), ids=CALLS)
def test_nothing_that_a_file_names_is_called(named, arguments, zipped, load, state, tmp_path):
    trap = tmp_path / "it_ran"
    call = Made(Named(*named), arguments(trap))
    again = Made(call, ())  # a partial is called once more
    load({"model": state, "trap": call, "again": again if named[1] == "partial" else None}, zipped)
    assert not trap.exists()
    pickle.loads(pickled(again if named[1] == "partial" else call), encoding="latin1")
    assert trap.exists()  # the trap does work


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "stream"])
def test_python_2_checkpoints(zipped, load, state, weights):
    """Keys are strings of bytes, one of them no ASCII; an object of an old class stands beside."""
    names = {Text2(name.encode()): value for name, value in state.items()}
    old = Made(Named("copy_reg", "_reconstructor"), (Named("m", "Old"), Named("__builtin__", "object"), None))
    content = {Text2(b"state_dict"): names, Text2(b"arch"): Text2(b"r\xe9seau"), Text2(b"old"): old}
    _assert_convolutions(load(content, zipped), weights)


def test_python_2_pickles_of_arrays(load, state, weights):
    content = {Text2(b"params"): {Text2(name.encode()): array2(value) for name, value in state.items()}}
    _assert_convolutions(load(pickled(content)), weights)
    _assert_convolutions(load(pickle.dumps({"params": state}, 0)), weights)
