"""A network of the user's own by name: what its module or its function does wrong is one line."""

import textwrap

import pytest

from partsjax.errors import InputError
from partsjax.networks import load_network

MODULE = """
    from tests.networks import own

    def good(): return own.made()
    def gone(): open("/nowhere/weights.npz")
    def wrong_key(): return {}["conv1"]
    def deeper(): return helper()
    def helper():
        raise ValueError("line one\\nline two")
    def nothing_said(): raise AssertionError
    def long(): raise ValueError("x" * 5000)
    def needs(checkpoint): return own.made()
    def needs_more(weights, checkpoint, *, depth): return own.made()
    def positional(weights, /): return own.made()
    def stops(): raise SystemExit(3)
    def interrupted(): raise KeyboardInterrupt
    def dead(): return own.made(lambda x: x * 0)
    def with_dtype(dtype="float32"): return own.made(name=dtype)
    class Good:
        def __call__(self, weights="imagenet"): return own.made(name=weights)
    instance = Good()
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    (tmp_path / "users_wrong_networks.py").write_text(textwrap.dedent(MODULE))
    monkeypatch.syspath_prepend(tmp_path)
    return "users_wrong_networks"


@pytest.mark.parametrize(("function", "message", "cause"), [
    ("gone", r"FileNotFoundError: .*/nowhere/weights.npz.*\(users_wrong_networks.py, line 5\)", OSError),
    ("wrong_key", r"KeyError: 'conv1' \(users_wrong_networks.py, line 6\)", KeyError),
    ("deeper", r"ValueError: line one \(users_wrong_networks.py, line 9\)", ValueError),
    ("nothing_said", r"AssertionError \(users_wrong_networks.py, line 10\)", AssertionError),
    ("long", r"ValueError: x{300}\.\.\. \(users", ValueError),
    ("needs", "the function needs checkpoint, but is given only .*; give it a default", None),
    ("needs_more", "the function needs checkpoint, depth, .*; give them defaults", None),
    ("positional", "the function needs weights", None),
])  # fmt: skip
def test_what_the_function_raises_is_one_line(module, function, message, cause):
    with pytest.raises(InputError, match=f"--net={module}:{function}: .*{message}") as raised:
        load_network(f"{module}:{function}", "imagenet")
    assert "\n" not in str(raised.value) and len(str(raised.value)) < 500
    assert cause is None or isinstance(raised.value.__cause__, cause)


@pytest.mark.parametrize(("source", "message"), [
    ("def build(:", r"SyntaxError: .*\(users_faulty_module.py, line 1\)"),
    ("x = 1\n  y = 2", r"IndentationError: .*\(users_faulty_module.py, line 2\)"),
    ("\nfrom json import nothing", r"ImportError: .*nothing.*\(users_faulty_module.py, line 2\)"),
    ("\n\nraise RuntimeError('mine')", r"RuntimeError: mine \(users_faulty_module.py, line 3\)"),
    ("raise ModuleNotFoundError('mine')", r"ModuleNotFoundError: mine \(users_faulty_module.py, line 1\)"),
    ("import no_such_package_at_all", "it imports no_such_package_at_all, which is not installed"),
])  # fmt: skip
def test_what_the_module_raises_is_one_line(tmp_path, monkeypatch, source, message):
    (tmp_path / "users_faulty_module.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(InputError, match=f"--net=users_faulty_module:build: .*{message}") as raised:
        load_network("users_faulty_module:build", "imagenet")
    assert "\n" not in str(raised.value) and raised.value.__cause__ is not None


@pytest.mark.parametrize(("function", "stop"), [("stops", SystemExit), ("interrupted", KeyboardInterrupt)])
def test_what_is_no_fault_goes_on(module, function, stop):
    with pytest.raises(stop):
        load_network(f"{module}:{function}", "imagenet")


@pytest.mark.parametrize("net", [":", "nowhere:", "nowhere:build"])
def test_all_our_networks_are_named_instead(net):
    ours = "alexnet, caffenet, vgg16, vgg19, efficientnet_lite0$"
    with pytest.raises(InputError, match=f"--net={net}: .*: {ours}|--net={net}: .* one of {ours}"):
        load_network(net)


def test_what_was_asked_for_is_not_ignored(module):
    with pytest.raises(InputError, match=r"no parameter for --weights=random; write `def good\(w"):
        load_network(f"{module}:good", "random")
    with pytest.raises(InputError, match=r"no parameter for --dtype=bfloat16; write `def good\(dtype\)`"):
        load_network(f"{module}:good", "imagenet", dtype="bfloat16")
    assert load_network(f"{module}:with_dtype", "imagenet", dtype="bfloat16").name == "bfloat16"
    assert load_network(f"{module}:instance", "random").name == "random"
