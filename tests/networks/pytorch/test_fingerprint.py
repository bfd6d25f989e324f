"""Two modules that compute different things have different digests; the same one has the same."""

import copy
import functools
import importlib
import subprocess
import sys

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")
from torch import nn  # noqa: E402

from partsjax.networks.pytorch.fingerprint import module_digest  # noqa: E402
from tests.networks.pytorch.modules import Residual, seeded  # noqa: E402


class Scaled(nn.Module):
    def __init__(self, scale=1.0, then=None, aside=None):
        super().__init__()
        self.scale, self.then, self.aside = scale, then, aside
        self.register_buffer("shift", torch.zeros(3), persistent=False)

    def forward(self, x):
        return self.scale * x + self.shift


def adding(amount):
    return lambda x: x + amount


def with_shift(value):
    module = Scaled()
    module.shift += value
    return module


def with_hook():
    module = Scaled()
    module.register_forward_hook(lambda _m, _i, output: output + 1)
    return module


DIFFERENT = [
    Scaled(),
    Scaled(2.0),
    with_shift(1),
    with_hook(),
    Scaled(then=adding(1)),
    Scaled(then=adding(2)),
    Scaled(then=functools.partial(torch.add, 1)),
    Scaled(then=functools.partial(torch.add, 2)),
    Scaled(aside=[nn.Conv2d(3, 3, 1, stride=1)]),
    Scaled(aside={"a": torch.ones(2)}),
    Scaled(aside={"a": torch.ones(3)}),
    seeded(Residual, seed=0),
    seeded(Residual, seed=1),
    nn.Sequential(nn.ReLU(), nn.GELU()),
    nn.Sequential(nn.GELU(), nn.ReLU()),
    nn.Sequential(nn.GELU(approximate="tanh"), nn.ReLU()),
    nn.MaxPool2d(2),
    nn.MaxPool2d(2, ceil_mode=True),
]


def test_what_differs_has_another_digest():
    assert len({module_digest(module) for module in DIFFERENT}) == len(DIFFERENT)


@pytest.mark.parametrize("module", DIFFERENT, ids=lambda module: type(module).__name__)
def test_a_copy_has_the_same(module):
    assert module_digest(copy.deepcopy(module)) == module_digest(module)


def test_a_module_that_refers_to_what_holds_it():
    module = Scaled()
    module.inner = Scaled(aside=[module])
    assert module_digest(module) == module_digest(copy.deepcopy(module)) != module_digest(Scaled())


HELPED = "def helped(x):\n    return x * {factor}\n"
HELPING = """
import torch
from digest_helper import helped
class Mine(torch.nn.Module):
    def forward(self, x): return helped(x)
"""


@pytest.mark.slow
def test_code_that_is_imported_counts_and_processes_agree(tmp_path, monkeypatch):
    (tmp_path / "digest_helping.py").write_text(HELPING)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    found = []
    for factor in (1, 2):
        (tmp_path / "digest_helper.py").write_text(HELPED.format(factor=factor))
        for name in ("digest_helper", "digest_helping"):
            monkeypatch.delitem(sys.modules, name, raising=False)
        found.append(module_digest(importlib.import_module("digest_helping").Mine()).hex())
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import digest_helping;"
        "from partsjax.networks.pytorch.fingerprint import module_digest as d;"
        "print(d(digest_helping.Mine()).hex())"
    )
    apart = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found[0] != found[1] == apart.stdout.strip()


def test_what_is_typed_in_counts_by_its_bytecode():
    def typed(text):
        space = {"__name__": "nowhere", "nn": nn}
        exec(f"class Mine(nn.Module):\n    def forward(self, x): return {text}", space)
        return module_digest(space["Mine"]())

    assert typed("x + 1") == typed("x + 1") != typed("x + 2")
    assert importlib.util.find_spec("nowhere") is None
