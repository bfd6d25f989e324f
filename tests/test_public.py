"""The public names: imported when used, known to `dir`, to a star import and to type checkers."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import partsjax

STUB = Path(partsjax.__file__).with_suffix(".pyi")
HEAVY = ("jax", "flax", "numpy", "pandas", "tensorflow", "rich", "absl")


def apart(code: str):
    """What a Python of its own prints as JSON."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def test_nothing_heavy_is_imported_before_it_is_used():
    code = "import json, sys, partsjax; dir(partsjax); print(json.dumps(sorted(sys.modules)))"
    found = apart(code)
    assert not set(HEAVY) & set(found)
    assert [name for name in found if name.startswith("partsjax")] == ["partsjax"]


def test_the_names_are_those_of_the_stub():
    names = {
        a.asname for n in ast.parse(STUB.read_text()).body if isinstance(n, ast.ImportFrom) for a in n.names
    }
    assert names == set(dir(partsjax)) == set(partsjax.__all__)
    assert len(names) <= 31


@pytest.mark.parametrize("name", partsjax.__all__)
def test_every_name_is_there_and_has_a_docstring(name):
    thing = getattr(partsjax, name)
    assert thing.__doc__ and thing.__name__ == name


def test_a_star_import_brings_them():
    names = {}
    exec("from partsjax import *", names)
    assert set(partsjax.__all__) <= names.keys()


def test_what_is_not_public_is_not_there():
    with pytest.raises(AttributeError, match="nothing"):
        partsjax.nothing  # noqa: B018
