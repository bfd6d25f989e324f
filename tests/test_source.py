"""What the source may not rest on: the locale's encoding, and assertions, which `python -O` strips.

And that a public name stands for one thing.
"""

import ast
import collections
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = [path for room in ("partsjax", "experiments") for path in sorted((ROOT / room).rglob("*.py"))]
OPENS_TEXT = ("open", "fdopen", "read_text", "write_text")
OTHERS = (
    "Image.open",
    "os.open",
    "tarfile.open",
    "gzip.open",
    "report.write_text",
    "write_text",
)  # they say it, or open no text
BYTES = ("rb", "wb", "ab", "xb", "r+b")


def doubtful(code: str) -> list[str]:
    """Calls that open text in the locale's encoding, and assertions."""
    found = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Assert):
            found.append(ast.unparse(node))
        elif isinstance(node, ast.Call):
            function = ast.unparse(node.func)
            arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
            given = any(keyword.arg == "encoding" for keyword in node.keywords) or any(
                isinstance(argument, ast.Constant) and argument.value in BYTES for argument in arguments
            )
            if function.split(".")[-1] in OPENS_TEXT and function not in OTHERS and not given:
                found.append(ast.unparse(node))
    return found


@pytest.mark.parametrize(
    "code", ["open(p)", "p.open('w')", "(a / b).read_text()", "p.write_text(t)", "assert p"]
)
def test_what_is_doubtful_is_seen(code):
    assert doubtful(code)
    assert not doubtful("open(p, 'rb'); p.read_text(encoding='utf-8'); os.open(p, mode)")


def test_the_source_opens_text_as_utf8_and_asserts_nothing():
    found = {path: doubtful(path.read_text(encoding="utf-8")) for path in SOURCES}
    assert not {str(path.relative_to(ROOT)): lines for path, lines in found.items() if lines}


def public_names(code: str) -> list[str]:
    """Functions, classes and constants of a module that others may use."""
    names = []
    for node in ast.parse(code).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.append(node.name)
        elif isinstance(node, ast.Assign):
            names += [n.id for target in node.targets for n in ast.walk(target) if isinstance(n, ast.Name)]
    return [name for name in names if not name.startswith("_") and name != "T"]


def test_a_public_name_stands_for_one_thing():
    places = collections.defaultdict(set)
    for path in SOURCES:
        if path.is_relative_to(ROOT / "partsjax"):
            for name in public_names(path.read_text(encoding="utf-8")):
                places[name].add(str(path.relative_to(ROOT)))
    for of_every_command in ("main", "COMPUTES", "FLAGS"):
        places.pop(of_every_command)
    assert not {name: sorted(where) for name, where in places.items() if len(where) > 1}


def test_a_file_name_stands_once_in_reporting():
    names = [path.name for path in SOURCES if path.is_relative_to(ROOT / "partsjax" / "reporting")]
    counts = collections.Counter(name for name in names if name != "__init__.py")
    assert not [name for name, count in counts.items() if count > 1]
